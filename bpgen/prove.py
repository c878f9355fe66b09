"""`bpgen check`: the module that emit writes for a net.py, or an emitted module as it lies there,
and its proof; and that of the page that derive prints.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from bpgen.errors import NetError
from bpgen.progress import say
from bpgen.write import MARK

if TYPE_CHECKING:
    from bpgen.check import Report
    from bpgen.check.page.proof import PageReport
    from bpgen.ir import Network

# Equations of a network whose page is read: each derivative on it runs the whole network.
LARGEST_PAGE = 300


def prove(path: str, seed: int = 0) -> Report:
    """The report on a net.py's module, or on an emitted module by its numbers alone."""
    from bpgen.check import check_module

    if _is_emitted(path):
        return check_module(_text(path), None, seed=seed)
    from bpgen.emit import emit
    from bpgen.load import load
    from bpgen.network.shrink import shrunk

    say("reading it")
    network = load(path)
    say("writing its module")
    small = shrunk(network)
    exact_source = (emit(small), small) if small != network else None
    report = check_module(emit(network), network, seed=seed, exact_source=exact_source)
    if len(small.equations) > LARGEST_PAGE:
        note = f"its page was not read back: of more than {LARGEST_PAGE} equations that takes long"
        return replace(report, note="\n".join(filter(None, (report.note, note))))
    return replace(report, page=page(small, seed))


def page(network: Network, seed: int = 0) -> PageReport:
    """The report on the LaTeX page of a network, read back and evaluated at two points. A page that
    cannot be read is no proof.
    """
    from bpgen.check.page.proof import FalseLine, PageReport, prove_page
    from bpgen.derive import derive
    from bpgen.render import render

    say("reading its page")
    derivation = derive(network)
    latex = render(derivation, fmt="latex", notation="matrix")
    try:
        return prove_page(latex, derivation.network, (seed, seed + 1))
    except Exception as error:
        line = FalseLine("the page", f"{type(error).__name__}: {error}", unread=True)
        return PageReport(0, 1, (line,))


def _is_emitted(path: str) -> bool:
    return Path(path).is_file() and MARK in _text(path)[:400]


def _text(path: str) -> str:
    try:
        return Path(path).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        raise NetError(
            f"{path} cannot be read as text", "give a net.py or an emitted module"
        ) from None
