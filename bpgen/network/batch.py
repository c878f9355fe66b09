"""Definitions for one sample -> the network of a batch: an axis more, and the mean over it."""

from __future__ import annotations

from collections.abc import Mapping

import sympy as sp

from bpgen.declare.declaration import Declaration
from bpgen.derive.simplify import counted
from bpgen.ir import (
    BATCH,
    Element,
    Equation,
    Index,
    Network,
    TensorInfo,
    Term,
    check,
    element,
    length,
)
from bpgen.network.inline import Definition
from bpgen.network.letters import lettered
from bpgen.network.naming import free
from bpgen.network.whole import reads


def batched_network(
    declared: Declaration,
    kept: Mapping[int, Definition],
    called: Mapping[int, str],
    given: set[int],
    name: str,
    title: str,
) -> Network:
    batch = Index("n", BATCH)
    batched = _batched(declared, kept)
    tensors: dict[str, TensorInfo] = {}
    equations: list[Equation] = []
    loss = declared.loss.serial if declared.loss is not None else None
    sample_loss = None
    for serial, (left, terms) in kept.items():
        t, label = declared.tensors[serial], called[serial]
        named = (x.map(lambda body: _final(body, called, batched, batch)) for x in terms)
        terms = tuple(c for x in named for c in counted(x))
        if serial == loss:
            sample_loss, made = _mean(label, terms, batch, tensors, set(called.values()))
            equations += made
        elif t.role == "value":
            indices = ((batch,) if serial in batched else ()) + left
            equation = lettered(Equation(label, indices, terms))
            equations.append(equation)
            tensors[label] = TensorInfo(label, equation.indices, "value")
        else:
            axes = lettered(
                Equation(
                    label,
                    ((batch,) if serial in batched else ())
                    + tuple(Index(f"_{k}", s) for k, s in enumerate(t.shape)),
                    (),
                )
            ).indices
            tensors[label] = TensorInfo(label, axes, t.role, t.bound, t.sums_to_one)
    own = {called[s] for s in given if s in kept}
    outputs = tuple(called[t.serial] for t in declared.outputs) or _outputs(
        equations, tensors, own, {sample_loss or ""}
    )
    inits = {
        called[s]: declared.tensors[s].init for s in kept if declared.tensors[s].role == "param"
    }
    check(equations, tensors)
    return Network(
        name,
        tensors,
        tuple(equations),
        outputs,
        called[loss] if loss is not None else None,
        sample_loss,
        title,
        inits,
    )


def _batched(declared: Declaration, kept: Mapping[int, Definition]) -> set[int]:
    """What differs from sample to sample: inputs, targets and all that is computed from them."""
    found: set[int] = set()
    for serial, (_, terms) in kept.items():
        role = declared.tensors[serial].role
        if role in ("input", "target") or (
            role == "value" and any(r in found for r in reads(terms))
        ):
            found.add(serial)
    return found


def _final(body: sp.Expr, called: Mapping[int, str], batched: set[int], batch: Index) -> sp.Expr:
    """The body in final names, the batch index first where the tensor has one; gathers
    inside out.
    """
    new: dict[Element, sp.Expr] = {}
    for access in sorted(body.atoms(Element), key=lambda e: len(e.atoms(Element))):
        serial = int(access.name[1:])
        inside = tuple(i.xreplace(new) for i in access.indices)
        new[access] = element(called[serial], ((batch,) if serial in batched else ()) + inside)
    return body.xreplace(new)


def _mean(
    label: str,
    terms: tuple[Term, ...],
    batch: Index,
    tensors: dict[str, TensorInfo],
    taken: set[str],
) -> tuple[str | None, list[Equation]]:
    """L = mean over the batch of the loss of one sample, plus what does not depend on the
    sample.
    """
    split = [t for term in terms for t in _by_sample(term, batch)]
    of_sample = [t for t in split if batch in t.body.free_symbols]
    penalties = sorted(
        (t for t in split if batch not in t.body.free_symbols), key=lambda t: _declared(t, tensors)
    )
    equations, mean, sample = [], [], None
    if of_sample:
        only = of_sample[0].body if len(of_sample) == 1 and not of_sample[0].over else None
        if (
            isinstance(only, Element)
            and only.indices == (batch,)
            and tensors[only.name].role == "value"
        ):
            sample = only.name
        else:
            sample = free("ell", taken)
            equations.append(lettered(Equation(sample, (batch,), tuple(of_sample))))
            tensors[sample] = TensorInfo(sample, (batch,), "value")
        mean = [Term(element(sample, (batch,)) / length(BATCH), (batch,))]
    equations.append(lettered(Equation(label, (), tuple(mean + penalties))))
    tensors[label] = TensorInfo(label, (), "value")
    return sample, equations


def _declared(term: Term, tensors: Mapping[str, TensorInfo]) -> list[int]:
    """Where the tensors of a penalty were declared: penalties stand in that order."""
    order = {name: k for k, name in enumerate(tensors)}
    return sorted(order[e.name] for e in term.body.atoms(Element))


def _by_sample(term: Term, batch: Index) -> list[Term]:
    """A plain sum split into what depends on the sample and what does not."""
    if term.over or batch not in term.body.free_symbols or not isinstance(term.body, sp.Add):
        return [term]
    inside = [a for a in term.body.args if batch in a.free_symbols]
    outside = [a for a in term.body.args if batch not in a.free_symbols]
    return [Term(sp.Add(*part)) for part in (inside, outside) if part]


def _outputs(
    equations: list[Equation], tensors: Mapping[str, TensorInfo], own: set[str], loss: set[str]
) -> tuple[str, ...]:
    """What forward returns where net.py does not say: what is compared with the target, by its name
    in net.py; without a target, what was computed last before the loss.
    """
    of_target = {t.name for t in tensors.values() if t.role == "target"}
    compared: list[str] = []
    computed: list[str] = []
    for equation in equations:
        reads = [e.name for e in equation.reads()]
        if of_target & set(reads):
            of_target.add(equation.name)
            compared += [r for r in reads if r in computed]
        elif tensors[equation.name].batched:
            computed.append(equation.name)
    named = [c for c in computed if c in own and c not in loss]
    for candidates in ([c for c in named if c in compared], compared, named, computed):
        if candidates:
            return (candidates[-1],)
    return ()
