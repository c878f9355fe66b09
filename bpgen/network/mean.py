"""The loss of the batch: the mean of what depends on the sample, and penalties as they are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import sympy as sp

from bpgen.equations.letters import lettered
from bpgen.ir import BATCH, SAMPLE, Element, Equation, TensorInfo, Term, element, length
from bpgen.names import first_free


def with_mean(
    label: str,
    terms: tuple[Term, ...],
    tensors: dict[str, TensorInfo],
    taken: set[str],
) -> tuple[str | None, list[Equation]]:
    """L = mean over the batch of the loss of one sample, plus what tensors make that do not depend
    on the sample. Numbers are of the loss of one sample, if there is such: they are their mean.
    """
    addends = [t for term in terms for t in _by_sample(_of_each(term))]
    is_batched = any(SAMPLE in t.body.free_symbols for t in addends)
    of_sample = [t for t in addends if is_batched and not _is_penalty(t.body)]
    penalties = sorted(
        (t for t in addends if t not in of_sample), key=lambda t: _declared(t, tensors)
    )
    equations, mean, sample = [], [], None
    if of_sample:
        only = of_sample[0].body if len(of_sample) == 1 and not of_sample[0].over else None
        if (
            isinstance(only, Element)
            and only.indices == (SAMPLE,)
            and tensors[only.name].role == "value"
        ):
            sample = only.name
        else:
            sample = first_free(("ell", "L", "J", "C"), taken)
            equations.append(lettered(Equation(sample, (SAMPLE,), tuple(of_sample))))
            tensors[sample] = TensorInfo(sample, (SAMPLE,), "value")
        mean = [Term(element(sample, (SAMPLE,)) / length(BATCH), (SAMPLE,))]
    equations.append(lettered(Equation(label, (), tuple(mean + penalties))))
    tensors[label] = TensorInfo(label, (), "value")
    return sample, equations


def _of_each(term: Term) -> Term:
    """The sample's part of a mean over the samples that net.py writes itself."""
    over = [i for i in term.over if i.size == BATCH]
    body = term.body * length(BATCH)
    if len(over) != 1 or term.reduce != "sum" or {SAMPLE, length(BATCH)} & body.free_symbols:
        return term
    rest = tuple(i for i in term.over if i is not over[0])
    return replace(term, body=body.xreplace({over[0]: SAMPLE}), over=rest)


def _declared(term: Term, tensors: Mapping[str, TensorInfo]) -> list[int]:
    """Where the tensors of a penalty were declared: penalties stand in that order."""
    order = {name: k for k, name in enumerate(tensors)}
    return sorted(order[e.name] for e in term.body.atoms(Element))


def _by_sample(term: Term) -> list[Term]:
    """A plain sum as what is of the sample and what is not."""
    if term.over or SAMPLE not in term.body.free_symbols or not isinstance(term.body, sp.Add):
        return [term]
    inside = [a for a in term.body.args if not _is_penalty(a)]
    outside = [a for a in term.body.args if _is_penalty(a)]
    return [Term(sp.Add(*part)) for part in (inside, outside) if part]


def _is_penalty(body: sp.Expr) -> bool:
    """Whether tensors make it, and none of the sample."""
    return SAMPLE not in body.free_symbols and body.has(Element)
