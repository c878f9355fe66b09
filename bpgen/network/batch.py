"""Definitions for one sample -> the network of a batch: an axis more, and the mean over it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

import sympy as sp

from bpgen.contraction import varying
from bpgen.declare.axes import serial_of
from bpgen.declare.declaration import OVER_BLOCKS, Block, Declaration
from bpgen.errors import NetError
from bpgen.ir import (
    BATCH,
    SAMPLE,
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
from bpgen.letters import lettered
from bpgen.names import free
from bpgen.network.inline import Definition
from bpgen.network.loops import looped
from bpgen.substitution import with_elements


def batched_network(
    declared: Declaration,
    kept: Mapping[int, Definition],
    called: Mapping[int, str],
    given: set[int],
    apart: set[str],
    name: str,
    title: str,
) -> Network:
    """`apart`: what no output is made of unless net.py says so."""
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
        [e for e in equations if e.name not in apart], tensors, own, {sample_loss or ""}
    )
    for t in declared.outputs:
        if t.block is not None and t.carried is None:
            raise _of_several(called[t.serial], declared.place(t.line))
    inits = {
        called[s]: declared.tensors[s].init for s in kept if declared.tensors[s].role == "param"
    }
    of_block = {called[s]: declared.tensors[s].block for s in kept}
    ordered = looped(equations, tensors, of_block)
    check(ordered, tensors)
    total = called[loss] if loss is not None else None
    return Network(name, tensors, ordered, outputs, total, sample_loss, title, inits)


class _Writer:
    """Definitions for one sample as equations of a batch, in their final names."""

    def __init__(self, declared: Declaration, called: Mapping[int, str], batched: set[int]) -> None:
        self.declared, self.called, self.batched = declared, called, batched

    def equation(self, serial: int, left: tuple[Index, ...], terms: tuple[Term, ...]) -> Equation:
        own, sample = self._own(serial), self._sample(serial)
        block = self.declared.tensors[serial].block

        def placed(term: Term) -> Term:
            if term.at is None:
                return term
            at = tuple(self._final(e, block) for e in term.at)
            if len(at) > len(left):  # where a block begins: its place is said
                return replace(term, at=(at[0], *sample, *at[1:]))
            return replace(term, at=(*own, *at))

        return lettered(
            Equation(self.called[serial], own + left, self.terms(map(placed, terms), block))
        )

    def terms(self, terms: Iterable[Term], block: Block | None = None) -> tuple[Term, ...]:
        return tuple(c for t in terms for c in varying(t.map(lambda b: self._final(b, block))))

    def info(self, serial: int, axes: tuple[Index, ...]) -> TensorInfo:
        t = self.declared.tensors[serial]
        carried = t.carried
        if carried is not None:
            carried = 0 if carried == OVER_BLOCKS else carried + len(self._own(serial))
        return TensorInfo(
            self.called[serial],
            axes,
            t.role,
            t.bound,
            t.sums_to_one,
            carried,
            t.keep,
            t.block is not None,
        )

    def _own(self, serial: int) -> tuple[Index, ...]:
        """The axes that net.py does not speak of: the block's, and the sample's."""
        block = self.declared.tensors[serial].block
        return (*((block.index,) if block is not None else ()), *self._sample(serial))

    def _sample(self, serial: int) -> tuple[Index, ...]:
        """The index of the sample, where the tensor differs from sample to sample."""
        return (SAMPLE,) if serial in self.batched else ()

    def _block(self, serial: int, reader: Block | None) -> tuple[sp.Expr, ...]:
        """Which block's element is read: the reader's own; of what goes from block to block, that
        of the block before; after the last, the last one's.
        """
        t = self.declared.tensors[serial]
        if t.block is None:
            return ()
        if t.block is reader:
            return (t.block.index - 1 if t.carried is not None else t.block.index,)
        if t.carried is None:
            raise _of_several(self.called[serial], self.declared.place(t.line))
        return (length(t.block.index.size) - 1,)

    def _final(self, body: sp.Expr, reader: Block | None) -> sp.Expr:
        """The body in final names, the block and the sample first where the tensor has them and
        net.py does not say them; gathers inside out.
        """

        def final(access: Element, inside: tuple[sp.Expr, ...]) -> Element:
            serial = serial_of(access)
            name, tensor = self.called[serial], self.declared.tensors[serial]
            said = len(inside) > tensor.rank
            if said and tensor.block is not None and tensor.role == "param":  # every block's
                return element(name, inside)
            if said and serial not in self.batched:
                fact = f"{name} is the same for all samples"
                raise NetError(fact, "leave the index of the sample out")
            own = () if said else self._sample(serial)
            return element(name, (*self._block(serial, reader), *own, *inside))

        return with_elements(body, final)


def _of_several(name: str, place: str) -> NetError:
    return NetError(
        f"{name} is of each block, and there are several", "use what repeat(...) returns", place
    )


def _batched(declared: Declaration, kept: Mapping[int, Definition]) -> set[int]:
    """What differs from sample to sample: inputs, targets, noise and all that is computed from
    them.
    """
    found = {s for s in kept if declared.tensors[s].role in ("input", "target", "noise")}
    before = -1
    while before < len(found):  # again where a recurrence reads what comes later
        before = len(found)
        for serial, (_, terms) in kept.items():
            own = any(SAMPLE in t.body.free_symbols for t in terms)
            if own or any(r in found for r in _of_same_sample(declared, terms)):
                found.add(serial)
    return found


def _of_same_sample(declared: Declaration, terms: tuple[Term, ...]) -> Iterator[int]:
    """The tensors that are read at the sample itself, not across all of them."""
    for access in (e for t in terms for x in (t.body, *(t.at or ())) for e in x.atoms(Element)):
        serial = serial_of(access)
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
    addends = [t for term in terms for t in _by_sample(term)]
    of_sample = [t for t in addends if SAMPLE in t.body.free_symbols]
    penalties = sorted(
        (t for t in addends if SAMPLE not in t.body.free_symbols),
        key=lambda t: _declared(t, tensors),
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
            sample = free("ell", taken)
            equations.append(lettered(Equation(sample, (SAMPLE,), tuple(of_sample))))
            tensors[sample] = TensorInfo(sample, (SAMPLE,), "value")
        mean = [Term(element(sample, (SAMPLE,)) / length(BATCH), (SAMPLE,))]
    equations.append(lettered(Equation(label, (), tuple(mean + penalties))))
    tensors[label] = TensorInfo(label, (), "value")
    return sample, equations


def _declared(term: Term, tensors: Mapping[str, TensorInfo]) -> list[int]:
    """Where the tensors of a penalty were declared: penalties stand in that order."""
    order = {name: k for k, name in enumerate(tensors)}
    return sorted(order[e.name] for e in term.body.atoms(Element))


def _by_sample(term: Term) -> list[Term]:
    """A plain sum as what depends on the sample and what does not."""
    if term.over or SAMPLE not in term.body.free_symbols or not isinstance(term.body, sp.Add):
        return [term]
    inside = [a for a in term.body.args if SAMPLE in a.free_symbols]
    outside = [a for a in term.body.args if SAMPLE not in a.free_symbols]
    return [Term(sp.Add(*part)) for part in (inside, outside) if part]


def _is_within_a_block(info: TensorInfo) -> bool:
    """Of each of several blocks; what goes from block to block comes out of the last."""
    return info.block and info.carried is None


def _outputs(
    equations: list[Equation], tensors: Mapping[str, TensorInfo], own: set[str], loss: set[str]
) -> tuple[str, ...]:
    """What forward returns where net.py does not say: what is compared with the target, by its name
    in net.py; without a target, what was computed last before the loss; without anything computed,
    an input as it is.
    """
    of_target = {t.name for t in tensors.values() if t.role == "target"}
    compared: list[str] = []
    computed: list[str] = []
    for equation in equations:
        reads = [e.name for e in equation.reads()]
        if of_target & set(reads):
            of_target.add(equation.name)
            compared += [r for r in reads if r in computed]
        elif tensors[equation.name].batched and not _is_within_a_block(tensors[equation.name]):
            computed.append(equation.name)
    named = [c for c in computed if c in own and c not in loss]
    for candidates in ([c for c in named if c in compared], compared, named, computed):
        if candidates:
            return (candidates[-1],)
    given = [t.name for t in tensors.values() if t.role == "input"]
    return tuple(sorted(given, key=lambda name: tensors[name].bound is not None)[:1])
