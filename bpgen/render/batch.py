"""The sentences on the batch, before its equations."""

from __future__ import annotations

from bpgen.record import Derivation
from bpgen.render.writer import Writer


def intro(derivation: Derivation, writer: Writer) -> str:
    """What the subscript n is, and what the derivatives are of from here."""
    network, inline, n = derivation.network, writer.dialect.inline, writer.index("n")
    subscript = (
        f"The subscript {inline(n)} is the sample, of {inline('N')} in the batch; "
        "the equations keep their numbers. "
    )
    if network.loss is None:
        over = inline(writer.dialect.sum(n).strip())
        return f"{subscript}The gradient of a parameter is the sum over the samples, {over}."
    loss = inline(writer.tensor(network.loss).text)
    steps = [s for s in derivation.steps if s.of != network.sample_loss] or derivation.steps
    batched = [s for s in steps if network.tensors[s.of].batched] or steps
    named = [s for s in batched if s.equation.name in writer.symbols] or batched
    example = inline(writer.tensor(named[0].equation.name, (n,)).text)
    return (
        f"{subscript}From here the derivatives are of {loss}, in which the samples are averaged:"
        f" {example} carries the factor {inline('1/N')}."
    )


def mean(derivation: Derivation, writer: Writer) -> str:
    """What becomes of the gradients where the loss is the mean over a batch."""
    network, inline = derivation.network, writer.dialect.inline
    samples = f"Of {inline('N')} samples, the gradient of a parameter is the"
    if network.loss is None:
        return f"{samples} sum of theirs."
    (total,) = (f for f in derivation.forward if f.source.name == network.loss)
    if len(total.source.terms) == 1:
        return f"{samples} mean of theirs."
    return (
        f"{samples} mean of the data's part; a penalty's stands as it is, and"
        f" {writer.dialect.reference(total.number)} keeps its number."
    )


def across(writer: Writer) -> str:
    """What the subscript n is, where samples meet before the loss."""
    inline, n = writer.dialect.inline, writer.index("n")
    return (
        f"The subscript {inline(n)} is the sample, of {inline('N')} in the batch."
        " Samples meet in these equations, and so none is told by itself."
    )
