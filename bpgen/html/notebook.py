"""What a notebook shows: of a tensor its equation, of a derivation all that it computes, of a
network its page, in a frame. Each has one form alone, since a notebook would rank them.
"""

from __future__ import annotations

import sys
from copy import copy
from html import escape
from typing import TYPE_CHECKING

from bpgen.derive import derive
from bpgen.errors import NetError
from bpgen.ir import Network
from bpgen.network.build import build
from bpgen.network.reached import reachable
from bpgen.record import Derivation
from bpgen.render.displays import latex_rows
from bpgen.render.document import document
from bpgen.render.latex import LATEX
from bpgen.render.page import Row

if TYPE_CHECKING:
    from bpgen.declare.declaration import Declaration, Quantity

_HEIGHT = 860  # of the frame: the drawing, the step, its code


def framed(network: Network) -> str:
    """The page of a network as the document of a frame."""
    from bpgen.html import page
    from bpgen.worked.drawn import at_drawn

    derivation = derive(network)
    made = page(derivation, worked=at_drawn(derivation), drawn=True)
    style = f"width:100%;height:{_HEIGHT}px;border:0"
    return f'<iframe sandbox="allow-scripts" style="{style}" srcdoc="{escape(made)}"></iframe>'


def of_derivation(derivation: Derivation) -> str:
    """The summary of its page: forward equations and gradients."""
    summary = document(derivation, LATEX, "matrix", "short").sections[0]
    return _aligned([row for block in summary.blocks for row in block.rows])


def of_tensor(tensor: Quantity) -> str | None:
    """The equation of what is computed, by the names that the notebook gives; the size of what is
    given. None where it has no name, or cannot be told yet.
    """
    variables = vars(sys.modules["__main__"])
    name = tensor.name or next((n for n, v in variables.items() if v is tensor), None)
    if name is None or name.startswith("_"):
        return None
    if tensor.role != "value":
        return _given(name, tensor)
    try:
        derivation = derive(build(_until(tensor), variables, "", "net", predicts=False))
    except NetError:
        return None
    summary = document(derivation, LATEX, "matrix", "short").sections[0]
    told = (name, derivation.network.sample_loss)
    numbers = [f.number for f in derivation.printed if f.equation.name in told]
    rows = [row for block in summary.blocks for row in block.rows if row.of in numbers[:1]]
    return _aligned(rows) if rows else None


def _until(tensor: Quantity) -> Declaration:
    """What was declared, as a network that ends with a tensor: what it does not read is no part."""
    declared = copy(tensor.home)
    is_loss = tensor is declared.loss
    declared.loss = tensor if is_loss else None
    declared.outputs = () if is_loss else (tensor,)
    read = set(reachable(declared, [tensor.serial]))
    declared.tensors = [t if t.serial in read else _unread(t) for t in declared.tensors]
    return declared


def _unread(tensor: Quantity) -> Quantity:
    unread = copy(tensor)
    unread.role = "value"
    return unread


def _given(name: str, tensor: Quantity) -> str:
    """x, a vector of three."""
    from bpgen.render.names import parse

    sizes = tuple(LATEX.index(s) if isinstance(s, str) else str(s) for s in tensor.shape)
    return f"$\\displaystyle {LATEX.symbol(parse(name), (), False)} {LATEX.shape(sizes)}$"


def _aligned(rows: list[Row]) -> str:
    lines = "\n".join(latex_rows(tuple(rows), None))
    return f"$$\n\\begin{{aligned}}\n{lines}\n\\end{{aligned}}\n$$"
