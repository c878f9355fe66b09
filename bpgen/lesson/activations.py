"""The functions of the network, their derivatives, and what both are here."""

from __future__ import annotations

from contextlib import suppress
from functools import cache
from math import inf, isfinite, nan

import numpy as np
import sympy as sp

from bpgen.check.entrywise.tape import tape
from bpgen.functions import ROWS, FunctionRow, at_most, masked, maximum, minimum, row
from bpgen.ir import Element, Equation
from bpgen.lesson.lesson import Lesson
from bpgen.render.page import Block, Section, Table
from bpgen.render.scalar import Printer
from bpgen.worked.point import Array

# Where a derivative is looked at for its largest value, and further out for a larger one.
_GRIDS = (np.linspace(-12, 12, 97), np.linspace(-40, 40, 161))
_BESIDE = 1e-6  # of a place at which a derivative may jump
_STEEP = 100.0  # steeper than any function here that has a steepest place
_COMMON = ("sigmoid", "tanh", "relu", "leaky_relu", "softplus", "elu")
_OF_SEVERAL = (masked, at_most, maximum, minimum)
_MOST = 3  # entries that are shown: three arrays stand side by side
_Z, _S = sp.Symbol("z", real=True), sp.Symbol("s", real=True)
_SHAPES = (sp.Rational(1, 100), sp.Rational(1, 2), sp.S.One)  # values of a parameter


def section(lesson: Lesson) -> Section | None:
    """A table of what the network uses and of the common ones, and the values at the example."""
    bodies = [body for _, body in calls(lesson)]
    if not bodies:
        return None
    used = list(dict.fromkeys(call for body in bodies if (call := _of_z(body)) is not None))
    common = (_general(ROWS[n]) for n in _COMMON)
    every = dict.fromkeys((*used, *common))
    rows = tuple(_function(lesson, call, call in used) for call in every)
    heads = ("", "function", "derivative", "at most", "at 0")
    blocks = [Block(table=Table(heads, rows))] if rows else []
    here = _here(lesson)
    blocks += [Block(table=here, remarks=_branches(lesson))] if here else []
    return Section("Functions and their derivatives", (), tuple(blocks)) if blocks else None


def calls(lesson: Lesson) -> list[tuple[Equation, sp.Expr]]:
    """The equations that are one function of one value."""
    found = []
    for f in lesson.derivation.forward:
        body = f.equation.terms[0].body
        applied = f.equation.pointwise() and row(body) is not None and len(body.args) > 0
        if applied and isinstance(body.args[0], Element) and not isinstance(body, _OF_SEVERAL):
            found.append((f.equation, body))
    return found


def _of_z(body: sp.Expr) -> sp.Expr | None:
    """A function as one of z, with its numbers, or for the one parameter that it has s; None where
    it has parameters of its own.
    """
    known = row(body)
    if known is not None and known.arity <= 2:
        return _general(known)
    return body.func(_Z, *body.args[1:]) if all(a.is_number for a in body.args[1:]) else None


def _general(known: FunctionRow) -> sp.Expr:
    return known.function(_Z, *([_S] if known.arity == 2 else []))


def has_kink(body: sp.Expr) -> bool:
    """Whether the derivative of a function jumps: an elu's does not, where s is 1. A parameter of
    its own stands for one half.
    """
    known = row(body)
    if known is None or not known.kink:
        return False
    given = [a if a.is_number else sp.S.Half for a in body.args[1:]]
    call = known.function(_Z, *given)
    said = known.definition(*call.args) if known.definition else call
    places = {sign * float(n) for n in {*given, *said.atoms(sp.Number)} for sign in (-1, 1)} | {0.0}
    slope = sp.diff(call, _Z)
    sides = (_values(slope, np.array([p - _BESIDE, p + _BESIDE])) for p in places)
    return any(abs(left - right) > 100 * _BESIDE for left, right in sides)


def _function(lesson: Lesson, call: sp.Expr, is_used: bool) -> tuple[str, ...]:
    """f(z) = ..., f'(z) = ..., the largest derivative, and that at 0."""
    known = row(call)
    assert known is not None
    definition = known.definition(*call.args) if known.definition else call
    slope = _spelled(sp.diff(call, _Z))
    printer = Printer(lesson.writer, lesson.writer.element)
    notes = set(lesson.writer.notes)
    texts = [lesson.inline(printer.text(e)) for e in (call, definition, slope)]
    lesson.writer.notes.clear()
    lesson.writer.notes.update(notes)  # the table says itself what they are
    largest, at_0 = _numbers(slope)
    told = texts[0] if texts[0] == texts[1] else f"{texts[0]} is {texts[1]}"
    return "here" if is_used else "", told, texts[2], largest, at_0


def _spelled(slope: sp.Expr) -> sp.Expr:
    """A derivative without the functions that have a name in code alone."""
    for known in ROWS.values():
        if known.conventions and known.name not in ("step", "sign") and slope.has(known.function):
            slope = slope.replace(known.function, known.definition)
    return slope


@cache
def _numbers(slope: sp.Expr) -> tuple[str, str]:
    """The largest derivative, where there is one, and that at 0; of a function with a parameter s
    what they are for every s up to 1.
    """
    shapes = _SHAPES if slope.has(_S) else (sp.S.One,)
    tops, at_0 = zip(*(_of_shape(slope.xreplace({_S: s})) for s in shapes), strict=True)
    whose = ", s up to 1" if len(shapes) > 1 else ""
    top = f"{tops[0]}{whose}" if len({*tops}) == 1 else ""
    is_shape = len(shapes) > 1 and at_0 == tuple(f"{float(s):.3g}" for s in shapes)
    return top, "s" if is_shape else at_0[0] if len({*at_0}) == 1 else ""


def _of_shape(slope: sp.Expr) -> tuple[str, str]:
    tops = [_or_more(_values(slope, grid)).max() for grid in _GRIDS]
    bounded = tops[1] <= min(1.01 * tops[0], _STEEP)
    here = _values(slope, np.zeros(1)).item()
    return f"{tops[0]:.3g}" if bounded else "no bound", f"{here:.3g}" if isfinite(here) else ""


def _or_more(values: Array) -> Array:
    return np.where(np.isfinite(values), values, inf)


def _values(expr: sp.Expr, z: Array) -> Array:
    """Numbers at each z, and nan where there is none."""

    def leaf(part: sp.Basic) -> Array | float:
        return z if part == _Z else float(part) if part.is_number else float(bool(part))

    with np.errstate(all="ignore"), suppress(NotImplementedError):  # an impulse is no number
        found, _ = tape(expr).run(leaf)
        return np.broadcast_to(np.real(found) + 0.0, z.shape)  # -0 is 0
    return np.full(z.shape, nan)


def slopes(lesson: Lesson) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Of each equation that is a function of one value: that value, and the derivative there."""
    if lesson.worked is None:
        return {}
    found = {}
    for equation, body in calls(lesson):
        access = body.args[0]
        local = lesson.worked.locals.get(access.name)
        value = lesson.worked.values.get(access.name)
        step = lesson.steps.get(access.name)
        through = {path.upstream.name for path in step.paths} if step is not None else set()
        if through != {equation.name}:
            continue  # what is differentiated for it reads the value
        if local is not None and value is not None and local.shape == value.shape:
            found[equation.name] = (value, local)
    return found


def _here(lesson: Lesson) -> Table | None:
    """z, f(z) and f'(z) at the example."""
    assert lesson.network is not None
    rows = []
    reads = {e.name: b.args[0].name for e, b in calls(lesson)}
    for name, (value, local) in slopes(lesson).items():
        z, slope = (lesson.of_sample(reads[name], a) for a in (value, local))
        if z.ndim > 1 or z.size > _MOST or lesson.worked is None:
            continue
        out = lesson.of_sample(name, lesson.worked.values[name])
        cells = map(lesson.array, (z, out, slope))
        rows.append((f"{lesson.name(name)} of {lesson.name(reads[name])}", *cells))
    heads = ("here", "argument", "value", "derivative")
    return Table(heads, tuple(rows)) if rows else None


def _branches(lesson: Lesson) -> tuple[str, ...]:
    """Which branch is taken of a function that has a kink."""
    found = []
    for equation, body in calls(lesson):
        known = row(body)
        given = slopes(lesson).get(equation.name)
        if known is None or not known.kink or given is None:
            continue
        z, slope = given
        if z.size == 1:
            side = "above" if z.item() > 0 else "below" if z.item() < 0 else "at"
            found.append(
                f"{lesson.name(body.args[0].name)} is {side} 0: the branch whose derivative is"
                f" {lesson.number(slope.item())}."
            )
        else:
            found.append(
                f"{lesson.name(body.args[0].name)} is above 0 at {int(np.sum(z > 0))} of"
                f" {z.size} entries."
            )
    return tuple(found)
