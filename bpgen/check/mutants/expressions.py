"""Wrong expressions in the place of right ones, which stay as they are."""

from __future__ import annotations

import ast
import pickle
from collections.abc import Callable, Iterator

from bpgen.check.mutants.computing import SHAPING, called


def parsed(text: str) -> ast.expr:
    return ast.parse(text, mode="eval").body


def _sides(operator: type[ast.operator], *kept: str) -> Callable[[ast.AST], Iterator[ast.AST]]:
    """Of a binary operation, keep one side only."""

    def change(node: ast.AST) -> Iterator[ast.AST]:
        if isinstance(node, ast.BinOp) and isinstance(node.op, operator):
            yield from (getattr(node, side) for side in kept)

    return change


first_factor = _sides(ast.Mult, "left")
last_factor = _sides(ast.Mult, "right")
undivided = _sides(ast.Div, "left")
one_addend = _sides(ast.Add, "left", "right")


def flip(node: ast.AST) -> Iterator[ast.AST]:
    added = isinstance(node, ast.BinOp) and isinstance(node.op, (ast.Add, ast.Sub))
    if added and isinstance(node, ast.BinOp) and not _is_shift(node):
        other = ast.Sub() if isinstance(node.op, ast.Add) else ast.Add()
        yield ast.BinOp(node.left, other, node.right)


def _is_shift(node: ast.BinOp) -> bool:
    """Whether rows less their largest are meant, also as it is read at its place: a softmax is the
    same whatever is added.
    """
    left, right = ast.unparse(node.left), ast.unparse(node.right)
    found = f"np.maximum(np.take({left}, {left}.argmax("
    return right.startswith((f"{left}.max(", f"({left}).max(", found))


def transposed(node: ast.AST) -> Iterator[ast.AST]:
    """A .T dropped, or added to a factor of a matrix product."""
    if isinstance(node, ast.Attribute) and node.attr == "T":
        yield node.value
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.MatMult):
        if not _is_transpose(node.left):
            yield ast.BinOp(_transpose(node.left), node.op, node.right)
        if not _is_transpose(node.right):
            yield ast.BinOp(node.left, node.op, _transpose(node.right))


def _is_transpose(node: ast.expr) -> bool:
    return isinstance(node, ast.Attribute) and node.attr == "T"


def _transpose(node: ast.expr) -> ast.expr:
    return ast.Attribute(node, "T", ast.Load())


def lost_sum(node: ast.AST) -> Iterator[ast.AST]:
    """A sum that takes its first term only: of a sum over an axis, of a product over the batch."""
    for call, summed in _sums(node):
        yield _calling(call, parsed(f"({ast.unparse(summed)})[:1]"), "sum")
    if not (isinstance(node, ast.BinOp) and isinstance(node.op, ast.MatMult)):
        return
    if isinstance(node.left, ast.Attribute) and node.left.attr == "T":
        yield parsed(f"({ast.unparse(node.left.value)})[:1].T @ ({ast.unparse(node.right)})[:1]")


def mean_for_sum(node: ast.AST) -> Iterator[ast.AST]:
    for call, summed in _sums(node):
        yield _calling(call, summed, "mean")


def _sums(node: ast.AST) -> Iterator[tuple[ast.Call, ast.expr]]:
    """A call such as `a.sum(axis=0)`, and what it sums."""
    if isinstance(node, ast.Call) and called(node) == "sum" and hasattr(node.func, "value"):
        yield node, node.func.value


def _calling(call: ast.Call, of: ast.expr, method: str) -> ast.Call:
    return ast.Call(ast.Attribute(of, method, ast.Load()), call.args, call.keywords)


def constant(node: ast.AST) -> Iterator[ast.AST]:
    """A number 1 % off, and three times one that values are compared with: few would lie between.
    The sizes in a call stay as they are.
    """
    factor = 3 if isinstance(node, ast.Compare) or hasattr(node, "compared") else 1.01
    skipped = isinstance(node, (ast.Subscript, ast.UnaryOp)) or (
        isinstance(node, ast.Call) and called(node) in SHAPING
    )
    for k, number in enumerate([] if skipped else _constants(node)):
        value = number.value
        if isinstance(value, (int, float)) and not isinstance(value, bool) and value != 0:
            wrong = pickle.loads(pickle.dumps(node))  # far quicker than deepcopy
            _constants(wrong)[k].value = value * factor
            yield wrong


def _constants(node: ast.AST) -> list[ast.Constant]:
    """Those that are directly in an expression, with a sign or without."""
    parts = [n.operand if isinstance(n, ast.UnaryOp) else n for n in ast.iter_child_nodes(node)]
    return [n for n in parts if isinstance(n, ast.Constant)]


def mask_dropped(node: ast.AST) -> Iterator[ast.AST]:
    """Every one of several values takes the gradient of the largest."""
    if isinstance(node, ast.Name) and node.id.startswith("first_"):
        yield parsed(f"np.ones_like({node.id})")


def other_way(node: ast.AST) -> Iterator[ast.AST]:
    """A reshape that counts the other axis first; a transposition left out, or of other axes."""
    if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
        return
    array = node.func.value
    if node.func.attr == "reshape" and len(node.args) > 1:
        yield parsed(
            f"({ast.unparse(array)}).reshape({', '.join(map(ast.unparse, _turned(node.args)))})"
            f".swapaxes(-2, -1).reshape({', '.join(map(ast.unparse, node.args))})"
        )
    if node.func.attr in ("transpose", "swapaxes"):
        yield array
    if node.func.attr == "transpose" and len(node.args) > 2:
        yield ast.Call(node.func, _turned(node.args), node.keywords)


def other_axes(node: ast.AST) -> Iterator[ast.AST]:
    """Axes of one operand of a tensordot paired in another order."""
    if not isinstance(node, ast.Call) or called(node) != "tensordot":
        return
    for k, keyword in enumerate(node.keywords):
        pair = keyword.value
        if keyword.arg != "axes" or not isinstance(pair, ast.Tuple):
            continue
        own = pair.elts[0]
        if isinstance(own, ast.Tuple) and len(own.elts) > 1:
            turned = ast.Tuple(_turned(own.elts), ast.Load())
            axes = ast.keyword("axes", ast.Tuple([turned, *pair.elts[1:]], ast.Load()))
            yield ast.Call(
                node.func, node.args, [*node.keywords[:k], axes, *node.keywords[k + 1 :]]
            )


def _turned(elements: list[ast.expr]) -> list[ast.expr]:
    """The last two the other way round."""
    return [*elements[:-2], *reversed(elements[-2:])]
