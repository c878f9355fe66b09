"""The largest of several, by which of them is the first largest: that one passes the gradient."""

from __future__ import annotations

from dataclasses import replace

from bpgen.ir import Element, Equation, Network, TensorInfo, Term


def with_first(network: Network) -> Network:
    """After each `y = max x`, the equation that is 1 at the first of the largest and 0 elsewhere.

    It is held fixed when y is differentiated: moving any other x a little leaves y as it is.
    """
    tensors, equations = dict(network.tensors), []
    for equation in network:
        equations.append(equation)
        term = equation.terms[0]
        if term.reduce == "max":
            name = f"first_{equation.name}"
            while name in tensors:
                name += "_"
            left = (*equation.indices, *term.over)
            first = Term(term.body, term.over, "first")
            equations.append(Equation(name, left, (first,), equation.loop))
            block = tensors[equation.name].block
            tensors[name] = TensorInfo(name, left, "value", block=block)
    return replace(network, tensors=tensors, equations=tuple(equations))


def firsts(network: Network) -> dict[Term, Element]:
    """For each `max x`, the element that says which x is the first of the largest."""
    return {
        replace(e.terms[0], reduce="max"): e.lhs for e in network if e.terms[0].reduce == "first"
    }
