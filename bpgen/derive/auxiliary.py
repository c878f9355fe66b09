"""Log-sum-exps that only a softmax is told by: net.py has no name for them, and no code computes
them. A page needs no equation of theirs, and the chain rule goes by them in one step: dp_j/dz_i
instead of dp_i/dz_i beside dp_j/ds ds/dz_i.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

import sympy as sp

from bpgen.derive.chain import along, unlike_any_in
from bpgen.derive.steps import stepwise
from bpgen.equations.letters import lettered
from bpgen.equations.softmaxes import argument_of_softmax
from bpgen.ir import Element, Equation, Index, Term, element, elements
from bpgen.record import Derivation, Equality, Line, Path, Reason, Step
from bpgen.rows import in_rows


def composed(record: Derivation) -> Derivation:
    """The record where no step goes by an auxiliary."""
    found = _auxiliaries(record)
    if not found:
        return record
    forward = (replace(f, auxiliary=f.equation.name in found) for f in record.forward)
    steps = (
        replace(s, auxiliary=True) if s.of in found else _without(s, found, record)
        for s in record.steps
    )
    return replace(record, forward=tuple(forward), steps=tuple(steps))


def _auxiliaries(record: Derivation) -> set[str]:
    """The log-sum-exps that nothing but softmaxes read, where they are written and where they are
    differentiated, and nothing that is computed.
    """
    network, tensors = record.network, record.network.tensors
    definitions = {f.equation.name: f.equation for f in record.forward}
    found = {
        name
        for name, equation in definitions.items()
        if tensors[name].nameless and _is_plain(equation)
    } - {*network.outputs, network.loss, network.sample_loss}
    if not found:
        return found
    for f in record.forward:
        if f.differentiated or argument_of_softmax(f.equation, definitions) is None:
            found -= _names(f.source)
    rows = in_rows(record)
    for f in rows.forward:
        found -= _names(f.evaluated)
    for step, computed in zip(record.steps, rows.steps, strict=True):
        adjoints = {of for of in found if record.adjoint.get(of) in _names(step.equation)}
        found -= _names(step.equation) | adjoints
        found -= _names(computed.evaluated) if not step.inlined else set()
        if step.of in found and not (step.inlined and all(map(_is_whole, step.paths))):
            found.remove(step.of)
    return found


def _is_plain(equation: Equation) -> bool:
    """Whether it is a log-sum-exp of its own place, and of no recurrence."""
    term, *others = equation.terms
    loop = equation.loop
    return not others and term.reduce == "logsumexp" and (loop is None or loop.block)


def _names(equation: Equation) -> set[str]:
    return {e.name for e in equation.reads()}


def _is_whole(path: Path) -> bool:
    """Whether it is told at the indices of what it is by."""
    places = path.wrt.indices
    return all(isinstance(i, Index) for i in places) and len({*places}) == len(places)


def _without(step: Step, found: set[str], record: Derivation) -> Step:
    """A step whose paths go by no auxiliary, and whose lines read no gradient of one."""
    steps = {s.of: s for s in record.steps}
    by = {p.upstream.name for p in step.paths} & found
    if not by:
        return step
    ends = {p.upstream.name for name in by for p in steps[name].paths}
    paths: list[Path] = []
    for path in step.paths:
        if path.upstream.name in by:
            paths += _through(path, steps[path.upstream.name])
        elif path.upstream.name in ends:
            paths.append(replace(path, reasons=(), composed=True))
        else:
            paths.append(path)
    terms = (*_given(step), *_product(paths, steps, record))
    product = lettered(_of_one_step(replace(step.equation, terms=terms), record))
    why = [r for name in sorted(by) for line in steps[name].lines for r in line.reasons]
    why += [r for line in step.lines for r in line.reasons]
    reasons = tuple(dict.fromkeys(r for r in why if not _mentions(r, by)))
    last = Line(step.lines[-1].terms, reasons)
    lines = (last,) if product.terms == last.terms else (Line(product.terms), last)
    return replace(step, paths=tuple(paths), lines=lines)


def _through(path: Path, step: Step) -> Iterator[Path]:
    """All ways in which what is told by an auxiliary goes on from there."""
    for on in step.paths:
        taken = (path.upstream, path.wrt, path.value, *path.over, *path.inner, *on.wrt.indices)
        at = dict(zip(on.wrt.indices, path.upstream.indices, strict=True))
        new = {**at, **unlike_any_in((*on.over, *on.inner), taken)}
        yield Path(
            on.upstream.xreplace(new),
            path.wrt,
            on.value.xreplace(new) * path.value,
            (*path.over, *(k.xreplace(new) for k in on.over)),
            (),
            (*path.inner, *(k.xreplace(new) for k in on.inner)),
            composed=True,
        )


def _of_one_step(adjoint: Equation, record: Derivation) -> Equation:
    """Within a loop, what a step passes on is written at the step before, as the record has it."""
    loop = adjoint.loop
    if loop is None:
        return adjoint
    members = {s.equation.name for s in record.steps if s.equation.loop == loop}
    return stepwise(adjoint, loop, members)


def _given(step: Step) -> Iterator[Term]:
    """The upstream gradient of what is an output, too."""
    given = f"d_{step.of}"
    for term in step.lines[0].terms:
        if any(e.name == given for e in term.body.atoms(Element)):
            yield term


def _product(
    paths: Iterable[Path], steps: Mapping[str, Step], record: Derivation
) -> Iterator[Term]:
    """The gradient as the product of the factors of each path, summed."""
    for path in paths:
        axes = record.network.tensors[path.wrt.name].indices
        for upstream in _adjoint(path.upstream, steps, record):
            yield along(path, upstream, axes)


def _adjoint(upstream: Element, steps: Mapping[str, Step], record: Derivation) -> tuple[Term, ...]:
    """The gradient with respect to an element: what it is, where no code computes it."""
    step = steps.get(upstream.name)
    if step is None:
        return (Term(sp.S.One),)
    if not step.inlined or any(t.at is not None for t in step.equation.terms):
        return (Term(element(record.adjoint[upstream.name], upstream.indices)),)
    at = dict(zip(step.equation.indices, upstream.indices, strict=True))
    terms = step.equation.terms
    return tuple(t.map(lambda body: body.xreplace(at)) for t in terms)


def _mentions(reason: Reason, by: set[str]) -> bool:
    return isinstance(reason, Equality) and any(
        e.name in by for side in reason.chain for e in elements(side)
    )
