"""Index letters as they are printed: those of the equations, where no tensor has them too."""

from __future__ import annotations

from collections.abc import Container, Iterable, MutableMapping
from itertools import chain, count

from bpgen.ir import Equation
from bpgen.record import Derivation

_USUAL = frozenset("ijkln")  # what equations are lettered with, and blocks and samples
# What is called so is a number, a function, a gradient, the rate or the loss.
_NEVER = frozenset(("e", "pi", "sigma", "zeta", "Phi", "phi", "delta", "eta", "ell"))
_GREEK = ("alpha", "beta", "kappa", "rho", "tau", "lambda", "omega", "xi", "chi", "psi", "nu")
_OTHERS = (*"rcwdpquvbgahmst", *_GREEK)  # none that a function or a constant is called


def letter(
    name: str, tensors: Container[str], own: Container[str], given: MutableMapping[str, str]
) -> str:
    """The letter of an index, and the digits after it; i_0 is i0, unless that is another. Where a
    tensor has the letter, it is one that neither a tensor nor an index of the network has; `given`
    remembers which.
    """
    base = name.rstrip("0123456789")
    if (plain := f"{base.rstrip('_')}{name[len(base) :]}") not in own and base != name:
        name, base = plain, base.rstrip("_")
    if base not in given:
        others = chain(_OTHERS, (f"alpha{k}" for k in count(1)))
        free = (o for o in others if not (o in tensors or o in own or o in given.values()))
        taken = base in _NEVER or base in tensors or base in given.values()
        given[base] = next(free) if taken else base
    return given[base] + name[len(base) :]


def of_network(derivation: Derivation) -> frozenset[str]:
    """The letters and names of a network's indices, and the letters that are usual."""
    return _USUAL | named(derivation)


def named(derivation: Derivation) -> frozenset[str]:
    """The letters and names of a network's indices."""
    equations = (
        *(f.equation for f in derivation.forward),
        *(s.equation for s in derivation.steps),
    )
    return frozenset(name for e in equations for name in _names(e))


def spare(wanted: str, *taken: Container[str]) -> list[str]:
    """A letter, and those that can stand for it, where they are free."""
    return [one for one in (wanted, *_OTHERS) if not any(one in t for t in taken)]


def _names(equation: Equation) -> Iterable[str]:
    indices = (*equation.indices, *(k for t in equation.terms for k in t.over))
    names = (str(i.name).strip("_") for i in indices)
    return (part for name in names for part in (name, name.rstrip("0123456789")))
