"""Definitions for one sample -> the network of a batch: an axis more, and the mean over it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

import sympy as sp

from bpgen.declare.declaration import Declaration
from bpgen.derive.simplify import counted
from bpgen.errors import NetError
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
from bpgen.network.loops import looped
from bpgen.network.naming import free

_BATCH = Index("n", BATCH)


def batched_network(
    declared: Declaration,
    kept: Mapping[int, Definition],
    called: Mapping[int, str],
    given: set[int],
    name: str,
    title: str,
) -> Network:
    write = _Writer(declared, called, _batched(declared, kept))
    tensors: dict[str, TensorInfo] = {}
    equations: list[Equation] = []
    loss = declared.loss.serial if declared.loss is not None else None
    sample_loss = None
    for serial, (left, terms) in kept.items():
        label = called[serial]
        if serial == loss:
            final = write.terms(terms)
            sample_loss, made = _mean(label, final, tensors, set(called.values()))
            equations += made
        elif declared.tensors[serial].role == "value":
            equations.append(write.equation(serial, left, terms))
            tensors[label] = write.info(serial, equations[-1].indices)
        else:
            axes = tuple(Index(f"_{k}", s) for k, s in enumerate(declared.tensors[serial].shape))
            tensors[label] = write.info(serial, write.equation(serial, axes, ()).indices)
    own = {called[s] for s in given if s in kept}
    outputs = tuple(called[t.serial] for t in declared.outputs) or _outputs(
        equations, tensors, own, {sample_loss or ""}
    )
    inits = {
        called[s]: declared.tensors[s].init for s in kept if declared.tensors[s].role == "param"
    }
    ordered = looped(equations, tensors)
    check(ordered, tensors)
    total = called[loss] if loss is not None else None
    return Network(name, tensors, ordered, outputs, total, sample_loss, title, inits)


class _Writer:
    """Definitions for one sample as equations of a batch, in their final names."""

    def __init__(
        self, declared: Declaration, called: Mapping[int, str], batched: set[int]
    ) -> None:
        self.declared, self.called, self.batched = declared, called, batched

    def equation(self, serial: int, left: tuple[Index, ...], terms: tuple[Term, ...]) -> Equation:
        own = self._own(serial)
        placed = (t if t.at is None else replace(t, at=(*own, *t.at)) for t in terms)
        return lettered(Equation(self.called[serial], own + left, self.terms(placed)))

    def terms(self, terms: Iterable[Term]) -> tuple[Term, ...]:
        return tuple(c for t in terms for c in counted(t.map(self._final)))

    def info(self, serial: int, axes: tuple[Index, ...]) -> TensorInfo:
        t = self.declared.tensors[serial]
        carried = None if t.carried is None else t.carried + len(self._own(serial))
        return TensorInfo(
            self.called[serial], axes, t.role, t.bound, t.sums_to_one, carried, t.keep
        )

    def _own(self, serial: int) -> tuple[Index, ...]:
        """The index of the sample, where the tensor differs from sample to sample."""
        return (_BATCH,) if serial in self.batched else ()

    def _final(self, body: sp.Expr) -> sp.Expr:
        """The body in final names, the batch index first where the tensor has one and net.py does
        not say it; gathers inside out.
        """
        new: dict[Element, sp.Expr] = {}
        for access in sorted(body.atoms(Element), key=lambda e: len(e.atoms(Element))):
            serial = int(access.name[1:])
            inside = tuple(i.xreplace(new) for i in access.indices)
            said = len(inside) > self.declared.tensors[serial].rank
            if said and serial not in self.batched:
                raise NetError(
                    f"{self.called[serial]} is the same for all samples",
                    "leave the index of the sample out",
                )
            new[access] = element(self.called[serial], inside if said else self._own(serial) + inside)
        return body.xreplace(new)


def _batched(declared: Declaration, kept: Mapping[int, Definition]) -> set[int]:
    """What differs from sample to sample: inputs, targets, noise and all that is computed from
    them.
    """
    found = {s for s in kept if declared.tensors[s].role in ("input", "target", "noise")}
    before = -1
    while before < len(found):  # again where a recurrence reads what comes later
        before = len(found)
        for serial, (_, terms) in kept.items():
            if any(r in found for r in _of_same_sample(declared, terms)):
                found.add(serial)
    return found


def _of_same_sample(declared: Declaration, terms: tuple[Term, ...]) -> Iterator[int]:
    """The tensors that are read at the sample itself, not across all of them."""
    for access in (e for t in terms for e in t.body.atoms(Element)):
        serial = int(access.name[1:])
        if len(access.indices) == declared.tensors[serial].rank:
            yield serial


def _mean(
    label: str,
    terms: tuple[Term, ...],
    tensors: dict[str, TensorInfo],
    taken: set[str],
) -> tuple[str | None, list[Equation]]:
    """L = mean over the batch of the loss of one sample, plus what does not depend on the
    sample.
    """
    split = [t for term in terms for t in _by_sample(term)]
    of_sample = [t for t in split if _BATCH in t.body.free_symbols]
    penalties = sorted(
        (t for t in split if _BATCH not in t.body.free_symbols), key=lambda t: _declared(t, tensors)
    )
    equations, mean, sample = [], [], None
    if of_sample:
        only = of_sample[0].body if len(of_sample) == 1 and not of_sample[0].over else None
        if (
            isinstance(only, Element)
            and only.indices == (_BATCH,)
            and tensors[only.name].role == "value"
        ):
            sample = only.name
        else:
            sample = free("ell", taken)
            equations.append(lettered(Equation(sample, (_BATCH,), tuple(of_sample))))
            tensors[sample] = TensorInfo(sample, (_BATCH,), "value")
        mean = [Term(element(sample, (_BATCH,)) / length(BATCH), (_BATCH,))]
    equations.append(lettered(Equation(label, (), tuple(mean + penalties))))
    tensors[label] = TensorInfo(label, (), "value")
    return sample, equations


def _declared(term: Term, tensors: Mapping[str, TensorInfo]) -> list[int]:
    """Where the tensors of a penalty were declared: penalties stand in that order."""
    order = {name: k for k, name in enumerate(tensors)}
    return sorted(order[e.name] for e in term.body.atoms(Element))


def _by_sample(term: Term) -> list[Term]:
    """A plain sum split into what depends on the sample and what does not."""
    if term.over or _BATCH not in term.body.free_symbols or not isinstance(term.body, sp.Add):
        return [term]
    inside = [a for a in term.body.args if _BATCH in a.free_symbols]
    outside = [a for a in term.body.args if _BATCH not in a.free_symbols]
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
