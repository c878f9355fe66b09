"""Wrong copies of an emitted module: mistakes people make in a backward pass, each a row of
`KINDS`.

A kind is either a change of one expression or statement of `backward`, at every site where it
applies, or a wrapper around the module's own functions, appended to its text.
"""

from __future__ import annotations

import ast
import pickle
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from typing import TypeVar

T = TypeVar("T")


# Calls whose arguments are sizes and axes: a size 1 % off is no mistake that people make.
SHAPING = (
    "reshape",
    "transpose",
    "swapaxes",
    "zeros",
    "empty",
)


# Calls that tell which side of a kink a value is on.
KINKED = ("step", "sign")


# A place, and the body of a wrapper around backward.
Lines = Callable[[ast.Module], Iterator[tuple[str, str]]]
# A place, and the text when it is wanted.
Make = Callable[[ast.Module], Iterator[tuple[str, Callable[[], str]]]]


@dataclass(frozen=True)
class Mutant:
    """A broken copy: what was done, where, and the text that results."""

    kind: str
    place: str
    source: str


@dataclass(frozen=True)
class Kind:
    """One mistake: its name, and every text it makes of a module's."""

    name: str
    make: Make


def _copied(node: T) -> T:
    """A copy of a part of a tree, ten times as quickly as copy.deepcopy makes it."""
    found: T = pickle.loads(pickle.dumps(node))
    return found


def _backward(tree: ast.Module) -> ast.FunctionDef:
    return next(
        node for node in tree.body if isinstance(node, ast.FunctionDef) and node.name == "backward"
    )


def _opens_door(statement: ast.stmt) -> bool:
    """Statements that only unpack and validate arguments: there is no mathematics in them."""
    value = getattr(statement, "value", None)
    if (
        isinstance(value, ast.Call)
        and isinstance(value.func, ast.Name)
        and value.func.id.startswith("_")
    ):
        return True
    reads = value.elts if isinstance(value, ast.Tuple) else [value]
    return isinstance(statement, ast.Assign) and all(
        isinstance(r, ast.Subscript)
        and isinstance(r.value, ast.Name)
        and r.value.id in ("cache", "params")
        for r in reads
    )


def _measures(statement: ast.stmt) -> bool:
    """Statements that only count, or make room: `T = x.shape[1]`, `rows = np.arange(N)`, zeros."""
    counts = r"len\(.*\)|.*\.shape\[\d\]( - 1)?|np\.arange\(N\)|np\.(zeros|empty)(_like)?\(.*\)"
    return isinstance(statement, ast.Assign) and bool(
        re.fullmatch(rf"\w+ = ({counts})", ast.unparse(statement))
    )


def _statements(tree: ast.Module) -> list[ast.stmt]:
    """The statements of backward that compute something, nested ones and those of the functions of
    repeated blocks included.
    """
    parts = [f for f in tree.body if isinstance(f, ast.FunctionDef)]
    parts = [f for f in parts if f.name == "backward" or f.name.endswith("_backward")]
    found = [s for f in parts for s in ast.walk(f) if isinstance(s, ast.stmt) and s is not f]
    found = [s for s in found if not _measures(s)]
    return [
        s
        for s in found
        if not _opens_door(s) and not isinstance(s, (ast.If, ast.For, ast.FunctionDef))
    ]


def _expressions(tree: ast.Module) -> list[ast.expr]:
    """The expressions of backward that are computed with: no subscripts, axes or annotations among
    them.
    """
    found: list[ast.expr] = []
    stack: list[ast.AST] = list(reversed(_statements(tree)))
    while stack:
        node = stack.pop()
        if isinstance(node, ast.expr):
            found.append(node)
        asks = isinstance(node, ast.Call) and _called(node) in KINKED
        if asks or isinstance(node, ast.Compare):
            for part in ast.walk(node):
                part.compared = True  # type: ignore[attr-defined]
        skipped = {"slice", "annotation", "targets", "target", "keywords"}
        if isinstance(node, ast.Call) and _called(node) in SHAPING:
            skipped.add("args")
        children = [c for name, c in ast.iter_fields(node) if name not in skipped]
        flat = [c for child in children for c in (child if isinstance(child, list) else [child])]
        stack += [c for c in reversed(flat) if isinstance(c, (ast.expr, ast.stmt))]
    return found


def _called(node: ast.Call) -> str:
    """The name of a function or method that is called."""
    function = node.func
    return function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")


def _become(node: ast.AST, other: ast.AST) -> None:
    """Turn a node into another in place, so that whatever holds it holds the other."""
    node.__class__ = other.__class__
    node.__dict__ = other.__dict__


def _rewrite(change: Callable[[ast.expr], Iterator[ast.expr]]) -> Make:
    """A kind that replaces one expression by another."""

    def text(tree: ast.Module, number: int, option: int) -> str:
        wrong = _copied(tree)
        target = _expressions(wrong)[number]
        _become(target, list(change(_copied(target)))[option])
        return ast.unparse(ast.fix_missing_locations(wrong))

    def make(tree: ast.Module) -> Iterator[tuple[str, Callable[[], str]]]:
        for number, node in enumerate(_expressions(tree)):
            for option, _ in enumerate(change(_copied(node))):
                yield ast.unparse(node), partial(text, tree, number, option)

    return make


def _restate(change: Callable[[ast.stmt], ast.stmt | None]) -> Make:
    """A kind that replaces one statement by another."""

    def text(tree: ast.Module, number: int) -> str:
        wrong = _copied(tree)
        target = _statements(wrong)[number]
        _become(target, change(_copied(target)) or target)
        return ast.unparse(ast.fix_missing_locations(wrong))

    def make(tree: ast.Module) -> Iterator[tuple[str, Callable[[], str]]]:
        for number, statement in enumerate(_statements(tree)):
            if change(_copied(statement)) is not None:
                yield ast.unparse(statement), partial(text, tree, number)

    return make


def _assigned(form: str) -> Make:
    """A kind that changes the value of an assignment as a whole."""

    def change(statement: ast.stmt) -> ast.stmt | None:
        if not isinstance(statement, ast.Assign) or isinstance(
            statement.value, (ast.Dict, ast.Tuple)
        ):
            return None
        statement.value = _parsed(form.format(ast.unparse(statement.value)))
        return statement

    return _restate(change)


def _around(lines: Lines) -> Make:
    """A kind that wraps backward: each body gets `grads`, and all that was passed, and may do as it
    likes.
    """

    def make(tree: ast.Module) -> Iterator[tuple[str, Callable[[], str]]]:
        for place, body in lines(tree):
            wrapper = WRAPPER + "".join(f"    {line}\n" for line in body.splitlines())
            yield place, partial(lambda tree, added: ast.unparse(tree) + added, tree, wrapper)

    return make


def _binary(*operators: type[ast.operator]) -> Callable[[ast.expr], bool]:
    return lambda node: isinstance(node, ast.BinOp) and isinstance(node.op, operators)


def _sides(
    matches: Callable[[ast.expr], bool], *sides: str
) -> Callable[[ast.expr], Iterator[ast.expr]]:
    """Of a binary operation, keep one side only."""

    def change(node: ast.expr) -> Iterator[ast.expr]:
        if matches(node):
            yield from (getattr(node, side) for side in sides)

    return change


def _flip(node: ast.expr) -> Iterator[ast.expr]:
    if isinstance(node, ast.BinOp) and isinstance(node.op, (ast.Add, ast.Sub)):
        node.op = ast.Sub() if isinstance(node.op, ast.Add) else ast.Add()
        yield node


def _transposed(node: ast.expr) -> Iterator[ast.expr]:
    """A .T dropped, or added to a factor of a matrix product."""
    if isinstance(node, ast.Attribute) and node.attr == "T":
        yield node.value
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.MatMult):
        for side in ("left", "right"):
            factor = getattr(node, side)
            if not (isinstance(factor, ast.Attribute) and factor.attr == "T"):
                wrong = _copied(node)
                setattr(wrong, side, ast.Attribute(factor, "T", ast.Load()))
                yield wrong


def _summed(node: ast.expr) -> ast.Attribute | None:
    """The `.sum` of a call such as `a.sum(axis=0)`, or of np.sum(a, axis=0)."""
    called = (
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr == "sum"
    )
    return node.func if called else None  # type: ignore[attr-defined]


def _parsed(text: str) -> ast.expr:
    return ast.parse(text, mode="eval").body


def _lost_sum(node: ast.expr) -> Iterator[ast.expr]:
    """A sum that takes its first term only: of a sum over an axis, of a product over the batch."""
    summed = _summed(node)
    if summed is not None:
        summed.value = _parsed(f"({ast.unparse(summed.value)})[:1]")
        yield node
    if not (isinstance(node, ast.BinOp) and isinstance(node.op, ast.MatMult)):
        return
    if isinstance(node.left, ast.Attribute) and node.left.attr == "T":
        yield _parsed(f"({ast.unparse(node.left.value)})[:1].T @ ({ast.unparse(node.right)})[:1]")


def _mean_for_sum(node: ast.expr) -> Iterator[ast.expr]:
    summed = _summed(node)
    if summed is not None:
        summed.attr = "mean"
        yield node


def _constant(node: ast.expr) -> Iterator[ast.expr]:
    """A number 1 % off, and three times one that values are compared with: few would lie between.
    The sizes in a call stay as they are.
    """
    factor = 3 if isinstance(node, ast.Compare) or hasattr(node, "compared") else 1.01
    skipped = isinstance(node, ast.Subscript) or (
        isinstance(node, ast.Call) and _called(node) in SHAPING
    )
    parts = [n.operand if isinstance(n, ast.UnaryOp) else n for n in ast.iter_child_nodes(node)]
    numbers = [n for n in parts if isinstance(n, ast.Constant)]
    for number in numbers if not skipped and not isinstance(node, ast.UnaryOp) else ():
        value = number.value
        if isinstance(value, (int, float)) and not isinstance(value, bool) and value != 0:
            number.value = value * factor
            yield _copied(node)
            number.value = value


def _forgotten(statement: ast.stmt) -> ast.stmt | None:
    """A contribution added in place (+=, np.add.at) is not."""
    called = isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Call)
    return ast.Pass() if called or isinstance(statement, ast.AugAssign) else None


def _subscripts(change: Callable[[ast.Subscript], Iterator[None]]) -> Make:
    """A kind that changes a subscript in place, of what is read or of what is written."""

    def sites(tree: ast.Module) -> list[ast.Subscript]:
        inside = (n for s in _statements(tree) for n in ast.walk(s))
        found = [n for n in inside if isinstance(n, ast.Subscript)]
        return [n for n in found if not isinstance(n.slice, ast.Constant)]

    def text(tree: ast.Module, number: int, option: int) -> str:
        wrong = _copied(tree)
        changes = change(sites(wrong)[number])
        for _ in range(option + 1):
            next(changes)
        return ast.unparse(ast.fix_missing_locations(wrong))

    def make(tree: ast.Module) -> Iterator[tuple[str, Callable[[], str]]]:
        for number, node in enumerate(sites(tree)):
            for option, _ in enumerate(change(_copied(node))):
                yield ast.unparse(node), partial(text, tree, number, option)

    return make


def _slots(node: ast.Subscript) -> list[ast.expr]:
    return node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]


def _plus(node: ast.expr | None, step: int) -> ast.expr:
    """A bound of a slice, or a place, a step away."""
    text = "0" if node is None else ast.unparse(node)
    return _parsed(f"{text} {'+' if step > 0 else '-'} {abs(step)}")


def _step_away(node: ast.Subscript) -> Iterator[None]:
    """The step before or after, a slice one place on or back: `[t + 1]` for `[t]`, `[1:]` for
    `[:-1]`.
    """
    for slot in _slots(node):
        if isinstance(slot, ast.Slice):
            yield from _slid(slot)
        elif isinstance(slot, (ast.BinOp, ast.Name)) and not _is_array(slot):
            kept = _copied(slot)
            back = isinstance(slot, ast.BinOp)
            _become(slot, _plus(kept, -1 if back else 1))
            yield
            _become(slot, kept)


def _slid(slot: ast.Slice) -> Iterator[None]:
    lower, upper = slot.lower, slot.upper
    if lower is None and upper is None:
        return
    if lower is None and ast.unparse(slot) == ":-1":
        slot.lower, slot.upper = ast.Constant(1), None
    elif upper is None:
        slot.lower, slot.upper = _plus(lower, -1), ast.UnaryOp(ast.USub(), ast.Constant(1))
    elif lower is None:
        slot.lower, slot.upper = ast.Constant(1), _plus(upper, 1)
    else:
        slot.lower, slot.upper = _plus(lower, -1), _plus(upper, -1)
    yield
    slot.lower, slot.upper = lower, upper


def _is_array(slot: ast.expr) -> bool:
    """A gather's array of whole numbers, which no loop counts."""
    names = {n.id for n in ast.walk(slot) if isinstance(n, ast.Name)}
    return any(len(name) > 1 or name == "y" for name in names)


def _swapped(node: ast.Subscript) -> Iterator[None]:
    """Two offsets of a kernel exchanged: `K[:, :, v, u]`, or counted from the other end."""
    slots = _slots(node)
    for one, other in pairwise(slots):
        if isinstance(one, ast.Name) and isinstance(other, ast.Name) and one.id != other.id:
            one.id, other.id = other.id, one.id
            yield
            one.id, other.id = other.id, one.id


def _reads_other_way(node: ast.expr) -> Iterator[ast.expr]:
    """A reshape that counts the other axis first; a transposition left out, or of other axes."""
    if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
        return
    array = node.func.value
    if node.func.attr == "reshape" and len(node.args) > 1:
        yield _parsed(
            f"({ast.unparse(array)}).reshape({', '.join(map(ast.unparse, _turned(node.args)))})"
            f".swapaxes(-2, -1).reshape({', '.join(map(ast.unparse, node.args))})"
        )
    if node.func.attr in ("transpose", "swapaxes"):
        yield array
    if node.func.attr == "transpose" and len(node.args) > 2:
        node.args = [*node.args[:-2], *reversed(node.args[-2:])]
        yield node


def _turned(sizes: list[ast.expr]) -> list[ast.expr]:
    return [*sizes[:-2], *reversed(sizes[-2:])]


def _other_axes(node: ast.expr) -> Iterator[ast.expr]:
    """Axes of one operand of a tensordot paired in another order."""
    if not isinstance(node, ast.Call) or _called(node) != "tensordot":
        return
    axes = next((k.value for k in node.keywords if k.arg == "axes"), None)
    if isinstance(axes, ast.Tuple) and isinstance(axes.elts[0], ast.Tuple):
        own = axes.elts[0].elts
        if len(own) > 1:
            axes.elts[0].elts = [*own[:-2], *reversed(own[-2:])]
            yield node


def _mask_dropped(node: ast.expr) -> Iterator[ast.expr]:
    """Every one of several values takes the gradient of the largest."""
    if isinstance(node, ast.Name) and node.id.startswith("first_"):
        yield _parsed(f"np.ones_like({node.id})")


def _assigned_there(statement: ast.stmt) -> ast.stmt | None:
    """What is added in place is put there instead: `=` for `+=`, and where np.add.at adds, the last
    one stays.
    """
    if isinstance(statement, ast.AugAssign):
        value = statement.value
        if isinstance(statement.op, ast.Sub):
            value = ast.UnaryOp(ast.USub(), value)
        return ast.Assign([statement.target], value)
    added = isinstance(statement, ast.Expr) and ast.unparse(statement).startswith("np.add.at(")
    if added and isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Call):
        array, place, value = statement.value.args
        target = ast.Subscript(array, place, ast.Store())
        return ast.AugAssign(target, ast.Add(), value)
    return None


def _in_place(function: str, which: Callable[[ast.stmt], ast.stmt | None]) -> Make:
    """A kind that changes a statement of a function, one that is no loop's body."""

    def sites(tree: ast.Module) -> list[ast.stmt]:
        return next(
            n for n in tree.body if isinstance(n, ast.FunctionDef) and n.name == function
        ).body

    def text(tree: ast.Module, number: int) -> str:
        wrong = _copied(tree)
        target = sites(wrong)[number]
        _become(target, which(target) or target)
        return ast.unparse(ast.fix_missing_locations(wrong))

    def make(tree: ast.Module) -> Iterator[tuple[str, Callable[[], str]]]:
        for number, statement in enumerate(sites(tree)):
            if which(_copied(statement)) is not None:
                yield ast.unparse(statement).splitlines()[0], partial(text, tree, number)

    return make


def _not_written(statement: ast.stmt) -> ast.stmt | None:
    """What stands in a part of an array before a loop, or beside zeros, is not written there."""
    part = isinstance(statement, ast.Assign) and isinstance(statement.targets[0], ast.Subscript)
    return ast.Pass() if part and not ast.unparse(statement).startswith("grads[") else None


def _forwards(statement: ast.stmt) -> ast.stmt | None:
    """A loop from the last step to the first is run from the first to the last."""
    if isinstance(statement, ast.For) and ast.unparse(statement.iter).startswith("reversed("):
        wrong = _copied(statement)
        wrong.iter = _parsed(ast.unparse(statement.iter)[len("reversed(") : -1])
        return wrong
    return None


def _names(tree: ast.Module, table: str) -> list[str]:
    """The keys of a table such as SHAPES, as the module's text has them."""
    for node in tree.body:
        if isinstance(node, (ast.AnnAssign, ast.Assign)) and isinstance(node.value, ast.Dict):
            target = node.target if isinstance(node, ast.AnnAssign) else node.targets[0]
            if isinstance(target, ast.Name) and target.id == table:
                return [str(k.value) for k in node.value.keys if isinstance(k, ast.Constant)]
    return []


WRAPPER = """

_right, _kept = backward, []


def backward(params, cache, *rest, inputs=False):
"""
CALL = "grads = _right(params, cache, *rest, inputs=inputs)\n"


def _each_gradient(line: str) -> Lines:
    """The line after the call, once for each gradient `g` of a parameter."""
    return lambda tree: (
        (f"d{name}", f"{CALL}g = grads[{name!r}]\n{line.replace('NAME', repr(name))}\nreturn grads")
        for name in _names(tree, "SHAPES")
    )


def _from_another(tree: ast.Module) -> Iterator[tuple[str, str]]:
    names = _names(tree, "SHAPES")
    for one, other in pairwise(names):
        swap = f"grads[{one!r}], grads[{other!r}] = grads[{other!r}], grads[{one!r}]"
        yield f"d{one} and d{other}", f"{CALL}{swap}\nreturn grads"
        taken = f"grads[{one!r}] = np.resize(grads[{other!r}], SHAPES[{one!r}])"
        yield f"d{one} from d{other}", f"{CALL}{taken}\nreturn grads"


def _updated_weights(tree: ast.Module) -> Iterator[tuple[str, str]]:
    for name in _names(tree, "SHAPES"):
        yield (
            f"{name} before",
            f"params[{name!r}] -= 0.01 * np.ones_like(params[{name!r}])\n{CALL}return grads",
        )
        yield f"{name} after", f"{CALL}params[{name!r}] -= 0.01 * grads[{name!r}]\nreturn grads"


def _mutated(tree: ast.Module) -> Iterator[tuple[str, str]]:
    """What was passed beside the parameters is scaled in place: targets, cotangents, the cache's
    arrays.
    """
    for number, _ in enumerate(_backward(tree).args.args[2:-1]):
        scaled = f"if rest[{number}].dtype.kind == 'f': rest[{number}][...] *= 0.5"
        yield f"argument {number + 3}", f"{CALL}{scaled}\nreturn grads"
    for key in sorted(
        {
            str(node.slice.value)
            for node in ast.walk(_backward(tree))
            if isinstance(node, ast.Subscript)
            and isinstance(node.value, ast.Name)
            and node.value.id == "cache"
            and isinstance(node.slice, ast.Constant)
        }
    ):
        yield (
            f"cache {key}",
            f"{CALL}c = cache[{key!r}]\nif c.dtype.kind == 'f': c *= 0.5\nreturn grads",
        )


def _stale(tree: ast.Module) -> Iterator[tuple[str, str]]:
    yield "the first cache", f"_kept.append(cache)\ncache = _kept[0]\n{CALL}return grads"
    yield (
        "the previous cache",
        f"_kept.append(cache)\ncache = _kept[max(len(_kept) - 2, 0)]\n{CALL}return grads",
    )


def _memoised(tree: ast.Module) -> Iterator[tuple[str, str]]:
    known = "key = (len(rest[0]), inputs)\nfor k, grads in _kept:\n"
    known += "    if k == key:\n        return dict(grads)\n"
    yield "by the size of the batch", f"{known}{CALL}_kept.append((key, dict(grads)))\nreturn grads"


def _reused(tree: ast.Module) -> Iterator[tuple[str, str]]:
    kept = "for name, g in grads.items():\n    like = (name, g.shape, g.dtype)\n"
    kept += "    old = next((o for n, o in _kept if (n, o.shape, o.dtype) == like), None)\n"
    kept += "    if old is None:\n        _kept.append((name, g))\n"
    kept += "    else:\n        old[...] = g\n        grads[name] = old\n"
    yield "all gradients", f"{CALL}{kept}return grads"


def _ignored(tree: ast.Module) -> Iterator[tuple[str, str]]:
    if "loss" not in {n.name for n in tree.body if isinstance(n, ast.FunctionDef)}:
        for number, _ in enumerate(_backward(tree).args.args[2:-1]):
            changed = (
                f"rest = [np.ones_like(d) if k == {number} else d for k, d in enumerate(rest)]"
            )
            yield f"cotangent {number + 1}", f"{changed}\n{CALL}return grads"


KINDS: tuple[Kind, ...] = (
    Kind("a sign flipped", _rewrite(_flip)),
    Kind("a value negated", _assigned("-({})")),
    Kind("the local derivative dropped", _rewrite(_sides(_binary(ast.Mult), "left"))),
    Kind("a factor missing", _rewrite(_sides(_binary(ast.Mult), "right"))),
    Kind("the batch mean or a divisor forgotten", _rewrite(_sides(_binary(ast.Div), "left"))),
    Kind("a second use forgotten", _rewrite(_sides(_binary(ast.Add), "left", "right"))),
    Kind("a contribution not added", _restate(_forgotten)),
    Kind("put there, not added", _restate(_assigned_there)),
    Kind("a place or a step beside", _subscripts(_step_away)),
    Kind("the offsets of a kernel exchanged", _subscripts(_swapped)),
    Kind("a loop not reversed", _in_place("backward", _forwards)),
    Kind("what stands before the first step dropped", _in_place("backward", _not_written)),
    Kind("an initial state or a padding dropped", _in_place("forward", _not_written)),
    Kind("the largest not told from the rest", _rewrite(_mask_dropped)),
    Kind("a reshape or transposition of other axes", _rewrite(_reads_other_way)),
    Kind("a product over other axes", _rewrite(_other_axes)),
    Kind("a factor transposed", _rewrite(_transposed)),
    Kind("a sum lost", _rewrite(_lost_sum)),
    Kind("a mean for a sum", _rewrite(_mean_for_sum)),
    Kind("a constant off", _rewrite(_constant)),
    Kind("an axis rolled", _assigned("np.roll({}, 1, -1)")),
    Kind(
        "float32 inside",
        _assigned("np.asarray(({}).astype(np.float32) + params[next(iter(params))].dtype.type(0))"),
    ),
    Kind("a gradient 0.1 % off", _around(_each_gradient("grads[NAME] = g * g.dtype.type(1.001)"))),
    Kind("one entry 1 % off", _around(_each_gradient("g.flat[np.abs(g).argmax()] *= 1.01"))),
    Kind("a gradient left out", _around(_each_gradient("del grads[NAME]"))),
    Kind("a gradient from another", _around(_from_another)),
    Kind("weights updated in the pass", _around(_updated_weights)),
    Kind("an argument mutated", _around(_mutated)),
    Kind("another batch's cache", _around(_stale)),
    Kind("a stale second call", _around(_memoised)),
    Kind("a buffer returned again", _around(_reused)),
    Kind("a cotangent ignored", _around(_ignored)),
)


def spread(items: list[T], most: int) -> list[T]:
    """At most so many of a list, evenly from its beginning to its end."""
    if len(items) <= most:
        return items
    return [items[round(k * (len(items) - 1) / (most - 1))] for k in range(most)]


def mutants(source: str, each: int) -> list[Mutant]:
    """Broken copies of a module: of each kind up to `each`, none equal to another."""
    tree = ast.parse(source)
    found: dict[str, Mutant] = {}
    for kind in KINDS:
        for place, text in spread(list(kind.make(tree)), each):
            wrong = text()
            found.setdefault(wrong, Mutant(kind.name, place, wrong))
    return list(found.values())
