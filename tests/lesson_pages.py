"""The pages on which the lessons stand, and what is looked for there: a line by its mathematics, a
number by its value.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from functools import cache
from typing import Any
from unicodedata import normalize

import numpy as np

from bpgen import html
from bpgen.emit import emitted
from bpgen.lesson import sections
from bpgen.record import Derivation
from bpgen.render import render
from bpgen.render.document import Further
from bpgen.worked import Example, worked
from bpgen.worked.drawn import at_drawn
from tests.conftest import derived, of_example
from tests.published import PUBLISHED, given

TOY = PUBLISHED["toy_2_2_1"]
BEGIN = "from bpgen import *\n"
ONE_OUTPUT = f"""{BEGIN}x, y = input(3), target()
w, b = param(3), param()
z = dot(w, x) + b
a = sigmoid(z)
J = loss(-y * log(a) - (1 - y) * log(1 - a))
"""
SIGMOIDS = f"""{BEGIN}x, y = input(), target()
w1, b1, w2, b2 = param(), param(), param(), param()
z1 = w1 * x + b1
a1 = sigmoid(z1)
z2 = w2 * a1 + b2
a2 = sigmoid(z2)
C = loss((a2 - y)**2 / 2)
"""
NEURON = f"""{BEGIN}x, y = input(), target()
w, b = param(), param()
z = w * x + b
a = tanh(z)
L = loss((a - y)**2)
"""
FOUR = f"""{BEGIN}x, y = input(), target()
w1, w2, w3, w4 = param(), param(), param(), param()
a1 = w1 * x
a2 = w2 * a1
a3 = w3 * a2
a4 = w4 * a3
L = loss((a4 - y)**2 / 2)
"""


@cache
def derivation_of(net: str) -> Derivation:
    if "\n" in net:
        return derived(net)
    return of_example(net)


def told(
    net: str,
    values: Mapping[str, Any] | None,
    rate: float,
    held: tuple[str, ...],
    lesson: Further | None = sections,
) -> str:
    derivation = derivation_of(net)
    numbers = at_drawn(derivation)
    if values is not None:
        numbers = worked(derivation, emitted(derivation), Example(values, rate, held))
    page = render(derivation, fmt="text", steps="short", worked=numbers, digits=8, lesson=lesson)
    lines = (" ".join(normalize("NFC", line).split()) for line in page.splitlines())
    return "\n".join(lines).replace("−", "-")


@cache
def lesson(name: str, held: tuple[str, ...] = ()) -> str:
    """The page of a published example, at its numbers."""
    return told(name, given(name), PUBLISHED[name].get("learning_rate", 0.1), held)


@cache
def page_alone(name: str, held: tuple[str, ...] = ()) -> str:
    """The page of a published example as it is printed where no lesson is asked for."""
    return told(name, given(name), PUBLISHED[name]["learning_rate"], held, lesson=None)


@cache
def page_of(net: str) -> str:
    """The page of a network, at numbers that are drawn."""
    return told(net, None, 0.1, ())


def walk_of_toy() -> Any:
    """The walk of the page for the browser, as its script is given it."""
    derivation = derivation_of("toy_2_2_1")
    example = Example(given("toy_2_2_1"), 0.5)
    page = html.page(derivation, worked=worked(derivation, emitted(derivation), example))
    found = re.search(r'id="walk">(.*?)</script>', page)
    assert found is not None
    return json.loads(found[1])


@cache
def components(net: str) -> str:
    page = render(derivation_of(net), fmt="text", steps="short", notation="components")
    return "\n".join(" ".join(normalize("NFC", line).split()) for line in page.splitlines())


def section(page: str, title: str) -> str:
    """A section: what stands between its heading and the next."""
    after = page.partition(f"\n{title}\n")[2]
    assert after, title
    return re.split(r"\n\n[^\n]+\n─+\n", after.partition("\n")[2])[0]


def has(page: str, *lines: str) -> None:
    for line in lines:
        assert line.replace("−", "-") in page.replace("−", "-"), f"{line!r} is not on\n{page}"


def numbers_of(text: str) -> list[float]:
    """The numbers of a text, powers of ten among them."""
    up = {ord(a): b for a, b in zip("⁰¹²³⁴⁵⁶⁷⁸⁹⁻", "0123456789-", strict=True)}
    found = re.findall(r"(?<![\w⁽^])(-?\d+(?:\.\d+)?)(?: · 10([⁰¹²³⁴⁵⁶⁷⁸⁹⁻]+))?", text)
    return [float(f"{m}e{e.translate(up) or 0}") for m, e in found]


def shows(text: str, *values: Any, off: float = 5e-8) -> None:
    """Each value, to the eight digits that are printed."""
    known = numbers_of(text)
    for value in (float(v) for array in values for v in np.ravel(array)):
        assert any(abs(k - value) <= off * abs(value) + 1e-15 for k in known), (value, text)


def after(page: str, line: str) -> str:
    """What a row says right of its beginning, with what it goes on with."""
    at = page.index(line.replace("−", "-")) + len(line)
    return "\n".join(page[at:].split("\n")[:3])


def sigmoid(z: Any) -> Any:
    return 1 / (1 + np.exp(-np.asarray(z, float)))
