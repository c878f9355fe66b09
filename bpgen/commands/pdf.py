"""A LaTeX document as PDF, by the TeX on PATH."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from pathlib import Path

from bpgen.errors import NetError

_RUNS = 2  # the second knows the labels of the first
_SECONDS = 600
_BATCH = ("-interaction=nonstopmode", "-halt-on-error")
ENGINES = {  # the first that is there
    "pdflatex": _BATCH,
    "lualatex": _BATCH,
    "xelatex": _BATCH,
    "tectonic": (),
}
_INSTALL = (
    "install one: apt-get install texlive-latex-base texlive-latex-recommended lmodern;"
    " or print it with -f tex"
)


def compiled(document: str) -> bytes:
    """The PDF of a document.

    Raises NetError where there is no TeX, or where it stops.
    """
    engine = next(filter(shutil.which, ENGINES), None)
    if engine is None:
        raise NetError(f"no TeX is on PATH ({', '.join(ENGINES)})", _INSTALL)
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / "net.tex"
        source.write_text(document, encoding="utf-8")
        command = [engine, *ENGINES[engine], source.name]
        for _ in range(_RUNS):
            done = subprocess.run(
                command, cwd=folder, capture_output=True, check=False, timeout=_SECONDS
            )
        made = source.with_suffix(".pdf")
        if done.returncode or not made.exists():
            raise NetError(f"{engine} stopped: {_error(done.stdout)}", "print it with -f tex")
        return made.read_bytes()


def _error(log: bytes) -> str:
    """The first error that TeX tells of."""
    lines = log.decode("utf-8", "replace").splitlines()
    return next((line for line in lines if line.startswith("!")), "it does not say why")
