"""A claim in numpy's words: parsed, never run; what may stand in it is a closed list."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import get_close_matches
from functools import lru_cache

from bpgen.check.claims.functions import FUNCTIONS, METHODS, known
from bpgen.check.claims.names import RATES, Names, place
from bpgen.check.claims.scalars import SCALAR
from bpgen.errors import NetError
from bpgen.ir import BATCH

_ADMITTED = """
    Add Attribute BinOp Call Compare Constant Div Eq Gt GtE List Load Lt LtE MatMult Mult Name NotEq
    Pow Slice Sub Subscript Tuple UAdd USub UnaryOp keyword
"""
_NODES = frozenset(_ADMITTED.split())
_ATTRIBUTES = {"T", "shape"}
_KEYWORDS = {"axis", "keepdims"}
_OVER = ("sum", "mean", "max", "logsumexp")  # what may be over an index
_FORM = 'write it as "delta1 = (W2.T @ delta2) * a1 * (1 - a1)"'


@dataclass(frozen=True)
class Line:
    """A claim: that the two sides are equal, for all values of the letters that are indices."""

    text: str
    left: ast.expr
    right: ast.expr
    base: int = 0  # what indices count from where it is written

    @property
    def told(self) -> str:
        return f"{ast.unparse(self.left)} = {ast.unparse(self.right)}"


def line(written: str, names: Names, claim: str = "") -> Line:
    """The two sides of a claim in numpy's words, or written so."""
    claim = claim or written
    if "+=" in written:
        fact = "a claim says that two sides are equal, and += adds to what is there"
        raise NetError(fact, "write out the sum of all that is added", place(claim))
    written = _quotients(written.replace("δ", "delta"), names, claim)
    sides = re.split(r"(?<![=<>!])=(?!=)", written, maxsplit=1)
    if len(sides) != 2 or not all(s.strip() for s in sides):
        raise NetError("a claim says that two sides are equal", _FORM, place(claim))
    left, right = (_parsed(side, claim) for side in sides)
    return admitted(Line(claim, left, right), names)


def admitted(found: Line, names: Names) -> Line:
    """The claim, or NetError for what it may not speak of."""
    for side in (found.left, found.right):
        _admit(side, found, names)
    named = found.left.value if isinstance(found.left, ast.Subscript) else found.left
    if not isinstance(named, ast.Name) or names.find(named.id) is None:
        fact = f"{ast.unparse(found.left)} is no gradient and no value of the network"
        raise NetError(fact, f"one name stands on the left: {_FORM}", place(found.text))
    own = {*letters(found, names)}
    bound = {n.id for n in ast.walk(found.left) if isinstance(n, ast.Name)}
    for name in _loose(found.right, own - bound):
        fact = f"{name} is an index that no bracket on the left and no sum binds"
        raise NetError(fact, f"the network has no {name}, either", place(found.text))
    return found


def _loose(node: ast.AST, own: set[str]) -> Iterator[str]:
    """The index letters, of some, that stand where no sum is over them."""
    if isinstance(node, ast.Name) and node.id in own:
        yield node.id
    if isinstance(node, ast.Call) and called(node) in _OVER:
        own = own - {a.id for a in node.args[1:] if isinstance(a, ast.Name)}
    for child in ast.iter_child_nodes(node):
        yield from _loose(child, own)


def _quotients(text: str, names: Names, claim: str) -> str:
    """dL/dW as one name, and da1/dz1, of vectors; of anything else but a loss a derivative is
    refused, for da1 is dL/da1.
    """

    def one(found: re.Match[str]) -> str:
        one = f"d{found[1]}_d{found[2]}"
        if names.scalar(found[1]) is not None or names.find(one) is not None:
            return one
        if found[1] in names.network.tensors and found[2] in names.network.tensors:
            remedy = "write it out: a1 * (1 - a1), or sigmoid_prime(z1)"
            raise NetError(f"{found[0]} is no derivative of the loss", remedy, place(claim))
        return found[0]

    return re.sub(r"\bd(\w+)\s*/\s*d(\w+)\b", one, text)


def _parsed(side: str, claim: str) -> ast.expr:
    try:
        return ast.parse(side.strip(), mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        said = getattr(error, "msg", None) or "it cannot be read"
        fact = f"syntax error in {side.strip()!r}: {said}"
        raise NetError(fact, _FORM, place(claim)) from None


@lru_cache(256)  # they are asked of each change of a line
def letters(found: Line, names: Names) -> tuple[str, ...]:
    """The index letters of a claim: names within brackets, or those that a sum is over, which are
    no tensors.
    """
    inside: dict[str, None] = {}
    for side in (found.left, found.right):
        for node in ast.walk(side):
            parts: list[ast.expr] = [node.slice] if isinstance(node, ast.Subscript) else []
            if isinstance(node, ast.Call) and called(node) in _OVER:
                parts = node.args[1:]
            for part in (n for p in parts for n in ast.walk(p)):
                if isinstance(part, ast.Name) and not _is_named(part.id, names):
                    inside[part.id] = None
    return tuple(inside)


def _is_named(name: str, names: Names) -> bool:
    return names.find(name) is not None or name in (*names.lengths, BATCH)


def called(call: ast.Call) -> str:
    """The name of what is called: sum of np.sum."""
    return call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")


def _admit(side: ast.expr, found: Line, names: Names) -> None:
    own = letters(found, names)
    functions = {id(n.func) for n in ast.walk(side) if isinstance(n, ast.Call)}
    told = [c for n in ast.walk(side) if isinstance(n, ast.Call) for c in _told(n)]
    plain = (int, float, bool, type(None))
    modules = {id(n.value) for n in ast.walk(side) if isinstance(n, ast.Attribute)}
    for node in ast.walk(side):
        if type(node).__name__ not in _NODES:
            fact = f"{_shown(node)} cannot stand in a claim"
            raise NetError(fact, "it is made of + - * / ** @ .T and functions", place(found.text))
        if isinstance(node, ast.Call):
            _function(node, found)
        elif isinstance(node, ast.Attribute) and id(node) not in functions:
            _listed(node.attr, _ATTRIBUTES, f".{node.attr}", found)
        elif isinstance(node, ast.keyword):
            _listed(str(node.arg), _KEYWORDS, f"{node.arg}=", found)
        elif isinstance(node, ast.Constant) and type(node.value) not in plain:
            if node in told:
                continue
            fact = f"{node.value!r} cannot stand in a claim"
            raise NetError(fact, "it is made of names and numbers", place(found.text))
        elif isinstance(node, ast.Name) and id(node) not in functions:
            numpy = id(node) in modules and node.id in ("np", "numpy")
            if not numpy and node.id not in (*own, *RATES, *names.lengths, BATCH):
                names.meant(node.id, found.text)


def _told(call: ast.Call) -> list[ast.expr]:
    """What einsum is told, which alone is text."""
    first = call.args[0] if call.args and called(call) == "einsum" else None
    if isinstance(first, ast.Constant) and isinstance(first.value, str):
        return [first] if re.fullmatch(r"[a-zA-Z, ]+(->[a-zA-Z ]*)?", first.value) else []
    return []


def _function(call: ast.Call, found: Line) -> None:
    """Functions and methods by their names, whatever stands before a dot."""
    name = called(call)
    if name in _OVER and any(isinstance(a, ast.Compare) for a in call.args[1:]):
        fact = f"a claim says no bounds of a sum: {', '.join(map(ast.unparse, call.args[1:]))}"
        raise NetError(fact, "its letters run along the whole of their axes", place(found.text))
    method = isinstance(call.func, ast.Attribute) and not _of_numpy(call.func.value)
    if known(name) if not method else name in METHODS:
        return
    close = get_close_matches(name, [*FUNCTIONS, *SCALAR], n=1)
    remedy = f"did you mean {close[0]}?" if close else "write it out in + - * / ** @ and exp, log"
    fact = f"no function that a claim may call is {name or ast.unparse(call.func)}"
    raise NetError(fact, remedy, place(found.text))


def _of_numpy(value: ast.expr) -> bool:
    return isinstance(value, ast.Name) and value.id in ("np", "numpy")


def _listed(name: str, allowed: set[str], shown: str, found: Line) -> None:
    if name not in allowed:
        fact = f"{shown} cannot stand in a claim"
        raise NetError(fact, f"it may have {', '.join(sorted(allowed))}", place(found.text))


def _shown(node: ast.AST) -> str:
    return ast.unparse(node) if isinstance(node, ast.expr) else type(node).__name__
