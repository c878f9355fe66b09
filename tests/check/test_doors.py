"""Every door of a module is tried: without one of its calls, or one of its refusals, it is found."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from bpgen.check.module import Subject
from bpgen.check.promises.doors import refusing
from bpgen.cli import main
from bpgen.emit import emit
from bpgen.load import declared_by
from tests.few import one_in

HEAD = "from bpgen import *\n"
NETS = {
    "one-hot rows": "x, y = input(3), one_hot(4)\n"
    "L = loss(categorical_cross_entropy_with_logits(dense(x, 4), y))\n",
    "labels of steps": 'x, y = input("T", below=5), label(4, "T")\n'
    "L = loss(categorical_cross_entropy_with_logits(dense(embedding(x, 5, 3), 4), y))\n",
    "a function": "x, w = input(3), input()\ns = sum(x) * w\nz = dense(x, 2)\noutput(s, z)\n",
    "what samples share": "n, i, x, w = samples(), indices('i'), input(2), param(2)\n"
    "v = tensor(mean(sum(x[n,i] ** 2, i), n))\nm = tensor(mean(w[i] * x[n,i] ** 3, n), i)\n"
    "output(v, m, sum(x))\n",
    "a running mean": "x, y = input(3), target(2)\n"
    "L = loss(squared_error(dense(batch_norm(x), 2), y))\n",
    "a state": "x, y, m = input(3), target(2), state(2)\n"
    "L = loss(squared_error(dense(x, 2) * m, y))\n",
}
CALL = re.compile(r"^ +(?:(\w+) = )?_(check|left_by_forward|array|labels|one_hot|state)\(.*$", re.M)
RAISE = re.compile(r"^( +)raise (?:TypeError|ValueError)\(.*$", re.M)


# What is refused even so, by another line of the text: in words that help less.
REFUSED_OTHERWISE = [
    ("has a one-hot row", "holds {array.dtype}, not whole numbers"),
    ("is an empty batch", "is empty: its shape is"),
]


def _mutants(text: str) -> dict[str, str]:
    """The text without a call of a door, or without a refusal of one."""
    found = {}
    inside = text.index("def _check(")
    for match in CALL.finditer(text):
        name = match[1]
        if name != "array":
            passed = f"    {name} = np.asarray({name})" if name else "    pass"
            found[f"{match[0].strip()} at {match.start()}"] = _without(text, match, passed)
    for match in RAISE.finditer(text, inside):
        found[match[0].strip()] = _without(text, match, f"{match[1]}pass")
    return found


def _without(text: str, match: re.Match[str], instead: str) -> str:
    return text[: match.start()] + instead + text[match.end() :]


def _subject(net: str, change: Callable[[str], str] = str) -> Subject:
    network = declared_by(HEAD + net)
    return Subject(change(emit(network)), network)


def _found(subject: Subject) -> list[str]:
    return [str(f) for f in refusing(subject, subject.draw(np.random.default_rng(0), 2))]


@pytest.mark.parametrize("name", one_in(2, [*NETS]))
def test_a_door_left_out_is_found(name: str) -> None:
    network = declared_by(HEAD + NETS[name])
    text = emit(network)
    assert not _found(Subject(text, network))
    mutants = _mutants(text)
    assert len(mutants) > 14
    for what, wrong in mutants.items():
        left_out = [instead for refusal, instead in REFUSED_OTHERWISE if refusal in what]
        assert _found(Subject(wrong, network)) or any(i in text for i in left_out), what


@pytest.mark.parametrize("known", [True, False], ids=["of a network", "alone"])
def test_what_samples_share_has_no_batch_to_be_wrong(known: bool) -> None:
    """It is a number, or a vector of a length that every batch has."""
    network = declared_by(HEAD + NETS["what samples share"])
    text = emit(network)
    of = network if known else None
    assert not _found(Subject(text, of))
    refusal = '        raise ValueError(f"{name} needs shape {shape}, not {array.shape}")'
    was = f"array.shape != shape:\n{refusal}"
    ranks = text.replace(was, f"array.ndim != len(shape):\n{refusal}")
    assert ranks != text
    assert "cotangent 2: it is accepted with axis 0 of 1" in _found(Subject(ranks, of))
    let_in = text.replace('_state("d_v", d_v, (), params)', "np.asarray(d_v)")
    assert let_in != text
    assert "cotangent 1: it is accepted with an axis too many" in _found(Subject(let_in, of))


def test_what_comes_to_a_sample_has_the_width_of_its_output() -> None:
    """Of a network, and of a module alone."""
    network = declared_by(HEAD + NETS["a function"])
    text = emit(network)
    widths = text.replace('"d_z", d_z, (2,)', '"d_z", d_z, ("K",)')
    assert widths != text
    for of in (network, None):
        assert any("cotangent 2" in f and "axis 1" in f for f in _found(Subject(widths, of)))


def test_an_error_of_numpys_is_no_refusal() -> None:
    """A wrong shape is an error anyway, in words that name no argument."""
    subject = _subject(NETS["a state"], lambda text: text.replace("    _check(params)\n", ""))
    found = _found(subject)
    assert "b1: it is accepted with whole numbers" in found
    assert any(
        f.startswith("W1: it is accepted with an axis too many, and then raises ValueError")
        for f in found
    )


def test_check_fails_without_a_door(tmp_path: Path) -> None:
    """`bpgen check` of a module that lets anything in."""
    path = tmp_path / "net.py"
    path.write_text(emit(declared_by(HEAD + NETS["one-hot rows"])))
    assert CliRunner().invoke(main, ["check", str(path)]).exit_code == 0
    path.write_text(path.read_text().replace("    _check(params)\n", ""))
    done = CliRunner().invoke(main, ["check", str(path)])
    assert done.exit_code == 1 and "W1: it is accepted with the parameter missing" in done.output
