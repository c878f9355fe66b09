"""The same network at small sizes, for the exact proof: the algebra of a layer does not depend on
its width.
"""

from __future__ import annotations

from dataclasses import replace

import sympy as sp

from bpgen.ir import Equation, Index, Network, TensorInfo, Term

_SMALL = (2, 3)  # widths of the small network, in turn; 1 stays 1


def shrunk(network: Network) -> Network:
    """The network with every width above 3 replaced by 2 or 3: equal widths stay equal, unequal
    neighbours differ.

    Numbers that came from a width (the 1/K of a mean) stay as they are: they are constants of the
    small network, which is a network of its own and is proved as one.
    """
    sizes = _sizes(network)
    tensors = {name: _small_info(info, sizes) for name, info in network.tensors.items()}
    equations = tuple(_small_equation(e, sizes) for e in network)
    return replace(network, tensors=tensors, equations=equations)


def _sizes(network: Network) -> dict[int, int]:
    """A small size for each size in the network, none smaller than what a fixed index needs."""
    found = dict.fromkeys(
        i.size for t in network.tensors.values() for i in t.indices if isinstance(i.size, int)
    )
    least = _fixed(network)
    large = [s for s in found if s > max(_SMALL)]
    return {s: max(_SMALL[k % len(_SMALL)], least) for k, s in enumerate(large)}


def _fixed(network: Network) -> int:
    """One more than the largest whole number used as an index."""
    fixed = [
        int(i) + 1
        for e in network
        for a in e.reads()
        for i in a.indices
        if isinstance(i, sp.Integer)
    ]
    return max(fixed, default=1)


def _small_info(info: TensorInfo, sizes: dict[int, int]) -> TensorInfo:
    bound = sizes.get(info.bound, info.bound) if info.bound is not None else None
    return replace(info, indices=tuple(_small_index(i, sizes) for i in info.indices), bound=bound)


def _small_index(index: Index, sizes: dict[int, int]) -> Index:
    """The index over the small axis; the batch and lengths known at run time stay."""
    if not isinstance(index.size, int) or index.size not in sizes:
        return index
    return Index(index.name, sizes[index.size])


def _small_equation(equation: Equation, sizes: dict[int, int]) -> Equation:
    free = {
        i for t in equation.terms for i in (*t.over, *t.body.free_symbols) if isinstance(i, Index)
    }
    new = {i: _small_index(i, sizes) for i in {*equation.indices, *free}}
    terms = tuple(
        Term(t.body.xreplace(new), tuple(new[k] for k in t.over), t.reduce) for t in equation.terms
    )
    return Equation(equation.name, tuple(new[i] for i in equation.indices), terms)
