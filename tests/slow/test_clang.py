"""C under a second compiler: what gcc takes without a warning, clang does, too."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from bpgen.compiled.library import FLAGS
from bpgen.derive import derive
from bpgen.emit import files_of
from bpgen.load import declared_by
from tests.conftest import EXAMPLES, of_example
from tests.nets_in_c import HEAD, NETS

CLANG = shutil.which("clang")
pytestmark = [pytest.mark.slow, pytest.mark.skipif(CLANG is None, reason="there is no clang")]

# Each macro once: BPGEN_SMALL, of all files, beside NET_DOUBLE, of net.c.
MACROS = {"SMALL": "DOUBLE", "OPENMP": "ADAM", "CBLAS": "DESCEND"}


def _written(folder: Path) -> None:
    """The files of every example and of the networks of the tests of C, in folders of their own."""
    made = {path.stem: of_example(path.stem) for path in EXAMPLES}
    made |= {name: derive(declared_by(HEAD + net, name="net")) for name, net in NETS.items()}
    for name, derivation in made.items():
        (folder / name).mkdir()
        for suffix, text in files_of(derivation, "c").items():
            (folder / name / f"{derivation.network.name}{suffix}").write_text(text)


def _complaints(folder: Path, *macros: str) -> str:
    files = sorted(folder.glob("*/*.c"))
    told = [f"-D{macro}" for macro in macros]
    command = [str(CLANG), *FLAGS, "-fopenmp", "-fsyntax-only", *told, *files]
    return subprocess.run(command, capture_output=True, text=True, check=False).stderr


def test_clang_has_nothing_to_say(tmp_path: Path) -> None:
    _written(tmp_path)
    names = {path.stem.upper() for path in tmp_path.glob("*/*.c")}
    assert _complaints(tmp_path) == ""
    for of_all, of_one in MACROS.items():
        said = _complaints(tmp_path, f"BPGEN_{of_all}", *(f"{name}_{of_one}" for name in names))
        assert said == "", (of_all, of_one)


def test_it_is_not_deaf(tmp_path: Path) -> None:
    (tmp_path / "net").mkdir()
    (tmp_path / "net" / "net.c").write_text("static int unused(void) { return 0; }\n")
    assert "unused function" in _complaints(tmp_path)
