"""The local derivatives of a worked example: the other factor of the chain rule, in numbers."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import sympy as sp

from bpgen.check.entrywise import evaluate
from bpgen.functions import masked
from bpgen.ir import Equation, Index, TensorInfo, Term, indices_of, is_batch
from bpgen.record import Derivation, Path, Step
from bpgen.worked.point import Arrays, Point


def factors(derivation: Derivation, given: Point) -> Arrays:
    """d(upstream)/d(tensor) of each tensor that one equation alone reads, entry by entry."""
    network = derivation.network
    alone = derivation.separable
    masks = {e.name for e in network if any(t.body.has(masked) for t in e.terms)}
    every = (s for s in derivation.steps if _is_entrywise(s, alone))
    # Where something is masked out the gradient is 0, and so what its factor is was never asked.
    steps = [s for s in every if s.paths[0].upstream.name not in masks]
    equations = tuple(_local(s.of, s.paths[0]) for s in steps)
    tensors = {e.name: TensorInfo(e.name, e.indices, "value") for e in equations}
    wider = replace(
        network,
        tensors={**network.tensors, **tensors},
        equations=(*network.equations, *equations),
    )
    values = evaluate(wider, given.lengths, given.values)
    return {s.of: values[e.name] for s, e in zip(steps, equations, strict=True)}


def _is_entrywise(step: Step, alone: bool) -> bool:
    """Whether one path leads from each entry to one; in each sample, where it is told `alone`."""
    path, *others = step.paths or (None,)
    if others or path is None or path.inner or step.equation.loop is not None:
        return False
    if set(indices_of(path.value)) - set(path.upstream.indices):  # the loss, of one of its samples
        return False
    if not alone and any(map(is_batch, path.over)):
        return False
    own, upstream = (_of_sample(e.indices) for e in (path.wrt, path.upstream))
    return own == upstream == _of_sample(step.equation.indices) and not _of_sample(path.over)


def _of_sample(indices: Iterable[sp.Expr]) -> list[sp.Expr]:
    return [i for i in indices if not is_batch(i)]


def _local(of: str, path: Path) -> Equation:
    indices = tuple(i for i in path.upstream.indices if isinstance(i, Index))
    return Equation(f"local {of}", indices, (Term(path.value),))
