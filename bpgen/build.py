"""declaration -> Network: nameless steps inlined, names given, the batch axis added, the mean over
it taken.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

import sympy as sp

from bpgen.admissible import finite
from bpgen.declare.declaration import Declaration
from bpgen.declare.formula import Formula
from bpgen.errors import NetError
from bpgen.functions import sigmoid
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
from bpgen.letters import lettered
from bpgen.naming import RESERVED, free, invented, names, refuse
from bpgen.simplify import counted
from bpgen.whole import predictions, reachable, reads, terms_of, whole

Definition = tuple[tuple[Index, ...], tuple[Term, ...]]
# Nameless steps written inside one another, so that a formula stays one that sympy can walk.
_DEEPEST = 40
_REUSED = (sp.tanh, sigmoid)  # their derivatives are told in their own values


def build(
    declared: Declaration, variables: Mapping[str, Any], source: str, name: str, title: str = ""
) -> Network:
    """The network that net.py declared."""
    if declared.loss is None and not declared.outputs:
        raise NetError(
            "neither a loss nor an output is declared",
            "end with loss(...) or output(...)",
            declared.path,
        )
    roots = [
        t.serial
        for t in (*declared.outputs, *((declared.loss,) if declared.loss is not None else ()))
    ]
    used = reachable(declared, roots)
    named = names(declared, variables, source)
    whole(declared, used, named)
    given = {serial: name for serial, name in named.items() if serial in set(used)}
    refuse(declared, given)
    kept = _inline(declared, used, {*given, *roots})
    predicted = predictions(declared, used)
    if not set(predicted) & set(kept):  # the output has no name and was written inside the loss
        kept = _inline(declared, used, {*given, *roots, predicted[-1]})
    _refuse_infinite(declared, kept)
    called = _name_all(declared, kept, given)
    return _network(declared, kept, called, set(given), name, title)


def _refuse_infinite(declared: Declaration, kept: Mapping[int, Definition]) -> None:
    """A division by zero may only show when one formula is written inside another."""
    for serial, (_, terms) in kept.items():
        try:
            for term in terms:
                finite(term.body)
        except NetError as error:
            raise NetError(
                error.fact, error.remedy, declared.place(declared.tensors[serial].line)
            ) from None


def _inline(declared: Declaration, used: list[int], named: set[int]) -> dict[int, Definition]:
    """Definitions to keep: those with a name, and nameless ones that cannot be written inside what
    reads them.
    """
    uses: dict[int, int] = {}
    for serial in used:
        for read in reads(terms_of(declared.tensors[serial])):
            uses[read] = uses.get(read, 0) + 1
    nameless: dict[int, Definition] = {}
    kept: dict[int, Definition] = {}
    depth: dict[int, int] = {}  # of what is written inside one another
    for serial in used:
        tensor = declared.tensors[serial]
        terms = terms_of(tensor)
        for read in dict.fromkeys(reads(terms)):
            if read in nameless:
                written = (
                    _written_in(terms, read, nameless[read], uses[read])
                    if depth[read] < _DEEPEST
                    else None
                )
                if written is None:
                    kept[read] = nameless.pop(read)
                else:
                    terms, depth[serial] = written, max(depth.get(serial, 0), depth[read] + 1)
        if serial in named or tensor.role != "value" or tensor.layer:
            kept[serial] = (tensor.indices, terms)
        else:
            nameless[serial] = (tensor.indices, terms)
            depth.setdefault(serial, 0)
    return dict(sorted(kept.items()))


def _written_in(
    terms: tuple[Term, ...], serial: int, definition: Definition, uses: int
) -> tuple[Term, ...] | None:
    """`terms` with the nameless tensor's definition in its place, or None where it needs a name."""
    left, inner = definition
    if isinstance(inner[0].body, _REUSED) and not _only_in_logs(terms, serial):
        return None
    body = inner[0].body
    alias = isinstance(body.as_coeff_Mul()[1], Element) or body.is_number
    if len(inner) == 1 and not inner[0].over and (uses == 1 or alias):
        return tuple(
            t.map(lambda body: _substituted(body, serial, left, inner[0].body)) for t in terms
        )
    if uses > 1 or any(t.reduce != "sum" for t in inner):
        return None
    result: list[Term] = []
    for term in terms:
        split = _spread(term, serial, definition)
        if split is None:
            return None
        result += split
    return Formula(tuple(result)).terms


def _only_in_logs(terms: tuple[Term, ...], serial: int) -> bool:
    """Whether a tensor is read in logarithms only: log sigmoid(z) has a spelling of its own."""
    outside = (t.body.xreplace({n: sp.Dummy() for n in t.body.atoms(sp.log)}) for t in terms)
    return all(e.name != f"%{serial}" for body in outside for e in body.atoms(Element))


def _substituted(body: sp.Expr, serial: int, left: tuple[Index, ...], value: sp.Expr) -> sp.Expr:
    found = [e for e in body.atoms(Element) if e.name == f"%{serial}"]
    return body.xreplace(
        {e: value.xreplace(dict(zip(left, e.indices, strict=True))) for e in found}
    )


def _spread(term: Term, serial: int, definition: Definition) -> list[Term] | None:
    """A multiple of the reduced tensor, as the sum of the tensor's own terms: W x + b is one sum.

    A product with another tensor is none: h * (W @ h) is told in u = W h.
    """
    found = [e for e in term.body.atoms(Element) if e.name == f"%{serial}"]
    if not found:
        return [term]
    if len(found) > 1 or term.reduce != "sum" or term.over:
        return None
    access, mark = found[0], sp.Dummy()
    body = term.body.xreplace({access: mark})
    factor, rest = body.coeff(mark, 1), body.coeff(mark, 0)
    if sp.expand(body - factor * mark - rest) != 0 or factor.has(Element, mark):
        return None
    at = dict(zip(definition[0], access.indices, strict=True))
    spread = [Term(t.body.xreplace(at) * factor, t.over) for t in definition[1]]
    return spread + ([Term(rest)] if rest != 0 else [])


def _name_all(
    declared: Declaration, kept: Mapping[int, Definition], given: Mapping[int, str]
) -> dict[int, str]:
    taken = set(given.values()) | RESERVED
    called = dict(given)
    if declared.loss is not None and declared.loss.serial not in called:
        called[declared.loss.serial] = free("L", taken)
        taken.add(called[declared.loss.serial])
    for serial, definition in kept.items():
        for other, hint in _hints(declared, serial, definition, called):
            if other in kept and other not in called and hint not in taken:
                called[other] = hint
                taken.add(hint)
    for serial in kept:
        if serial not in called:
            called[serial] = invented(declared.tensors[serial], taken)
    return called


def _hints(
    declared: Declaration, serial: int, definition: Definition, called: Mapping[int, str]
) -> Iterator[tuple[int, str]]:
    """Names by the company a nameless tensor keeps: z1 for what a1 is a function of, and the other
    way round, s1 for the log-sum-exp of z1.
    """
    term = definition[1][0] if len(definition[1]) == 1 else None
    read = list(dict.fromkeys(reads(definition[1])))
    if term is None or len(read) != 1 or declared.tensors[read[0]].role != "value":
        return
    mine, other = called.get(serial, ""), called.get(read[0], "")
    if term.reduce == "logsumexp":
        yield serial, f"s{_digits(other)}"
    elif not term.over and mine and declared.tensors[read[0]].hint == "u":
        yield read[0], f"z{_digits(mine)}"
    elif not term.over and re.fullmatch(r"z\d*", other):
        yield serial, f"a{_digits(other)}"


def _digits(name: str) -> str:
    """The number of the layer that a name ends in."""
    return name[len(name.rstrip("0123456789")) :]


def _network(
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
