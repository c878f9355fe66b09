"""Documents laid out as a formatter would: one line where it fits, else broken at its outermost
seam.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import pairwise

from bpgen.text.comment import wrapped
from bpgen.text.document import MINUS, POWER, Code, CodeLike, Group, Keyword, Operator, Piece, code

WIDTH = 88
_CALLS = ("call", "move", "tuple")


def assignment(
    target: CodeLike, value: CodeLike, indent: int = 4, sign: str = "=", in_two: bool = False
) -> list[str]:
    """`target = value`, over several lines where it is too long.

    In two statements where axes are moved on the way (`in_two`: the target is a name that the value
    does not read), as what a call is given, or else broken within a bracket that all but ends it or
    in brackets of its own.
    """
    start, value = f"{target} {sign} ", code(value)
    if indent + len(start) + len(value) <= WIDTH:
        return [f"{start}{value}"]
    return (
        (_in_two(str(target), value, indent) if in_two else [])
        or _as_call(start, value, indent)
        or _at_seams(start, value, indent)
    )


# What is computed first, and what of it.


def _in_two(target: str, value: Code, indent: int) -> list[str]:
    """`target = first`, then what is made of it, for what moves axes: the pair of lines that are
    most alike, if both fit.
    """
    if not any(group.kind == "move" for group in value.groups()):
        return []
    pairs = [[f"{target} = {part}" for part in pair] for pair in _begun(value, target)]
    fitting = [p for p in pairs if _fit(p, indent)]
    return min(fitting, key=lambda p: max(map(len, p)), default=[])


def _begun(value: Code, name: str) -> Iterator[tuple[Code, Code]]:
    """What is computed first, and what is made of it by its name, from the whole inwards."""
    end = _end_of_first(value)
    if end is None:
        return
    first, rest = Code(value.pieces[:end]), value.pieces[end:]
    inside = _inside(first.pieces[0]) if end == 1 else None
    if _cuts(inside or first) or _is_call(inside or first):
        power = rest[:1] == (Operator("**"),)
        yield inside or first, Code((name, *(("**", *rest[1:]) if power else rest)))
    for part, made in _begun(inside or first, name):
        yield part, Code((made if inside is None else made.bracketed()).pieces + rest)


def _end_of_first(value: Code) -> int | None:
    """Where what is computed first ends: before the last operator, a method, a subscript."""
    pieces, last = value.pieces, value.pieces[-1]
    if cuts := _cuts(value):
        return cuts[-1]
    if not isinstance(last, Group) or pieces[0] == MINUS:
        return None
    if last.kind == "bracket":
        return 1
    end = len(pieces) - (2 if last.kind in _CALLS else 1)
    return end if end > 0 else None


# A call, whose arguments have lines of their own.


def _as_call(start: str, value: Code, indent: int) -> list[str]:
    """A call, or a method of what it returns, with its arguments on a line of their own, or one on
    each; a sign stands before it.
    """
    if value.pieces[0] == MINUS and _is_call(value.unsigned):
        return _as_call(f"{start}{MINUS}", value.unsigned, indent)
    if not _is_call(value):
        return []
    at = len(value.pieces) - 1
    while at > 2 and _is_call(Code(value.pieces[: at - 1])):
        at -= 2
    given = value.pieces[at]
    assert isinstance(given, Group)
    if all(isinstance(item.pieces[0], Keyword) for item in given.items):
        return []
    before, after = (Code(part) for part in (value.pieces[:at], value.pieces[at + 1 :]))
    lines = call(f"{start}{before}", given.items, str(after), indent)
    return lines if _fit(lines, indent) else []


def _is_call(value: Code) -> bool:
    """Whether a value is what a function, or a method, returns, or a tuple."""
    last = value.pieces[-1]
    outermost = not _cuts(value) and value.pieces[0] != MINUS
    return isinstance(last, Group) and last.kind in _CALLS and outermost


def call(before: str, arguments: Iterable[CodeLike], after: str, indent: int = 0) -> list[str]:
    """`before(arguments)after`: on one line, or the arguments on one line, or one on each."""
    given = [*map(code, arguments)]
    inside = ", ".join(map(str, given))
    if indent + len(before) + len(inside) + len(after) + 2 <= WIDTH:
        return [f"{before}({inside}){after}"]
    if indent + 4 + len(inside) <= WIDTH:
        return [f"{before}(", f"    {inside}", f"){after}"]
    lines = [line for a in given for line in _argument(a, indent + 4)]
    return [f"{before}(", *indented(lines), f"){after}"]


def _argument(value: Code, indent: int) -> list[str]:
    *lines, last = [str(value)] if indent + len(value) < WIDTH else _broken("", value, indent)
    return [*lines, f"{last},"]


# Operands, one on a line.


def _at_seams(start: str, value: Code, indent: int) -> list[str]:
    before, inside, after = _bracket(value)
    if indent + len(f"{start}{before}(") > WIDTH:
        before, inside, after = "", value, ""
    return [f"{start}{before}(", *indented(_within("", inside, indent + 4)), f"){after}"]


def _bracket(value: Code) -> tuple[str, Code, str]:
    """What stands before a bracket, what it holds, and what little follows: `a + b` and ` / N` of
    `(a + b) / N`.

    All of it where the value has no such bracket at its start or end.
    """
    cuts = _cuts(value)
    begins = [0, *(cut + 1 for cut in cuts)]
    at = next((k for k in begins if _inside(value.pieces[k]) is not None), 0)
    inside, after = _inside(value.pieces[at]), Code(value.pieces[at + 1 :])
    if inside is None or len(cuts) > 1 or sum(g.kind != "place" for g in after.groups()) > 1:
        return "", value, ""
    return str(Code(value.pieces[:at])), inside, str(after)


def _inside(piece: Piece) -> Code | None:
    """What a bracket holds."""
    return piece.items[0] if isinstance(piece, Group) and piece.kind == "bracket" else None


def _operands(value: Code, sign: str = "") -> list[tuple[str, Code]]:
    """What the outermost operators stand between, each with the sign before it."""
    found: list[tuple[str, Code]] = []
    for a, b in pairwise([-1, *_cuts(value), len(value.pieces)]):
        operator = value.pieces[a]
        before = f"{operator.sign} " if a >= 0 and isinstance(operator, Operator) else sign
        found.append((before, Code(value.pieces[a + 1 : b])))
    return found


def _cuts(value: Code) -> list[int]:
    """Where the operators stand that bind least."""
    found = [(p.level, k) for k, p in enumerate(value.pieces) if isinstance(p, Operator)]
    if not found:
        return []
    loosest = min(found)[0]
    if loosest == POWER and value.pieces[0] == MINUS:  # which is the power's
        return []
    return [k for level, k in found if level == loosest]


def _within(sign: str, value: Code, indent: int) -> list[str]:
    """An operand with the operator before it, broken where it is too long."""
    if indent + len(sign) + len(value) <= WIDTH:
        return [f"{sign}{value}"]
    return _broken(sign, value, indent)


def _broken(sign: str, value: Code, indent: int) -> list[str]:
    """At its own operators, or as what a bracket of its holds."""
    if _cuts(value):
        return [line for s, x in _operands(value, sign) for line in _within(s, x, indent)]
    if _bracket(value)[1] is not value:
        return _at_seams(sign, value, indent)
    return _as_call(sign, value, indent) or [f"{sign}{value}"]


def comment(text: str, number: str = "", indent: int = 4) -> list[str]:
    """A comment, wrapped; lines after the first stand under its text, after its number."""
    hanging = " " * len(number)
    return [f"# {line}" for line in wrapped(f"{number}{text}", WIDTH - indent - 2, hanging)]


def collection(
    before: str,
    items: Iterable[str],
    brackets: str = "{}",
    indent: int = 0,
    between: str = ", ",
) -> list[str]:
    """A dict or list display: on one line, or one item on each. A comprehension's parts have only a
    blank `between` them.
    """
    items = list(items)
    line = f"{before}{brackets[0]}{between.join(items)}{brackets[1]}"
    if indent + len(line) <= WIDTH:
        return [line]
    end = between.rstrip()
    return [f"{before}{brackets[0]}", *(f"    {i}{end}" for i in items), brackets[1]]


def _fit(lines: Iterable[str], indent: int) -> bool:
    return all(indent + len(line) <= WIDTH for line in lines)


def indented(lines: Iterable[str]) -> list[str]:
    return [f"    {line}" for line in lines]
