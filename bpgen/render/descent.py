"""A step of gradient descent: its rule, and a worked example's parameters and loss after it."""

from __future__ import annotations

from bpgen.ir import Network
from bpgen.render.names import Symbol
from bpgen.render.numerals import Numerals
from bpgen.render.page import Block, Row, Section
from bpgen.render.writer import Writer
from bpgen.worked import SEED

DESCENT = "step"  # what rows tell of that tell of no equation
_MOST = 3  # numbers of an output in a sentence


def rule(network: Network, writer: Writer) -> str:
    """W <- W - eta dL/dW, and so every parameter; nothing where there is no loss to descend."""
    params = network.role("param")
    if network.loss is None or not params:
        return ""
    w = writer.tensor(params[0].name).text
    becomes = _moved(params[0].name, _rate(writer), network.loss, writer)
    by = f"{w} {writer.dialect.words['becomes']} {becomes}"
    every = ", and so every parameter" if params[1:] else ""
    return f"A step of gradient descent: {writer.dialect.inline(by)}{every}."


def step(network: Network, writer: Writer, numerals: Numerals) -> Section:
    """The parameters after a step of the example, and what the loss is then."""
    worked, inline = numerals.worked, writer.dialect.inline
    writer = writer.low()
    assert network.loss is not None
    rate = numerals.exact(worked.rate)
    rows = []
    for name in (n for n in worked.after if n not in worked.held):
        numbers = numerals.product(name, worked.after[name])
        left = _moved(name, rate, network.loss, writer)
        rows += [Row(left, numbers=numbers, of=DESCENT)] if numbers else []
    intro = [f"The step is {inline(f'{_rate(writer)} = {rate}')} long."]
    drawn = [inline(writer.tensor(n).text) for n in worked.point.drawn]
    if drawn:  # by whom and how, for whoever would have the same numbers
        are = "are" if drawn[1:] else "is"
        intro.insert(0, f"{', '.join(drawn)} {are} as init({SEED}) of the module draws.")
    held = [inline(writer.tensor(n).text) for n in worked.held]
    if held:
        are = "are held as they are" if held[1:] else "is held as it is"
        intro.append(f"{', '.join(held)} {are}.")
    outputs = _small_outputs(network, numerals)
    intro += filter(None, (_error(n, network.loss, writer, numerals) for n in outputs))
    goes = (_goes(n, writer, numerals) for n in outputs)
    remarks = (*goes, _helped(network.loss, writer, numerals))
    return Section("A step of descent", tuple(intro), (Block(tuple(rows), remarks=remarks),))


def _small_outputs(network: Network, numerals: Numerals) -> list[str]:
    """The outputs of which a sentence can hold all numbers."""
    found = [] if numerals.several else [n for n in network.outputs if n != network.sample_loss]
    plain = [
        n for n in found if not network.tensors[n].block and network.tensors[n].carried is None
    ]
    arrays = {n: numerals.one(n, numerals.worked.values[n]) for n in plain}
    return [n for n, a in arrays.items() if a.ndim < 2 and 0 < a.size <= _MOST]


def _error(name: str, loss: str, writer: Writer, numerals: Numerals) -> str:
    """Whether an output that is one number is too small or too large."""
    slope = numerals.one(name, numerals.worked.slopes[name])
    if slope.size > 1 or not slope.any():
        return ""
    sign, size = ("negative", "small") if slope < 0 else ("positive", "large")
    output, inline = writer.tensor(name).text, writer.dialect.inline
    by = writer.partial(writer.tensor(loss).text, output).text
    return f"{inline(by)} is {sign}: {inline(output)} is too {size}."


def _goes(name: str, writer: Writer, numerals: Numerals) -> str:
    """From which value an output goes to which."""
    inline, worked = writer.dialect.inline, numerals.worked
    both = (
        numerals.array(numerals.one(name, v[name])) for v in (worked.values, worked.values_after)
    )
    one, other = map(inline, both)
    return f"{inline(writer.tensor(name).text)} goes from {one} to {other}."


def _rate(writer: Writer) -> str:
    """The letter of the learning rate; where net.py has an eta of its own, a word."""
    return writer.dialect.symbol(Symbol("eta" if "eta" not in writer.letters else "lr"), (), False)


def _moved(name: str, rate: str, loss: str, writer: Writer) -> str:
    """W - eta dL/dW."""
    w, dialect = writer.tensor(name).text, writer.dialect
    slope = writer.partial(writer.tensor(loss).text, w).text
    return f"{w} {dialect.minus} {rate}{dialect.times}{slope}"


def _helped(loss: str, writer: Writer, numerals: Numerals) -> str:
    """From which value the loss goes to which."""
    inline, worked = writer.dialect.inline, numerals.worked
    before, after = (float(v[loss]) for v in (worked.values, worked.values_after))
    called, one, other = writer.tensor(loss).text, numerals.number(before), numerals.number(after)
    if after == before:
        return f"{inline(called)} stays {inline(one)}: there is nothing to learn here."
    helped = "it helped" if after < before else "it did not help: the step is too long"
    return f"{inline(called)} goes from {inline(one)} to {inline(other)}: {helped}."
