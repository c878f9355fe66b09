"""Words of numpy and torch: a net.py that has one is told what to write, and that is the same."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from bpgen.declare.declaration import declaring
from bpgen.errors import NetError
from bpgen.foreign import WRITTEN, code_of, instead
from bpgen.load import declared_by
from tests.conftest import emitted

GIVEN = """from bpgen import *
import numpy as np
x, u, z, a, y, keep = input(3), input(3), input(3), input(3), input(3), input(3)
W = input(3, 3)
i, j, k = indices("i j k")
s = sum(x) + sum(u) + sum(z) + sum(a) + sum(y) + sum(keep) + sum(W)
"""
END = "\noutput(r, s)\n"
OWN = {  # words that are of another x
    "Conv2d": "x = input(1, 8, 8)",
    "Conv2D": "x = input(1, 8, 8)",
    "LSTM": "x = input(5, 3)",
    "GRU": "x = input(5, 3)",
    "Embedding": "x = input(below=9)",
    "Conv1d": "x = input(1, 8)",
    "MaxPool2d": "x = input(1, 8, 8)",
    "MaxPool2D": "x = input(1, 8, 8)",
    "MaxPooling2D": "x = input(1, 8, 8)",
    "AvgPool2d": "x = input(1, 8, 8)",
    "GroupNorm": "x = input(4, 8, 8)",
    "MultiheadAttention": "x = input(5, 4)",
    "gather": "x, k = input(9), input(2, below=9)",
    "take": "x, k = input(9), input(2, below=9)",
    "index_select": "x, k = input(9), input(2, below=9)",
    "scatter_add": "k, j = input(9, below=4), indices('j')",
    "index_add": "k, j = input(9, below=4), indices('j')",
    "NLLLoss": "logp, label = input(9), input(below=9)",
    "nll_loss": "logp, label = input(9), input(below=9)",
}


def test_what_is_to_be_written_can_be() -> None:
    """All of the table in one net.py, which is run, and no more."""
    codes = {word: code for word in WRITTEN if (code := code_of(word))}
    lines = {word: f"{'' if ' = ' in code else 'r = '}{code}" for word, code in codes.items()}
    own = [f"{given}\n{lines.pop(word)}" for word, given in OWN.items()]
    with declaring("net.py"):
        exec("\n".join((GIVEN, *lines.values(), *own)), {})


@pytest.mark.parametrize("given", [(), ("x",), ("*xs",), ("<an object>", "k=1"), tuple("xyzuv")])
def test_every_row_says_something_whatever_it_is_given(given: tuple[str, ...]) -> None:
    assert all(instead(word, given) for word in WRITTEN)


def test_what_is_nested_too_deeply_is_left_out() -> None:
    deep = "+".join(["x"] * 2000)
    with pytest.raises(NetError, match=r"write tensor\(\(\.\.\.\)\[i\] \* x\[j\], i, j\)"):
        declared_by(f"{GIVEN}r = outer({deep}, x)\n")


OF_NUMPY: dict[str, Callable[..., Any]] = {
    "matmul(W, x)": lambda v: v["W"] @ v["x"],
    "einsum('ij,j->i', W, x)": lambda v: v["W"] @ v["x"],
    "einsum('ij,kj', W, W)": lambda v: v["W"] @ v["W"].T,
    "einsum('i,i', x, u + x)": lambda v: v["x"] @ (v["u"] + v["x"]),
    "einsum('ij->ji', W)": lambda v: v["W"].T,
    "inner(x, u)": lambda v: v["x"] @ v["u"],
    "outer(x, u - x)": lambda v: np.outer(v["x"], v["u"] - v["x"]),
    "kron(x, u)": lambda v: np.kron(v["x"], v["u"]),
    "trace(W)": lambda v: np.trace(v["W"]),
    "diag(W)": lambda v: np.diag(v["W"]),
    "linalg.norm(x)": lambda v: np.linalg.norm(v["x"]),
    "var(x)": lambda v: np.var(v["x"]),
    "std(x)": lambda v: np.std(v["x"]),
    "prod(x)": lambda v: np.prod(v["x"]),
    "amin(x)": lambda v: np.min(v["x"]),
    "power(x, u)": lambda v: v["x"] ** v["u"],
    "torch.square(x - u)": lambda v: (v["x"] - v["u"]) ** 2,
    "exp2(x)": lambda v: np.exp2(v["x"]),
    "math.log1p(x)": lambda v: np.log1p(v["x"]),
    "reciprocal(x)": lambda v: 1 / v["x"],
    "hypot(x, u)": lambda v: np.hypot(v["x"], v["u"]),
    "arctanh(x)": lambda v: np.arctanh(v["x"]),
    "arcsin(x)": lambda v: np.arcsin(v["x"]),
    "arccos(x)": lambda v: np.arccos(v["x"]),
    "maximum(x, u)": lambda v: np.maximum(v["x"], v["u"]),
    "minimum(x, u)": lambda v: np.minimum(v["x"], v["u"]),
    "torch.fmin(x, 0.5)": lambda v: np.fmin(v["x"], 0.5),
    "torch.max(x, u)": lambda v: np.maximum(v["x"], v["u"]),
    "max(0.4, W)": lambda v: np.maximum(v["W"], 0.4),
    "min([x, u, W])": lambda v: np.minimum(np.minimum(v["x"], v["u"]), v["W"]),
    "min(x) + min(x[i], i)": lambda v: 2 * np.min(v["x"]),
    "torch.min(W, dim=1)": lambda v: np.min(v["W"], axis=1),
    "max([min(3, 5), 2], key=abs) * x": lambda v: 3 * v["x"],
    "x.clip(0.3, 0.6)": lambda v: np.clip(v["x"], 0.3, 0.6),
    "x.clamp(min=0.3)": lambda v: np.maximum(v["x"], 0.3),
    "torch.clamp(x, max=0.6)": lambda v: np.minimum(v["x"], 0.6),
    "x.unsqueeze(-1)": lambda v: v["x"][:, None],
    "x.unsqueeze(0)": lambda v: v["x"][None],
    "W.view(1, 9)": lambda v: v["W"].reshape(1, 9),
    "W.view(-1, 9)": lambda v: v["W"].reshape(9),
    "clamp(x, min=0.3, max=0.6)": lambda v: np.clip(v["x"], 0.3, 0.6),
    "x.reshape(-1)": lambda v: v["x"],
    "W.reshape((1, 9))": lambda v: v["W"].reshape(1, 9),
    "W.t()": lambda v: v["W"].T,
    "W.mean(axis=0)": lambda v: v["W"].mean(axis=0),
    "torch.sum(W, dim=1, keepdim=True)": lambda v: v["W"].sum(axis=1),
    "np.sum(W, axis=0)": lambda v: v["W"].sum(axis=0),
    "np.maximum(x, u)": lambda v: np.maximum(v["x"], v["u"]),
    "cat([x, u])": lambda v: np.concatenate([v["x"], v["u"]]),
    "cumsum(x)": lambda v: np.cumsum(v["x"]),
    "cumprod(x)": lambda v: np.cumprod(v["x"]),
    "tril(W)": lambda v: np.tril(v["W"]),
    "triu(W)": lambda v: np.triu(v["W"]),
    "cdist(W, W.T)": lambda v: np.linalg.norm(v["W"][:, None] - v["W"].T, axis=2),
    "normalize(x)": lambda v: v["x"] / np.linalg.norm(v["x"]),
    "lerp(x, u, 0.3)": lambda v: v["x"] + 0.3 * (v["u"] - v["x"]),
    "logaddexp(900 * x, 900 * u)": lambda v: np.logaddexp(900 * v["x"], 900 * v["u"]),
    "torch.logit(x)": lambda v: np.log(v["x"] / (1 - v["x"])),
    "x.mul(u)": lambda v: v["x"] * v["u"],
    "torch.neg(x)": lambda v: -v["x"],
    "stack([x, u])": lambda v: np.stack([v["x"], v["u"]]),
    "W[0]": lambda v: v["W"][0],
    "W[:, 1]": lambda v: v["W"][:, 1],
    "x[1:]": lambda v: v["x"][1:],
    "x[::2]": lambda v: v["x"][::2],
    "x[::-1]": lambda v: v["x"][::-1],
    "W[1:, 2]": lambda v: v["W"][1:, 2],
    "W[:, :2]": lambda v: v["W"][:, :2],
    "W[..., 0]": lambda v: v["W"][..., 0],
    "x[:, None]": lambda v: v["x"][:, None],
    "W[None]": lambda v: v["W"][None],
    "log10(x)": lambda v: np.log10(v["x"]),
    "log2(x) * pi": lambda v: np.log2(v["x"]) * np.pi,
}


def advised(code: str) -> str:
    """What a net.py with this formula is told to write, as lines that make r; the formula itself
    where it is told nothing.
    """
    try:
        declared_by(f"{GIVEN}r = {code}{END}")
    except NetError as error:
        code = error.remedy.partition("write ")[2]
        code = re.split(", where |: ", code)[0]
    made = re.match(r"(\w+) = .*; ", code)
    return f"{code}\nr = 1 * {made[1]}" if made else f"r = 1 * ({code})"


@pytest.mark.slow
@pytest.mark.parametrize("code", OF_NUMPY)
def test_it_has_the_values_of_numpys(code: str) -> None:
    rng = np.random.default_rng(1)
    values = {n: rng.uniform(0.1, 0.9, s) for n, s in (("x", 3), ("u", 3), ("W", (3, 3)))}
    module = emitted(f"{GIVEN}{advised(code)}{END}")
    given = (values.get(n, values["x"])[None] for n in module.INPUTS)
    (result, _), _ = module.forward({}, *given)
    expected = OF_NUMPY[code](values)
    assert np.shape(result)[1:] == np.shape(expected)
    np.testing.assert_allclose(result[0], expected, rtol=1e-12)
