"""The chain rule from the loss to a parameter of the first layer, as one product of factors; and
layers without a function between them, as one.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import count

import sympy as sp

from bpgen.equations.letters import LETTERS
from bpgen.ir import Element, Equation, Index, Term, element
from bpgen.lesson.lesson import Lesson
from bpgen.record import Path
from bpgen.render import rightside
from bpgen.render.chain import strings
from bpgen.render.page import Block, Row, Section
from bpgen.render.partial import Partial
from bpgen.render.scalar import Printer

_LONGEST = 12  # factors of a product that a reader follows
_INTRO = "Where one way leads from the loss to a parameter, its steps are one product of factors."


def section(lesson: Lesson) -> Section | None:
    """The product for each parameter that one way alone leads to from the loss."""
    rows = [row for t in lesson.params if (row := _row(lesson, t.name))]
    blocks = [Block(tuple(rows))] if rows else []
    one = _without_functions(lesson)
    if one is not None:
        lead = "There is no function between the layers, and so they are one product:"
        blocks.append(Block((one,), lead=lead))
    return Section("One product", (_INTRO,) * bool(rows), tuple(blocks)) if blocks else None


def _row(lesson: Lesson, name: str) -> Row | None:
    """dL/dW = dL/da2 da2/dz2 dz2/da1 da1/dz1 dz1/dW, summed over what is between."""
    step = lesson.steps.get(name)
    if step is None or step.equation.loop is not None:
        return None
    left = lesson.view.indices(step.equation.indices)
    paths = _way(lesson, name)
    if not 2 <= len(paths) <= _LONGEST:
        return None
    factors, over = _factors(lesson, paths, left)
    writer = lesson.writer
    right = Printer(writer, writer.element).text(sp.Mul(*factors))
    if over:
        right = writer.dialect.sum(",".join(map(writer.subscript, over))) + right
    top = Partial(element(writer.total, ()), element(name, left))
    head = Printer(writer, writer.element).text(top)
    return Row(head, (right,), numbers=_numbers(lesson, name, paths))


def _numbers(lesson: Lesson, name: str, paths: list[Path]) -> str:
    """Every factor in numbers, where each is one."""
    if lesson.numerals is None:
        return ""
    found = [lesson.numerals.worked.locals.get(p.wrt.name) for p in reversed(paths)]
    if any(f is None or f.size != 1 for f in found):
        return ""
    shape = lesson.numerals.worked.slopes[name].shape
    return lesson.numerals.product(name, *(f.reshape(shape) for f in found if f is not None))


def _way(lesson: Lesson, name: str) -> list[Path]:
    """The paths from a parameter to the loss; none where they part on the way."""
    found: list[Path] = []
    tops = {lesson.network.loss, lesson.writer.total}
    tops |= {lesson.network.sample_loss} if lesson.view.sample else set()
    while name not in tops:
        step = lesson.steps.get(name)
        if step is None or len(step.paths) != 1 or step.equation.loop is not None:
            return []
        (path,) = step.paths
        plain = all(isinstance(i, Index) for e in (path.upstream, path.wrt) for i in e.indices)
        if not plain or path.wrt.indices != step.equation.indices or len(found) > _LONGEST:
            return []
        found.append(path)
        name = path.upstream.name
    return found


def _factors(
    lesson: Lesson, paths: list[Path], left: tuple[Index, ...]
) -> tuple[list[Partial], tuple[Index, ...]]:
    """d(upstream)/d(wrt) of each path, each at the indices at which the one before reads it."""
    taken = {str(i.name) for i in left}
    letters = (c for k in count() for c in (x + str(k) * (k > 0) for x in LETTERS))
    fresh = (c for c in letters if c not in taken)
    at: tuple[sp.Expr, ...] = left
    factors: list[Partial] = []
    over: list[Index] = []
    for path in map(lesson.view.path, paths):
        here = dict(zip(path.wrt.indices, at, strict=True))
        new = {k: Index(next(fresh), k.size) for k in path.over}
        over += new.values()
        upstream = path.upstream.xreplace({**here, **new})
        factors.append(Partial(upstream, element(path.wrt.name, at)))
        at = upstream.indices
    return factors, tuple(over)


def _without_functions(lesson: Lesson) -> Row | None:
    """yhat = w2 w1 x: what a network computes whose equations are one product each."""
    equations = {f.equation.name: f.equation for f in lesson.derivation.forward}
    output = equations.get(lesson.network.outputs[0]) if lesson.network.outputs else None
    if output is None or not lesson.is_plain or not _is_product(output):
        return None
    made, used = lesson.view.equation(output), 0
    fresh = (f"_{k}" for k in count())
    while inner := [e for e in made.reads() if e.name in equations]:
        (access, *others) = inner
        own = lesson.view.equation(equations[access.name])
        if others or not _is_product(own) or used > _LONGEST:
            return None
        made, used = _put(made, access, own, fresh), used + 1
    if not used:
        return None
    letters = iter([c for c in LETTERS if c not in {str(i.name) for i in made.indices}])
    term = made.terms[0]
    new = {k: Index(next(letters), k.size) for k in term.over}
    term = Term(term.body.xreplace(new), tuple(new.values()))
    left = lesson.writer.element(made.lhs).text
    right = rightside.right_side(replace(made, terms=(term,)), lesson.writer)
    return Row(left, strings(right, lesson.writer))


def _is_product(equation: Equation) -> bool:
    """One term, summed or not, that is a product of elements."""
    term, *others = equation.terms
    plain = not others and term.at is None and term.reduce == "sum"
    return plain and all(isinstance(f, Element) for f in sp.Mul.make_args(term.body))


def _put(outer: Equation, access: Element, inner: Equation, fresh: object) -> Equation:
    """An equation with another's right side where it reads it."""
    term, own = outer.terms[0], inner.terms[0]
    at = dict(zip(inner.indices, access.indices, strict=True))
    new = {k: Index(next(fresh), k.size) for k in own.over}  # type: ignore[call-overload]
    body = term.body.xreplace({access: own.body.xreplace({**at, **new})})
    return replace(outer, terms=(Term(body, (*term.over, *new.values())),))
