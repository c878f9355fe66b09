"""What the page of the toy network alone tells: every question of the lesson on two inputs, two hidden
sigmoids and one output, in the file that `bpgen derive -o toy.html` writes of it.
"""

from __future__ import annotations

import json
import re
from functools import cache
from html import unescape
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner

from bpgen.cli import main
from bpgen.commands import derive
from bpgen.errors import NetError
from bpgen.worked import Example
from tests.conftest import ROOT, of_example

TOY = json.loads((ROOT / "tests" / "data" / "worked_examples.json").read_text())["toy_2_2_1"]
NET = ROOT / "examples" / "toy_2_2_1.py"


@cache
def _file() -> str:
    with TemporaryDirectory() as folder:
        out = Path(folder, "toy.html")
        said = CliRunner().invoke(main, ["derive", str(NET), "-o", str(out)])
        assert (said.exit_code, said.output) == (0, "")
        return out.read_text(encoding="utf-8")


@cache
def _page(notation: str = "matrix") -> str:
    """What the page says in a notation, where scripts are off."""
    sheet = re.search(rf'<article class="sheet {notation}[^>]*>(.*?)</article>', _file(), re.S)
    assert sheet is not None
    return " ".join(unescape(re.sub(r"<[^>]*>", " ", sheet[1])).split())


def _has(*lines: str, notation: str = "matrix") -> None:
    for line in lines:
        assert line in _page(notation), line


def _numbers(*values: Any) -> str:
    """As the page prints them, to four digits."""
    told = [np.format_float_positional(v, 4, fractional=False) for v in np.ravel(values)]
    told = [t + "0" * (4 - len(t.lstrip("-0.").replace(".", ""))) for t in told]
    return ", ".join(told).replace("-", "−")


@pytest.mark.slow
def test_E1_forward_with_numbers() -> None:
    _has("z^[1] = W^[1] x + b^[1] = (0.605, 0.745)", f"a^[1] = σ(z^[1]) ≈ ({_numbers(TOY['a1'])})")
    _has(f"a^[2] = σ(z^[2]) ≈ {_numbers(TOY['yhat'])}")


@pytest.mark.slow
def test_E2_the_loss() -> None:
    _has(f"ℓ = 1/2 · ‖a^[2] − y‖² ≈ {_numbers(TOY['L'])}")


@pytest.mark.slow
def test_E3_delta_at_the_output_and_what_its_sign_says() -> None:
    a2 = TOY["yhat"]
    _has(f"≈ ({_numbers(a2 - 1)}) · {_numbers(a2 * (1 - a2))}")
    _has(f"δ^[2] = (a^[2] − y) ⊙ a^[2] ⊙ (1 − a^[2]) ≈ {_numbers(TOY['delta2'])}")
    _has("a^[2] is too small, and a larger one makes L smaller.")


@pytest.mark.slow
def test_E4_the_gradients_of_the_output_s_weights() -> None:
    _has(f"∂ℓ/∂W^[2] = δ^[2] a^[1]ᵀ ≈ ({_numbers(TOY['dW2'])})")


@pytest.mark.slow
def test_E5_delta_of_the_hidden_layer() -> None:
    _has(f"δ^[1] = (W^[2]ᵀ δ^[2]) ⊙ a^[1] ⊙ (1 − a^[1]) ≈ ({_numbers(TOY['delta1'])})")


@pytest.mark.slow
def test_E6_the_outer_product() -> None:
    one, other = (_numbers(row) for row in TOY["dW1"])
    _has(f"∂ℓ/∂W^[1] = δ^[1] xᵀ ≈ ({one}; {other})")


@pytest.mark.slow
def test_E7_the_update() -> None:
    """Of the biases it is free; where they are held they stay."""
    _has(f"b^[2] − 0.5 · ∂L/∂b^[2] ≈ {_numbers(0.6 - 0.5 * TOY['delta2'][0])}", "with biases held")


@pytest.mark.slow
def test_E8_forward_again_with_biases_free_and_held() -> None:
    free, held = TOY["after_one_step"], TOY["after_one_step_biases_held"]
    for name, key in (("a^[2]", "yhat"), ("L", "L")):
        told = (_numbers(v) for v in (TOY[key], free[key], held[key]))
        _has(f"{name} {' '.join(told)}")
    _has("it helped")


@pytest.mark.slow
def test_E9_the_walk() -> None:
    _has("Forward: x → z^[1] → a^[1] → z^[2] → a^[2] → ℓ")
    found = re.search(r'id="walk">(.*?)</script>', _file())
    assert found is not None
    ways = [stop["way"] for stop in json.loads(found[1])["stops"]]
    assert list(dict.fromkeys(ways)) == ["start", "forward", "backward", "update", "again"]


@pytest.mark.slow
def test_E10_what_a_pass_costs() -> None:
    _has("all 9 16 N 3 N 28 N − 9 5 N", "backward is 1.8 times as many operations as forward")


@pytest.mark.slow
def test_E11_edge_cases() -> None:
    _has("y is a^[2] : already right L is 0 , the largest gradient 0 every gradient is exactly 0")
    _has("saturated: next to nothing is learned, and nothing is nan")
    _has("layers like it by 0.0003240 after 4")


@pytest.mark.slow
def test_E12_mistakes() -> None:
    for line in (
        "the derivative of the activation: left out wherever there is one ∂ℓ/∂W^[1] 23.75 0.01924",
        "weights after their update: updated in the middle of the backward pass ∂ℓ/∂W^[1] 0.03364",
        "a sign: the target less the output, where it is the other way round ∂ℓ/∂W^[1] 2 0.03014",
        "another pass: values not kept, but computed again after the update ∂ℓ/∂b^[2] 0.05223",
    ):
        _has(line)


@pytest.mark.slow
def test_E13_a_bias_is_a_weight_whose_input_is_1() -> None:
    _has("z^[1] W^[1] x b^[1] 1 z^[2] W^[2] a^[1] b^[2] 1")


@pytest.mark.slow
def test_a_lesson_stands_in_every_notation_and_folds() -> None:
    for notation in ("matrix", "index", "components"):
        _has("Classic mistakes", "What a pass costs", notation=notation)
    assert '<details class="added" open>' in _file()
    (listing,) = re.findall(r'<details class="added">\s*<summary><h2>([^<]*)', _file())[:1]
    assert listing == "The same in numpy"  # long, and so it begins folded
    assert len(_file().encode()) < 700_000


# which pages have a lesson


def _asked(lesson: bool | None) -> derive.Asked:
    said: list[Any] = ["net.py", "html", "matrix", "short", lesson, None, 4, "brackets"]
    return derive.Asked(*said, False, None, False, None, None, False)


@pytest.mark.parametrize(
    ("lesson", "fmt", "given", "net", "has"),
    [
        (None, "html", True, "toy_2_2_1", True),
        (None, "html", False, "toy_2_2_1", False),
        (None, "text", True, "toy_2_2_1", False),
        (None, "html", True, "lstm", False),  # of 35 equations
        (False, "html", True, "toy_2_2_1", False),
        (True, "text", False, "toy_2_2_1", True),
    ],
)
def test_html_of_an_example_has_a_lesson(
    lesson: bool | None, fmt: str, given: bool, net: str, has: bool
) -> None:
    example = Example() if given else None
    assert derive.is_lesson(_asked(lesson), fmt, of_example(net), example) is has


def test_a_lesson_that_nobody_asked_for_costs_nobody_the_page(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where it is refused it is left out, which is said; where it is asked for nothing is printed."""

    def made(asked: derive.Asked, *_: Any) -> tuple[str, str]:
        if asked.lesson:
            raise NetError("a number would be false", "report it")
        return "the page\n", ""

    monkeypatch.setattr(derive, "_made", made)
    file = str(tmp_path / "net.html")
    said = CliRunner().invoke(main, ["derive", str(NET), "-o", file])
    assert (said.exit_code, Path(file).read_text()) == (0, "the page\n")
    assert said.stderr == f"bpgen: {NET}: the lesson is left out: a number would be false\n"
    said = CliRunner().invoke(main, ["derive", "--lesson", str(NET), "-f", "html"])
    assert (said.exit_code, said.stdout) == (2, "")
