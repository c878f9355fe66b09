"""Scalar functions in C: those of the table, from the same sources as numpy's, to as many digits."""

from __future__ import annotations

import ctypes
import subprocess
from typing import Any

import numpy as np
import pytest

from bpgen.compiled.library import FLAGS, compiler
from bpgen.formulas.helpers import spelled
from bpgen.functions import ROWS, SHARED
from bpgen.targets.c.helpers import sources
from bpgen.targets.c.library import OWN

pytestmark = pytest.mark.skipif(compiler() is None, reason="there is no C compiler")

HEAD = "#include <math.h>\ntypedef double real;\n#define R(x) ((real)(x))\n#define M(f) f\n"
POINTS = np.concatenate([[0.0], *(s * np.logspace(-9, 3, 61) for s in (1, -1))])
SECOND = {
    "bell": [0.5, 1.0],
    "inside": [-2.0],
    "within": [-2.0],
    "unless_slope": [1.0],
}  # what they are given beside
THIRD = {"inside": [1.5], "within": [1.5]}
OF_SUM = (
    "real of_log_of_sum(real m, real s, int k);\n"
    "real of_log_of_sum(real m, real s, int k) { return log_of_sum(m, s, k); }"
)
NAMES = sorted(n for n, row in ROWS.items() if row.helper and n not in ("erf", "erfc"))  # C's own


@pytest.fixture(scope="module")
def compiled(tmp_path_factory: pytest.TempPathFactory) -> ctypes.CDLL:
    folder = tmp_path_factory.mktemp("helpers")
    lines = [HEAD, *sources([*NAMES, "log_of_sum"]), OF_SUM]
    for name in NAMES:
        many = spelled(name).arguments
        given, passed = ", ".join(f"real {a}_" for a in many), ", ".join(f"{a}_" for a in many)
        lines += [f"real of_{name}({given});", f"real of_{name}({given})"]
        lines += [f"{{ return {name}({passed}); }}"]
    (folder / "all.c").write_text("\n".join(lines) + "\n")
    source, library = str(folder / "all.c"), str(folder / "all.so")
    command = [str(compiler()), *FLAGS, "-shared", "-fPIC", "-o", library, source, "-lm"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return ctypes.CDLL(library)


@pytest.fixture(scope="module")
def numpys() -> dict[str, Any]:
    known: dict[str, Any] = {"np": np}
    for source in (*SHARED.values(), *(row.helper for row in ROWS.values())):
        exec(source, known)
    return known


@pytest.mark.parametrize("count", [1, 3])
def test_a_sum_of_exponentials_keeps_its_digits(count: int, compiled: ctypes.CDLL) -> None:
    """What is left of it beside the largest, too, however little."""
    call = compiled.of_log_of_sum
    call.restype, call.argtypes = ctypes.c_double, [ctypes.c_double, ctypes.c_double, ctypes.c_int]
    others = [0.0, *np.logspace(-300, 3, 304), np.nan]
    found = [call(0.0, s, count) for s in others]
    np.testing.assert_allclose(found, np.log1p(np.add(others, count - 1)), rtol=2e-15)
    assert call(-np.inf, 0.0, 0) == -np.inf and call(7.0, 0.0, 1) == 7.0


@pytest.mark.parametrize("name", NAMES)
def test_has_the_digits_of_numpys(name: str, compiled: ctypes.CDLL, numpys: dict[str, Any]) -> None:
    arguments = spelled(name).arguments
    others = [SECOND.get(name, [-1.5, 0.0, 0.25, 2.0]), THIRD.get(name, [3.0]), [1.25], [-0.5]]
    grid = np.meshgrid(POINTS, *others[: len(arguments) - 1], indexing="ij")
    given = [np.ravel(g) for g in grid]
    call = getattr(compiled, f"of_{name}")
    call.restype, call.argtypes = ctypes.c_double, [ctypes.c_double] * len(arguments)
    found = np.array([call(*each) for each in zip(*given, strict=True)])
    with np.errstate(all="ignore"):
        meant = np.array(
            [numpys[name](np.array(z), *rest) for z, *rest in zip(*given, strict=True)]
        )
    np.testing.assert_allclose(found, meant, rtol=1e-13 if name in OWN else 4e-15, atol=1e-300)
