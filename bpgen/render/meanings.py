"""What a delta says, and why there is a sum in a gradient: a sentence each."""

from __future__ import annotations

import sympy as sp

from bpgen.ir import element
from bpgen.render.contributions import Contribution, Indices
from bpgen.render.equations import Equations
from bpgen.render.parts import Part
from bpgen.render.places import determined, open_indices


def meaning(part: Part, page: Equations) -> str:
    """What the gradient says that has a letter of its own."""
    inline, writer, step = page.writer.dialect.inline, page.writer, part.step
    if step.equation.name not in writer.symbols:
        return ""
    names = step.equation.name, page.top, step.of
    delta, total, tensor = (inline(writer.tensor(n).text) for n in names)
    return f"{delta} says how {total} changes with {tensor}."


def why_sum(part: Part, page: Equations) -> str:
    """Through what the loss depends on a tensor, where it is through several entries; not where the
    sum runs within one of these, too, which itself adds up what it reads.
    """
    if page.derivation.network.tensors[part.step.of].role != "value":
        return ""
    inline, writer = page.writer.dialect.inline, page.writer
    for one in part.contributions:
        entry = _entry(one, part.left)
        fed = _fed(one, entry)
        if fed and {*one.over} <= {*open_indices(one.upstream.indices)}:
            over = writer.dialect.sum(",".join(map(writer.subscript, one.over))).strip()
            pair = element(one.wrt.name, entry), one.upstream
            read, through = (inline(writer.element(e).text) for e in pair)
            return f"Each {read} feeds {fed} {through}, so {inline(over)} adds what comes back."
    return ""


Places = list[tuple[sp.Expr, ...]]


def _places(one: Contribution, left: tuple[sp.Expr, ...]) -> Places:
    """Which entries go into another, term by term."""
    return [(t.at or one.wrt.indices)[: len(left)] for t in one.value.terms]


def _entry(one: Contribution, left: Indices) -> tuple[sp.Expr, ...]:
    """The entry that is read: at a place of its own where it is always that, as the last step, and
    not where another tensor chooses it.
    """
    always = zip(*_places(one, left), left, strict=True)
    return tuple(
        own[0] if len({*own}) == 1 and not open_indices(own[:1]) else i for *own, i in always
    )


def _fed(one: Contribution, entry: tuple[sp.Expr, ...]) -> str:
    """How many entries an entry goes into; nothing where it is one alone, as where a part of the
    tensor is cut out.
    """
    places = _places(one, entry)
    if not one.over or (_into_all(one, len(entry)) and all(at == entry for at in places)):
        return "every" if one.over else ""
    inner = (*one.over, *one.value.terms[0].over)
    alone = len(places) == 1 and determined(places[0], inner)
    return "" if alone else "several"


def _into_all(one: Contribution, rank: int) -> bool:
    """Whether each term goes into all entries that are summed over: u[n] goes into t[n,m] and
    t[m,n], and into no t[p,m].
    """
    over = one.value.indices[rank:]
    return all(t.at is None or t.at[rank:] == over for t in one.value.terms)
