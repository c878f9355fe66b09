"""What each equation that reads a tensor contributes to its gradient, in its step's letters."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import sympy as sp

from bpgen.equations.letters import lettered
from bpgen.ir import Element, Equation, Index, Term, element, elements
from bpgen.record import Equality, Path, Step
from bpgen.render.places import determined, is_plain
from bpgen.render.sample import View
from bpgen.render.steps import grouped

Indices = tuple[Index, ...]


@dataclass(frozen=True)
class Contribution:
    """All that one equation passes on: dL/d(upstream) * d(upstream)/d(wrt), summed over `over`.

    `value` has a term for each access; what it uses that is not summed in it are its indices.
    """

    upstream: Element
    wrt: Element
    over: Indices
    value: Equation
    reasons: tuple[Equality, ...]
    composed: bool = False  # of a derivative as a whole


def contributions(step: Step, left: Indices, view: View) -> list[Contribution]:
    """The paths of a step; those through one equation are one contribution."""
    groups: dict[str, list[Path]] = {}
    for path in step.paths:
        groups.setdefault(path.upstream.name, []).append(view.path(path))
    parts = (grouped(paths, left, view.carried, view.axes) for paths in groups.values())
    return [_contribution(paths, left, view) for part in parts for paths in part]


def apart(
    terms: Iterable[Term], free: Indices, new: Mapping[sp.Expr, sp.Expr] | None = None
) -> tuple[Term, ...]:
    """The terms with letters for their sums that differ from the free ones, and other changes of
    letters.
    """
    hidden = tuple(_hidden(t, new or {}) for t in terms)
    return lettered(Equation("", free, hidden)).terms


def _hidden(term: Term, new: Mapping[sp.Expr, sp.Expr]) -> Term:
    """The term with its sums in names that are bpgen's own, and so will be given letters."""
    sums = {k: Index(f"_{k.name}", k.size) for k in term.over}
    change = {**new, **sums}
    at = None if term.at is None else tuple(e.xreplace(change) for e in term.at)
    return Term(term.body.xreplace(change), tuple(sums.values()), term.reduce, at)


def _contribution(paths: list[Path], left: Indices, view: View) -> Contribution:
    """Paths in common letters. Where they differ in what they fix, or slide, each is marked with
    where it holds.
    """
    upstream = element(paths[0].upstream.name, _common(paths, left, view))
    slides = _slide(paths, {*left, *upstream.free_symbols})
    wrt = element(paths[0].wrt.name, left) if slides else paths[0].wrt
    free = {s for e in (upstream, wrt) for s in e.free_symbols if isinstance(s, Index)}
    hidden = tuple(sorted(free - set(left), key=lambda k: (k.size != "N", k.name)))
    beside = {e.name for p in paths for x in (p.upstream, p.wrt, p.value) for e in elements(x)}
    both = sp.Tuple(upstream, wrt, *(element(n, ()) for n in sorted(beside)))  # no letter is theirs
    (named,) = lettered(Equation("", left, (Term(both, hidden),))).terms
    letters = dict(zip(hidden, named.over, strict=True))
    place = {k: n for n, k in enumerate(upstream.indices)}

    def term(path: Path) -> Term:
        at = (
            *(path.wrt.indices if slides else left),
            *(path.upstream.indices[place[k]] if k in place else k for k in hidden),
        )
        reasons = (sp.Tuple(*r.chain) for r in path.reasons)
        inner = tuple(k for k in (*path.over, *path.inner) if k not in letters)
        plain = at == (*left, *hidden)
        scatter = None if plain else tuple(e.xreplace(letters) for e in at)
        return Term(sp.Tuple(path.value, *reasons).xreplace(letters), inner, "sum", scatter)

    value, reasons = _value(paths, (*left, *named.over), tuple(map(term, paths)))
    upstream, wrt, *_ = named.body.args
    composed = any(p.composed for p in paths)
    return Contribution(upstream, wrt, named.over, value, reasons, composed)


def _slide(paths: list[Path], fixed: set[sp.Basic]) -> bool:
    """Whether the paths read at several places, or at one that the left side does not fix."""
    several, first = {p.wrt for p in paths}, paths[0].wrt
    gathered = {i for e in first.indices if isinstance(e, Element) for i in e.free_symbols}
    return len(several) > 1 or not all(map(is_plain, first.indices)) or bool(gathered - fixed)


def _value(
    paths: list[Path], indices: Indices, bundles: tuple[Term, ...]
) -> tuple[Equation, tuple[Equality, ...]]:
    """The local derivative and its reasons, from terms that hold both of each path, so that they
    have the same letters.
    """
    bundles = lettered(Equation("", indices, bundles)).terms
    reasons = tuple(
        Equality(tuple(chain), r.prime)
        for bundle, path in zip(bundles, paths, strict=True)
        for chain, r in zip(bundle.body.args[1:], path.reasons, strict=True)
    )
    terms = _added([b.map(lambda body: body.args[0]) for b in bundles])
    return Equation("", indices, terms), reasons


def _common(paths: list[Path], left: Indices, view: View) -> tuple[sp.Expr, ...]:
    """The indices that all paths have upstream; where they differ, or where a place is reached in
    several ways, one that is open in them all.
    """
    unique = all(determined(p.upstream.indices, p.over) for p in paths)
    sizes = view.axes.get(paths[0].upstream.name, ())
    found: list[sp.Expr] = []
    accesses = [p.upstream.indices for p in paths]
    for k, here in enumerate(zip(*accesses, strict=True)):
        several = dict.fromkeys(here)
        size = sizes[k - len(accesses[0])] if sizes else None
        opened = [i for i in several if isinstance(i, Index) and i not in left]
        opened = [i for i in opened if size in (i.size, None)]  # all that any path may have
        if len(several) == 1 and (unique or _is_open(here[0])):
            found.append(here[0])
        else:
            found.append(opened[0] if opened else Index(f"_0{k}", size or here[0].size))
    return tuple(found)


def _is_open(expr: sp.Expr) -> bool:
    """An index or a number; what is gathered may be the same for several."""
    return is_plain(expr) and not isinstance(expr, Element)


def _added(terms: list[Term]) -> tuple[Term, ...]:
    """Terms without a sum as one."""
    plain = [t.body for t in terms if not t.over and t.at is None]
    rest = [t for t in terms if t.over or t.at is not None]
    return (*rest, *([Term(sp.Add(*plain))] if plain else []))
