"""The page for the browser: what it is made of, without a browser."""

from __future__ import annotations

import json
import re
from functools import cache
from html import unescape

import numpy as np
import pytest
from click.testing import CliRunner

from bpgen.cli import main
from bpgen.emit import emitted
from bpgen.html import page
from bpgen.html.code import listing
from bpgen.html.graph import Graph
from bpgen.html.sheets import names, of_all_parts
from bpgen.record import Derivation
from bpgen.render import render
from bpgen.worked import Example, Worked, worked
from bpgen.worked.drawn import at_drawn
from tests.conftest import ROOT, derived, module_of, of_example
from tests.few import few, one_in

PUBLISHED = json.loads((ROOT / "tests" / "data" / "worked_examples.json").read_text())
GIVEN = ("x", "y", "W1", "b1", "W2", "b2")
LARGEST = 700_000


@cache
def derivation_of(name: str) -> Derivation:
    return of_example(name)


@cache
def toy() -> Worked:
    printed = PUBLISHED["toy_2_2_1"]
    example = Example({n: printed[n] for n in GIVEN}, printed["learning_rate"], ("b1", "b2"))
    derivation = derivation_of("toy_2_2_1")
    return worked(derivation, emitted(derivation), example)


@cache
def page_of(name: str) -> str:
    derivation, given = derivation_of(name), name == "toy_2_2_1"
    numbers = toy() if given else at_drawn(derivation)
    return page(derivation, worked=numbers, digits=8, drawn=not given)


def walk_of(name: str) -> dict[str, object]:
    return _walk_in(page_of(name))


def _walk_in(text: str) -> dict[str, object]:
    found = re.search(r'<script type="application/json" id="walk">(.*?)</script>', text)
    assert found
    return json.loads(found[1])


def test_the_toys_page_is_one_file_and_small():
    text = page_of("toy_2_2_1")
    assert len(text.encode()) < LARGEST
    marked = re.sub(r"<script>.*?</script>", "", text, flags=re.S)
    links = re.findall(r'\b(?:src|href|action)="([^"]*)"', marked)
    assert links and all(link.startswith("#") for link in links)
    sources = re.findall(r"url\(([^)]{0,30})", text)
    assert sources and all(s.startswith("data:font/woff2;base64,") for s in sources)
    assert "Copyright (c) 2013-2020 Khan Academy" in text  # KaTeX goes with its licence
    assert "default-src 'none'" in text and "@import" not in text


def test_the_walk_goes_forward_backward_down_and_forward_again():
    ways = [stop["way"] for stop in walk_of("toy_2_2_1")["stops"]]
    assert ways == ["start", *["forward"] * 5, *["backward"] * 9, "update", *["again"] * 5]


@pytest.mark.parametrize("name", ["lstm", pytest.param("gpt", marks=pytest.mark.slow)])
def test_the_walk_comes_to_an_equation_when_what_it_reads_is_there(name):
    """Not where its start is told, before the steps or the blocks: (8) of the LSTM behind (7)."""
    stops = _walk_in(page(derivation_of(name)))["stops"]
    told = [s["of"] for s in stops if s["way"] in ("forward", "backward")]
    numbers = [int(n.rstrip("ab")) for n in told if not n.endswith("b")]
    assert numbers == sorted(numbers) and len(numbers) > 30


@pytest.mark.slow
def test_without_numbers_it_ends_with_the_gradients():
    ways = [stop["way"] for stop in _walk_in(page(derivation_of("gpt")))["stops"]]
    assert ways[0] == "start" and ways[-1] == "backward" and "update" not in ways


def test_every_number_in_the_drawing_is_the_modules():
    """Of all units and weights, at the end of the forward pass, the backward pass and the walk."""
    numbers, walk = toy(), walk_of("toy_2_2_1")
    ways = [stop["way"] for stop in walk["stops"]]
    module = module_of(emitted(derivation_of("toy_2_2_1")))
    given = [numbers.point.values[n] for n in ("x", "y")]
    params = {n: numbers.point.values[n] for n in module.SHAPES}
    _, cache_ = module.forward(params, given[0])
    grads = module.backward(params, cache_, given[1], inputs=True)
    after = {n: numbers.after[n] for n in params}
    a2, cache_after = module.forward(after, given[0])

    def shown(prefix: str, until: str) -> list[float]:
        last = len(ways) - 1 - ways[::-1].index(until)
        found = []
        for key, said in walk["slots"].items():
            exact = [e for k, _, e in said if k <= last]
            if key.startswith(prefix) and exact and exact[-1]:
                found.append(float(exact[-1]))
        return sorted(found)

    def told(*arrays: np.ndarray) -> list[float]:
        return sorted(float(v) for a in arrays for v in np.ravel(a))

    loss = module.loss(params, *given)
    units = (*given, cache_["a1"], cache_["a2"], loss)
    assert shown("vu", "backward") == pytest.approx(told(*units), rel=1e-12)
    assert shown("ve", "backward") == told(*params.values())
    assert shown("ge", "backward") == pytest.approx(told(*(grads[n] for n in params)), rel=1e-12)
    deltas = (numbers.slopes["z1"], numbers.slopes["z2"], grads["x"])
    assert shown("gu", "backward") == pytest.approx(told(*deltas), rel=1e-12)
    assert shown("ve", "again") == told(*after.values())
    units = (*given, cache_after["a1"], a2, module.loss(after, *given))
    assert shown("vu", "again") == pytest.approx(told(*units), rel=1e-12)
    assert float(a2[0, 0]) == pytest.approx(0.76552844, abs=1e-8)


def test_each_step_shows_what_the_equations_give():
    """Every tensor and every gradient at its own step, z and dL/da too, which others replace."""
    numbers, walk = toy(), walk_of("toy_2_2_1")
    seen = 0
    for k, stop in enumerate(walk["stops"]):
        new = [
            float(exact)
            for key, said in walk["slots"].items()
            for step, _, exact in said
            if step == k and exact
        ]
        name, way = stop["name"], stop["way"]
        if way in ("forward", "again"):
            values = numbers.values if way == "forward" else numbers.values_after
            expected = values[name]
        elif way == "backward":
            of = {a: t for t, a in derivation_of("toy_2_2_1").adjoint.items()}[name]
            expected = numbers.slopes[of]
        else:
            continue
        assert sorted(new) == sorted(map(float, np.ravel(expected))), stop
        seen += 1
    assert seen == 5 + 9 + 5


def test_of_several_samples_a_gradient_is_that_of_the_samples_own_loss():
    """yhat = w x, l = (yhat - y)^2 at w = 0.5: dl/dyhat is 2 (1 - 4) of the first sample."""
    derivation = derivation_of("single_neuron")
    example = Example({"x": [2, 1], "y": [4, 1], "w": 0.5})
    text = page(derivation, worked=worked(derivation, emitted(derivation), example))
    found = re.search(r'id="walk">(.*?)</script>', text)
    assert found
    walk = json.loads(found[1])
    step = next(k for k, s in enumerate(walk["stops"]) if s["name"] == "dyhat")
    shown = [e for said in walk["slots"].values() for k, _, e in said if k == step and e]
    assert list(map(float, shown)) == [-6.0]
    assert "Of the 2 samples of the example, the numbers in the drawing are the first’s." in text


def test_each_step_says_its_number():
    walk = walk_of("toy_2_2_1")
    told = {s["of"]: s for s in walk["stops"] if s["way"] in ("forward", "backward")}
    assert [told[n]["name"] for n in ("1", "7", "8")] == ["z1", "delta2", "dW2"]
    assert walk["stops"][-1]["more"] == "helped"
    assert "0.76552844" in str(walk["stops"][-2]["note"])


@pytest.mark.parametrize("name", ["toy_2_2_1", "digits_conv", "lstm", "gpt", "two_heads"])
def test_each_line_of_code_is_under_the_equation_it_computes(name):
    """The first statement of each equation writes what it defines."""
    derivation = derivation_of(name)
    defined = names(derivation)
    statements: dict[str, list[str]] = {}
    for line in listing(derivation):
        text = "".join(t.text for t in line.tokens)
        if line.of and not text.lstrip().startswith("#"):
            statements.setdefault(line.of, []).append(text)
    for number, lines in statements.items():
        assert re.match(rf"\s*{defined[number]}(_next)?\b", lines[0]), (number, lines)
    computed = {str(s.number) for s in derivation.steps if not s.inlined and s.of != "L"}
    assert len(computed - statements.keys()) <= 1  # that of the loss itself, which is 1


@pytest.mark.parametrize("name", few(("toy_2_2_1", "softmax_mlp", "gpt"), lambda n: n != "gpt"))
def test_each_step_has_a_line_of_code(name):
    lines = {line.of for line in listing(derivation_of(name))}
    for stop in walk_of(name)["stops"]:
        own = of_all_parts(stop["of"])
        assert stop["way"] in ("start", "update") or stop["code"] in lines, stop
        assert own not in lines or stop["code"] == own, stop


@pytest.mark.parametrize(
    ("name", "steps"),
    one_in(
        4,
        [
            ("lstm", "short"),
            ("toy_2_2_1", "short"),
            ("lstm", "all"),
            ("gpt", "short"),
            ("toy_2_2_1", "all"),
        ],
    ),
)
def test_without_scripts_the_page_is_the_text(name, steps):
    """What stands in the place of each formula is what -f text prints."""
    derivation = derivation_of(name)
    numbers = toy() if name == "toy_2_2_1" else None
    made = unescape(re.sub(r"<[^>]*>", "", page(derivation, steps=steps, worked=numbers)))
    squeezed = "".join(made.split())
    text = render(derivation, fmt="text", steps=steps, worked=numbers)
    lines = [line for line in text.splitlines()[3:] if line.strip("─═ ")]
    unshown = [line for line in lines if "".join(line.split()) not in squeezed]
    assert not unshown


def test_what_a_unit_is_computed_from():
    """Weights by the entries that they join, the bias from what is always 1."""
    derivation = derivation_of("toy_2_2_1")
    graph = Graph.of(derivation, [str(f.number) for f in derivation.forward[:-1]])
    links = graph.links(graph.told[0])
    assert {(k.source, k.at, k.into, k.weight, k.entry) for k in links or ()} == {
        *(("x", (j,), (i,), "W1", (i, j)) for i in range(2) for j in range(2)),
        *(("", (), (i,), "b1", (i,)) for i in range(2)),
    }


def test_a_softmax_is_drawn_from_what_it_is_of():
    """The logarithm of its sum is no equation of the page, and so no unit or card."""
    derivation = derivation_of("softmax_regression")
    graph = Graph.of(derivation, [str(f.number) for f in derivation.printed])
    (p,) = (e for e in graph.told if e.name == "p")
    assert derivation.auxiliaries and graph.reads(p) == ["z"]
    ways = {(k.source, k.at, k.into) for k in graph.links(p) or ()}
    assert ways == {("z", (i,), (j,)) for i in range(4) for j in range(4)}


def test_what_a_block_is_given_comes_from_before_it():
    derivation = derivation_of("gpt")
    graph = Graph.of(derivation, [str(f.number) for f in derivation.forward])
    reads = {e.name: graph.reads(e) for e in graph.told}
    assert (
        reads["mu1"] == ["e"] and set(reads["h"]) == {"o2", "e"} and set(reads["o"]) == {"h", "z5"}
    )


def test_a_title_is_text_and_no_markup():
    source = '"""<script>alert(1)</script> & $x$"""\nfrom bpgen import *\nx, y = input(), target()\nw = param()\nL = loss((w * x - y)**2)\n'
    text = page(derived(source))
    assert "<script>alert" not in text
    assert "<h1>&lt;script&gt;alert(1)&lt;/script&gt; &amp; $x$</h1>" in text


def test_letters_for_widths_have_a_page_without_code():
    source = 'from bpgen import *\nx, y = input("p"), target("m")\nW = param("m", "p")\nz = W @ x\nL = loss(sum((z - y)**2))\n'
    text = page(derived(source))
    assert 'class="row"' in text and "numpy module" not in text


@pytest.mark.slow
def test_components_are_left_out_where_they_would_fill_pages():
    told = ['id="as-components"' in page_of(name) for name in ("toy_2_2_1", "gpt")]
    assert told == [True, False]


def test_the_suffix_of_a_file_asks_for_it(tmp_path):
    net = tmp_path / "net.py"
    net.write_text(
        "from bpgen import *\nx, y = input(), target()\nw = param()\nL = loss((w * x - y)**2)\nexample(x=2, y=4, w=0.5)\n"
    )
    done = CliRunner().invoke(main, ["derive", str(net), "-o", str(tmp_path / "page.html")])
    assert done.exit_code == 0, done.output
    text = (tmp_path / "page.html").read_text()
    assert text.startswith("<!doctype html>") and "bpgen’s choice" not in text


@pytest.mark.slow
def test_where_no_numbers_are_given_it_says_whose_they_are():
    chosen = ["bpgen’s choice" in page_of(n) for n in ("softmax_mlp", "gpt", "toy_2_2_1")]
    assert chosen == [True, True, False]


@pytest.mark.parametrize("name", one_in(5, ("toy_2_2_1", "gpt", "multilabel", "lstm", "two_heads")))
def test_nothing_in_a_drawing_has_the_name_of_another(name):
    text = page_of(name)
    keys = re.findall(r'<(?:circle|rect|path|text)[^>]* id="([^"]*)"', text)
    assert len(keys) == len(set(keys)) > 5
    lit = {key for stop in walk_of(name)["stops"] for key in stop["lit"]}
    assert lit <= set(keys) and set(walk_of(name)["slots"]) <= set(keys)


@pytest.mark.parametrize("name", one_in(5, ["lstm", "multilabel", "two_heads", "gpt", "toy_2_2_1"]))
def test_every_step_lights_something(name):
    assert all(stop["lit"] for stop in walk_of(name)["stops"])


@pytest.mark.slow
def test_the_lstm_and_the_gpt_have_numbers_at_full_size() -> None:
    for name in ("lstm", "gpt"):
        assert at_drawn(of_example(name)) is not None
        sizes = {key: said for key, said in walk_of(name)["slots"].items() if key[0] == "m"}
        assert len(sizes) > 3 and "m0" not in sizes  # of x, which is whole numbers, there is none


@pytest.mark.parametrize(
    ("net", "why"),
    [
        ("W = param('m', 2)\nL = loss(sum((W @ x)**2))", "a width is a letter"),
        ("L = loss(sum((param(2) * dropout(x, 0.5))**2))", "something is drawn in forward"),
        ("h = param(2) * x\noutput(h)", "net.py says no loss"),
        ("W = param(2, 2)\nL = loss(sum((W @ x)**2))", "the network is too large"),
        ("L = loss(sum((param(2) * log(-x))**2))", "something has no value at the inputs"),
    ],
)
def test_where_there_are_no_numbers_it_says_why(
    net: str, why: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if "large" in why:
        monkeypatch.setattr("bpgen.worked.drawn.LARGEST", 1)
    derivation = derived(f"from bpgen import *\nx = input(2)\n{net}\n")
    said = "There are no numbers beside the equations: "
    assert at_drawn(derivation) is None
    assert f"{said}{why}" in page(derivation, worked=None, drawn=True)
    assert said not in page(derivation)


@pytest.mark.slow
def test_a_card_says_how_large_what_it_leaves_is():
    """The root of the mean of the squares; of a number, itself; nothing where nothing is drawn."""
    net = """from bpgen import *
x, y = input(3, 4), label(3)
def block(h):
    return h + multi_head_attention(layer_norm(h), heads=2, causal=True)
z = dense(last(repeat(2, block, x)), 3)
L = loss(categorical_cross_entropy_with_logits(z, y))
"""
    derivation = derived(net)
    numbers = at_drawn(derivation)
    assert numbers is not None
    text = page(derivation, worked=numbers, drawn=True)
    found = re.search(r'<script type="application/json" id="walk">(.*?)</script>', text)
    assert found
    slots = json.loads(found[1])["slots"]
    sizes = {
        k: [float(s[2]) for s in v if s[2]] for k, v in slots.items() if re.match("[mn]\\d", k)
    }
    rms = {n: float(np.sqrt(np.mean(numbers.values[n] ** 2))) for n in ("x", "x1")}
    again = {n: float(np.sqrt(np.mean(numbers.values_after[n] ** 2))) for n in ("x1",)}
    slope = {n: float(np.sqrt(np.mean(numbers.slopes[n] ** 2))) for n in ("x", "x1")}
    every = [s for k in sizes for s in sizes[k]]
    for size in (*rms.values(), *again.values(), *slope.values(), float(numbers.values["ell"][0])):
        assert any(abs(size - e) <= 1e-12 * size for e in every), size
    plain = page(derivation)
    assert not re.search(r'id="[mn]\d+"', plain)
