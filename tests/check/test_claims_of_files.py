"""Claims of a file: functions of numpy, lines of text; and the command that judges them."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from bpgen.cli import main
from bpgen.commands.claims import answered
from bpgen.errors import NetError
from tests.check.claimed import TOY, court
from tests.conftest import ROOT

PROGRAM = '''"""Gradients by hand."""
import numpy as np
from numpy import exp


def sigma(z):
    return 1 / (1 + exp(-z))


def delta2(z2, y):
    a = sigma(z2)
    return (a - y) * a * (1 - a)


def delta1(W2, delta2, a1):
    return (W2.T @ delta2) * a1


def backward(params, cache, y):
    a1, a2, N = cache["a1"], cache["a2"], len(y)
    d2 = (a2 - y) * a2 * (1 - a2) / N
    params["W2"] -= 0.5 * (d2.T @ a1)
    d1 = (d2 @ params["W2"]) * a1 * (1 - a1)
    return {"W2": d2.T @ a1, "db2": d2.sum(axis=0), "dW1": d1.T @ cache["x"]}
'''


def test_functions_of_a_file(tmp_path: Path) -> None:
    path = tmp_path / "grads.py"
    path.write_text(PROGRAM)
    found = court(TOY).answers(str(path))
    assert [a.text.removeprefix(f"{path}: ") for a in found] == [
        "delta2",
        "delta1",
        "backward's W2",
        "backward's db2",
        "backward's dW1",
    ]
    assert [a.right for a in found] == [True, False, True, True, False]
    assert all(a.verdict.exact for a in found if a.right)
    assert found[1].reason == "the derivative of the activation: 1 - a1 is missing"
    assert found[4].reason == ("weights after their update: W2 belongs where W2 - 0.5 * dW2 stands")


def test_functions_that_need_floats_are_looked_at_by_numbers(tmp_path: Path) -> None:
    path = tmp_path / "grads.py"
    path.write_text("import math\ndef da2(a2, y):\n    return [math.fsum([a2[0], -y[0]])]\n")
    (found,) = court(TOY).answers(str(path))
    assert (found.right, found.verdict.exact, found.verdict.points) == (True, False, 8)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("def f(x): return x", "no function is named like a gradient"),
        ("def delta1(q): return q", "the network has no q"),
        ("1 / 0", "ZeroDivisionError: division by zero"),
        ("def delta1(:", "syntax error"),
        ("def backward(params): return 3", "backward returns no dict"),
        ("def backward(params): return {'q': 3}", "the network has no q"),
        ("def delta1(x): return x.nothing", "AttributeError"),
    ],
)
def test_files_that_claim_nothing(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "grads.py"
    path.write_text(text + "\n")
    with pytest.raises(NetError, match=said):
        court(TOY).answers(str(path))


def test_a_file_that_is_not_there() -> None:
    with pytest.raises(NetError, match=r"nowhere.py cannot be read: No such file or directory"):
        court(TOY).answers("nowhere.py")


def test_functions_of_any_size(tmp_path: Path) -> None:
    path = tmp_path / "grads.py"
    text = "from numpy import exp\n\ndef a1(z1):\n    return 1 / (1 + exp(-z1))\n"
    path.write_text(text + "\ndef L(a2, y, N):\n    return ((a2 - y) ** 2).sum() / 2 / N\n")
    found = court(TOY).answers(str(path))
    assert [(a.right, a.verdict.exact) for a in found] == [(True, True), (True, True)]


def test_the_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("net.py").write_text(TOY)
    right, wrong = "da1 = W2.T @ delta2", "da1 = W2 @ delta2"
    both = CliRunner().invoke(main, ["check", "net.py", "--claim", right, "--claim", wrong])
    assert (both.exit_code, both.stderr) == (1, "")
    assert both.stdout == (
        "net.py\n"
        "da1 = W2.T @ delta2\n"
        "  equal, exactly (of one sample)\n"
        "da1 = W2 @ delta2\n"
        "  not equal: W2 @ delta2 has the shapes 1x2 and 1\n"
        "  likeliest reason, a transpose: W2.T belongs where W2 stands\n"
        "  true is da1 = W2.T @ delta2\n"
        "the claims alone were looked at: `bpgen check net.py` proves the module and the page\n"
    )
    assert CliRunner().invoke(main, ["check", "net.py", "--claim", right]).exit_code == 0
    refused = CliRunner().invoke(main, ["check", "net.py", "--claim", "da1 = q"])
    assert (refused.exit_code, refused.stdout) == (2, "")


def test_claims_are_not_of_a_module() -> None:
    with pytest.raises(NetError, match="claims are of a network"):
        answered(str(ROOT / "generated" / "toy_2_2_1.py"), ["da1 = x"])
