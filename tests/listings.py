"""The lines of numpy that a lesson shows of an example, run as a reader would run them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from bpgen.emit import emitted
from bpgen.lesson.code import section
from bpgen.lesson.lesson import Lesson
from bpgen.record import Derivation
from bpgen.render.numerals import Numerals
from bpgen.render.sample import View
from bpgen.render.text import TEXT
from bpgen.render.writer import Writer
from bpgen.worked.drawn import at_drawn
from tests.conftest import of_example


def listed(name: str) -> str:
    """The listing of an example at drawn numbers; "" where its lesson has none."""
    derivation = of_example(name)
    numerals = Numerals(at_drawn(derivation), TEXT, derivation.network.tensors)
    view = View.of(derivation, sample=True)
    shown = section(Lesson(derivation, Writer.of(derivation, TEXT), view, numerals))
    return "" if shown is None else "\n".join(shown.blocks[0].code)


def runs_alone(listing: str, derivation: Derivation) -> None:
    """With numpy and the numbers, nothing else, it gives the module's loss and gradients."""
    numbers = at_drawn(derivation)
    assert numbers is not None
    given = numbers.point.values
    module: dict[str, Any] = {}
    exec(emitted(derivation), module)
    exec(listing, made := {"np": np, **given})
    params = {n: given[n] for n in module["SHAPES"]}
    arguments = [given[n] for n in (*module["INPUTS"], *module["TARGETS"])]
    loss, grads = module["loss_and_grad"](params, *arguments)
    assert made[derivation.network.loss or ""] == pytest.approx(loss, rel=1e-14)
    for param, gradient in grads.items():
        assert made[f"d{param}"] == pytest.approx(gradient, rel=1e-12)
