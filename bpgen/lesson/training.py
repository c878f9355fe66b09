"""Learning in steps: forward, backward, and every parameter's own update."""

from __future__ import annotations

from bpgen.ir import Constant
from bpgen.lesson.lesson import Lesson
from bpgen.render.page import Block, Section, Table

_RULES = 8  # parameters of which each has its rule written out


def section(lesson: Lesson) -> Section | None:
    """The loop, with the numbers of its equations and the rule of each parameter; and in numpy."""
    network = lesson.network
    if network.loss is None or not lesson.params:
        return None
    targets = [t.name for t in network.role("target")]
    inputs = [t.name for t in (*network.role("input"), *network.role("state"))]
    data = lesson.names([*inputs, *targets])
    loss = lesson.name(network.loss)
    steps = (
        ("begin", _beginnings(lesson)),
        ("forward", f"with samples of {data}: {_range(lesson, True)}"),
        ("backward", f"with the values that forward left: {_range(lesson, False)}"),
        ("update", f"every parameter, when all gradients are there: {_rules(lesson)}"),
        ("again", f"from forward on, until {loss} of other samples falls no further"),
    )
    numbered = tuple((f"{k}. {word}", said) for k, (word, said) in enumerate(steps, 1))
    listing = _listing([*inputs, *targets], lesson.rate)
    if any(isinstance(s, str) for t in lesson.params for s in t.sample_shape):
        listing = ()  # code needs numbers
    block = Block(table=Table(("step", "what is done"), numbered), code=listing)
    return Section("Learning, in steps", (), (block,))


def _beginnings(lesson: Lesson) -> str:
    """How the parameters begin, those that begin alike together."""
    found: dict[str, list[str]] = {}
    for info in lesson.params:
        found.setdefault(_beginning(lesson.network.inits.get(info.name, "")), []).append(info.name)
    return ", ".join(f"{lesson.names(names)} {how}" for how, names in found.items())


def _beginning(how: str | float) -> str:
    known = {
        "zeros": "at 0",
        "ones": "at 1",
        "normal": "at random, of variance 1 over the number of inputs",
        "he": "at random, of variance 2 over the number of inputs",
    }
    if isinstance(how, Constant):
        return f"at {how}"
    return known.get(str(how)) or f"at random, of standard deviation {float(how):.3g}"


def _range(lesson: Lesson, forward: bool) -> str:
    """(1) to (5)."""
    derivation, refer = lesson.derivation, lesson.writer.dialect.reference
    own = {lesson.network.loss, lesson.network.sample_loss}
    numbers = (
        [f.number for f in derivation.printed if f.equation.name != lesson.network.loss]
        if forward
        else [s.number for s in derivation.printed_steps if s.of not in own]
    )
    numbers = numbers or [f.number for f in derivation.printed]
    return f"{refer(min(numbers))} to {refer(max(numbers))}"


def _rules(lesson: Lesson) -> str:
    """W <- W - eta dL/dW, of each parameter."""
    dialect = lesson.writer.dialect
    rules = []
    few = lesson.params if len(lesson.params) <= _RULES else lesson.params[:1]
    for info in few:
        w = lesson.tensor(info.name)
        slope = lesson.writer.partial(lesson.tensor(lesson.network.loss or ""), w).text
        moved = f"{w} {dialect.minus} {lesson.eta}{dialect.times}{slope}"
        rules.append(lesson.inline(f"{w} {dialect.words['becomes']} {moved}"))
    rest = ", and so every other" if len(few) < len(lesson.params) else ""
    return ", ".join(rules) + rest


def _listing(data: list[str], rate: float) -> tuple[str, ...]:
    """The loop in the words of the module."""
    given = ", ".join(data)
    return (
        "params = init(0)",
        "for step in range(1000):",
        f"    value, grads = loss_and_grad(params, {given})",
        "    for name in params:",
        f"        params[name] = params[name] - {rate:g} * grads[name]",
    )
