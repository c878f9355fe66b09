"""What an emitted module lets in at its door, and what it refuses in the caller's words: never a
silent broadcast, never a label from the end.
"""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from typing import Any

import numpy as np
import pytest

from bpgen.emit import FAST
from bpgen.emit import emitted as text
from tests.conftest import derived, emitted, example, module_of

Change = Callable[[dict[str, Any], Any, Any], tuple[Any, Any, Any]]


def of_x(change: Callable[[Any], Any]) -> Change:
    return lambda p, x, y: (p, change(x), y)


def of_W(change: Callable[[Any], Any]) -> Change:
    return lambda p, x, y: ({**p, "W1": change(p["W1"])}, x, y)


def read_only(x: Any) -> Any:
    x.flags.writeable = False
    return x


class Metres(np.ndarray):
    """Arrays that mean more than their numbers."""


LET_IN = {
    "lists": lambda p, x, y: (p, x.tolist(), y.tolist()),
    "tuples": lambda p, x, y: (p, tuple(map(tuple, x)), y),
    "integers": of_x(lambda x: x.astype(int)),
    "unsigned integers": of_x(lambda x: x.astype(np.uint8)),
    "booleans": of_x(lambda x: x.astype(bool)),
    "float16": of_x(lambda x: x.astype(np.float16)),
    "float32": of_x(lambda x: x.astype(np.float32)),
    "the other byte order": of_x(lambda x: x.astype(x.dtype.newbyteorder())),
    "strided": of_x(lambda x: np.repeat(x, 2, axis=0)[::2]),
    "backward": of_x(lambda x: x[::-1].copy()[::-1]),
    "a column of a wider array": lambda p, x, y: (p, x, np.hstack([y, y])[:, :1]),
    "in Fortran's order": of_x(np.asfortranarray),
    "read-only": lambda p, x, y: ({k: read_only(v) for k, v in p.items()}, read_only(x), y),
    "a parameter as a view": of_W(lambda w: np.stack([w, w])[1]),
}


@pytest.mark.parametrize("what", LET_IN)
def test_what_is_let_in(what: str) -> None:
    """It gives the same numbers, and stays as it was."""
    m = example("toy_2_2_1")
    given = m.init(0), np.array([[0.0, 1.0], [1.0, 1.0], [1.0, 0.0]]), np.ones((3, 1))
    loss, grads = m.loss_and_grad(*given)
    changed = LET_IN[what](*given)
    kept = deepcopy(changed)
    again, others = m.loss_and_grad(*changed)
    for now, before in zip(
        (*changed[0].values(), *changed[1:]), (*kept[0].values(), *kept[1:]), strict=True
    ):
        np.testing.assert_array_equal(now, before)
    assert again == pytest.approx(loss, rel=1e-14)
    for name, grad in grads.items():
        np.testing.assert_allclose(others[name], grad, rtol=1e-14)


MASKED = "<class 'numpy.ma.MaskedArray'>"
REFUSED: dict[str, tuple[Change, str]] = {
    "missing parameter": (lambda p, x, y: ({"W1": p["W1"]}, x, y), "params: b1 is missing"),
    "unknown parameter": (
        lambda p, x, y: ({**p, "V": x}, x, y),
        "params: V is no parameter of this network",
    ),
    "misshapen parameter": (
        lambda p, x, y: ({**p, "b1": x}, x, y),
        "params: b1 needs shape (2,), not (3, 2)",
    ),
    "a parameter that would broadcast": (
        of_W(lambda w: w[:1]),
        "params: W1 needs shape (2, 2), not (1, 2)",
    ),
    "no parameters": (
        lambda p, x, y: (None, x, y),
        "params is <class 'NoneType'>, not a dict of arrays",
    ),
    "parameters in a list": (
        lambda p, x, y: ([*p.values()], x, y),
        "params is <class 'list'>, not a dict of arrays",
    ),
    "arguments swapped": (
        lambda p, x, y: (x, p, y),
        "params is <class 'numpy.ndarray'>, not a dict of arrays",
    ),
    "a parameter as a list": (
        of_W(lambda w: w.tolist()),
        "params: W1 is <class 'list'>, not an array",
    ),
    "a masked parameter": (
        of_W(np.ma.masked_array),
        f"params: W1 is {MASKED}, not a plain array",
    ),
    "a parameter of objects": (
        of_W(lambda w: w.astype(object)),
        "params: W1 holds object, not floats",
    ),
    "a parameter of whole numbers": (
        of_W(lambda w: w.astype(int)),
        "params: W1 holds int64, not floats",
    ),
    "a parameter of words": (of_W(lambda w: w.astype("U8")), "params: W1 holds <U8, not floats"),
    "one sample": (
        of_x(lambda x: x[0]),
        "x needs shape (N, 2), not (2,); for one sample give x[None]",
    ),
    "a number": (of_x(lambda _: 1.0), "x needs shape (N, 2), not ()"),
    "another axis": (of_x(lambda x: x[None]), "x needs shape (N, 2), not (1, 3, 2)"),
    "transposed": (of_x(np.transpose), "x needs shape (N, 2), not (2, 3)"),
    "wrong width": (of_x(lambda x: x[:, :1]), "x needs shape (N, 2), not (3, 1)"),
    "no width": (of_x(lambda x: x[:, :0]), "x needs shape (N, 2), not (3, 0)"),
    "(N,) against (N, 1)": (lambda p, x, y: (p, x, y[:, 0]), "y needs shape (3, 1), not (3,)"),
    "another batch's target": (lambda p, x, y: (p, x, y[:2]), "y needs shape (3, 1), not (2, 1)"),
    "one target for all": (lambda p, x, y: (p, x, y[:1]), "y needs shape (3, 1), not (1, 1)"),
    "empty batch": (lambda p, x, y: (p, x[:0], y[:0]), "x is an empty batch"),
    "objects": (of_x(lambda x: x.astype(object)), "x holds object, not real numbers"),
    "nothing": (of_x(lambda _: None), "x holds object, not real numbers"),
    "words": (of_x(lambda x: x.astype("U8")), "x holds <U8, not real numbers"),
    "dates": (of_x(lambda x: x.astype("M8[s]")), "x holds datetime64[s], not real numbers"),
    "records": (
        of_x(lambda x: x.astype([("a", float)])),
        "x holds [('a', '<f8')], not real numbers",
    ),
    "masked": (
        of_x(lambda x: np.ma.masked_array(x, x > 0)),
        f"x is {MASKED}, not a plain array",
    ),
    "masked target": (
        lambda p, x, y: (p, x, np.ma.masked_array(y)),
        f"y is {MASKED}, not a plain array",
    ),
    "a subclass": (
        of_x(lambda x: x.view(Metres)),
        f"x is {Metres}, not a plain array",
    ),
}


@pytest.mark.parametrize("what", REFUSED)
def test_what_is_refused(what: str) -> None:
    change, message = REFUSED[what]
    m = example("toy_2_2_1")
    with pytest.raises((ValueError, TypeError)) as caught:
        m.loss(*change(m.init(0), np.ones((3, 2)), np.ones((3, 1))))
    assert str(caught.value) == message


SCALARS = {
    "a word": ("f8", "params: slope1 holds <U2, not floats"),
    "bytes": (b"f8", "params: slope1 holds |S2, not floats"),
    "nothing": (None, "params: slope1 holds object, not floats"),
    "a type": (float, "params: slope1 holds object, not floats"),
    "a whole number": (1, "params: slope1 holds int64, not floats"),
    "a masked number": (
        np.ma.masked_array(0.3, True),
        f"params: slope1 is {MASKED}, not a plain array",
    ),
    "a list": ([0.3], "params: slope1 needs shape (), not (1,)"),
}


@pytest.mark.parametrize("what", SCALARS)
def test_scalar_parameters_that_are_refused(what: str) -> None:
    value, message = SCALARS[what]
    m = emitted("from bpgen import *\nx = input(2)\na = prelu(x)\noutput(a)\n")
    with pytest.raises((ValueError, TypeError)) as caught:
        m.forward({"slope1": value}, np.ones((3, 2)))
    assert str(caught.value) == message


@pytest.mark.parametrize("value", [0.25, np.float64(0.25), np.array(0.25), np.float32(0.25)])
def test_scalar_parameters_that_are_let_in(value: Any) -> None:
    m = emitted("from bpgen import *\nx = input(2)\na = prelu(x)\noutput(a)\n")
    output, _ = m.forward({"slope1": value}, -np.ones((3, 2)))
    assert np.all(output == -0.25)


ONE_HOT = "y has a one-hot row for each label: give y.argmax(-1), or declare it one_hot(10)"
LABELS = {
    "beyond the last": ([0, 10, 1], "y has a label outside 0 .. 9"),
    "negative": ([0, -1, 1], "y has a label outside 0 .. 9"),
    "beyond any": (np.array([2**63, 0, 1], np.uint64), "y has a label outside 0 .. 9"),
    "floats": ([0.0, 1.0, 2.0], "y holds float64, not whole numbers"),
    "booleans": ([True, False, True], "y holds bool, not whole numbers"),
    "objects": (np.array([0, 1, 2], object), "y holds object, not whole numbers"),
    "words": (["0", "1", "2"], "y holds <U1, not whole numbers"),
    "a one-hot row for each": (np.eye(10, dtype=int)[:3], ONE_HOT),
    "a one-hot row of floats": (np.eye(10)[:3], ONE_HOT),
    "rows of no classes": (np.eye(9, dtype=int)[:3], "y needs shape (3,), not (3, 9)"),
    "a column": ([[0], [1], [2]], "y needs shape (3,), not (3, 1)"),
    "one": (1, "y needs shape (3,), not (); for one sample give y[None]"),
    "of another batch": ([0, 1], "y needs shape (3,), not (2,)"),
    "masked": (np.ma.masked_array([0, 1, 2], [1, 0, 0]), f"y is {MASKED}, not a plain array"),
}


@pytest.mark.parametrize("what", LABELS)
def test_labels_that_are_refused(what: str) -> None:
    labels, message = LABELS[what]
    m = example("digits")
    with pytest.raises((ValueError, TypeError)) as caught:
        m.loss(m.init(0), np.ones((3, 64)), labels)
    assert str(caught.value) == message


@pytest.mark.parametrize("dtype", [np.int8, np.uint8, np.int32, np.int64, np.uint64])
def test_labels_of_any_whole_numbers(dtype: type) -> None:
    m = example("digits")
    x, labels = np.ones((3, 64)), [0, 9, 1]
    found = m.loss(m.init(0), x, np.array(labels, dtype))
    assert found == m.loss(m.init(0), x, labels)


def test_rows_of_a_one_hot_target_sum_to_one() -> None:
    m = example("softmax_regression")
    with pytest.raises(ValueError, match="y has a row that does not sum to 1"):
        m.loss(m.init(0), np.ones((2, 3)), np.ones((2, 4)))


@pytest.mark.parametrize("target", ["numpy", FAST, "array-api"])
def test_a_seed_is_no_generator(target: str) -> None:
    """init takes either; each mask of a pass would begin a seed anew."""
    m = module_of(text(derived("from bpgen import *\noutput(dropout(input(2), 0.5))\n"), target))
    m.forward({}, np.ones((2, 2)), np.random.default_rng(0))
    with pytest.raises(TypeError, match=r"rng is <class 'int'>: give np\.random\.default_rng"):
        m.forward({}, np.ones((2, 2)), 0)


def test_whole_numbers_as_inputs() -> None:
    """What a table is read at is held to its rows."""
    m = emitted("from bpgen import *\nx = input('T', below=4)\na = embedding(x, 4, 2)\noutput(a)\n")
    params = m.init(0)
    for given, message in (
        ([[0, 4]], "x has a label outside 0 .. 3"),
        ([[0, -1]], "x has a label outside 0 .. 3"),
        ([[0.0, 1.0]], "x holds float64, not whole numbers"),
        ([0, 1], "x needs shape (N, T), not (2,)"),
    ):
        with pytest.raises((ValueError, TypeError)) as caught:
            m.forward(params, np.array(given))
        assert str(caught.value) == message


def test_a_length_of_zero() -> None:
    m = emitted(
        'from bpgen import *\nt, x, k = indices("t"), input("T"), input("S", below=3)\n'
        "w = param(3)\ns = indices('s')\nL = loss(mean(x[t] ** 2, t) * sum(w[k[s]], s))\n"
    )
    p = {"w": np.ones(3)}
    for arguments, message in (
        ((np.ones((2, 0)), np.ones((2, 1), int)), "x is empty: its shape is (2, 0)"),
        ((np.ones((2, 1)), np.ones((2, 0), int)), "k is empty: its shape is (2, 0)"),
    ):
        with pytest.raises(ValueError) as caught:
            m.forward(p, *arguments)
        assert str(caught.value) == message


@pytest.mark.parametrize(
    ("line", "refused"),
    [
        ("L = loss(categorical_cross_entropy_with_logits(z, y, ignore=1))", True),  # 0/0
        ("u = tensor(sum(z[t, j], t, j))\nL = loss(sum(v[i] / u, i))", True),
        ("u = tensor(sum(z[t, j], t, j) + 1)\nL = loss(sum(v[i] / u, i))", False),
        ("u = tensor(sum(z[t, j], t), j)\nL = loss(sum(z[t, j] / u[j], t, j) * v[0])", False),
    ],
)
def test_a_sum_of_none_divides_nothing(line: str, refused: bool) -> None:
    targets = "y = label(2, 'T')" if "y" in line else "v = target(3)"
    m = emitted(
        f"from bpgen import *\nx = input('T', 3)\n{targets}\nt, i, j = indices('t i j')\n"
        f"z = x @ param(2, 3).T\n{line}\n"
    )
    given = np.zeros((2, 0, 3)), np.zeros((2, 0), int) if "y" in line else np.ones((2, 3))
    if not refused:
        assert np.isfinite(m.loss(m.init(0), *given))
        return
    with pytest.raises(ValueError, match=r"^x is empty: its shape is "):
        m.loss(m.init(0), *given)


def test_states_and_upstream_gradients() -> None:
    m = emitted("from bpgen import *\nx, s = input(2), state(2)\na = x * s\noutput(a)\n")
    x = np.ones((3, 2))
    _, cache = m.forward({}, x, np.ones(2))
    for arguments, message in (
        ((x, np.ones((3, 2))), "s needs shape (2,), not (3, 2)"),
        ((x, np.ones(1)), "s needs shape (2,), not (1,)"),
        ((x, np.array(["a", "b"])), "s holds <U1, not real numbers"),
        ((x, np.ma.masked_array([1.0, 2.0])), f"s is {MASKED}, not a plain array"),
    ):
        with pytest.raises((ValueError, TypeError)) as caught:
            m.forward({}, *arguments)
        assert str(caught.value) == message
    for given, message in (
        (np.ones(2), "d_a needs shape (3, 2), not (2,); for one sample give d_a[None]"),
        (np.ones((1, 2)), "d_a needs shape (3, 2), not (1, 2)"),
        (1.0, "d_a needs shape (3, 2), not ()"),
    ):
        with pytest.raises(ValueError) as caught:
            m.backward({}, cache, given)
        assert str(caught.value) == message


def test_lengths_that_must_agree() -> None:
    m = emitted(
        "from bpgen import *\nx, y = input('T', 2), target('T', 2)\nW = param(2, 2)\n"
        "a = x @ W\nL = loss(squared_error(a, y))\n"
    )
    params = m.init(0)
    with pytest.raises(ValueError) as caught:
        m.loss(params, np.ones((3, 4, 2)), np.ones((3, 5, 2)))
    assert str(caught.value) == "y needs shape (3, 4, 2), not (3, 5, 2)"


CACHE = "backward needs the cache, the second of what forward returns"
CACHES: dict[str, tuple[Callable[..., Any], str]] = {
    "the output": (
        lambda p, a, c: (p, a),
        f"{CACHE}, not <class 'numpy.ndarray'>",
    ),
    "both that forward returns": (
        lambda p, a, c: (p, (a, c)),
        f"{CACHE}, not <class 'tuple'>",
    ),
    "an empty one": (
        lambda p, a, c: (p, {}),
        f"{CACHE}: x is missing",
    ),
    "the parameters": (
        lambda p, a, c: (c, p),
        f"{CACHE}: x is missing",
    ),
}


@pytest.mark.parametrize("what", CACHES)
def test_what_is_no_cache(what: str) -> None:
    change, message = CACHES[what]
    m = example("toy_2_2_1")
    params, x, y = m.init(0), np.ones((3, 2)), np.ones((3, 1))
    with pytest.raises((ValueError, TypeError)) as caught:
        m.backward(*change(params, *m.forward(params, x)), y)
    assert str(caught.value) == message


def test_flat_parameters() -> None:
    m = example("toy_2_2_1")
    with pytest.raises(ValueError) as caught:
        m.unpack(np.ones((9, 1)))
    assert str(caught.value) == "flat needs shape (9,), not (9, 1)"
    with pytest.raises(TypeError) as other:
        m.unpack(np.arange(9))
    assert str(other.value) == "flat holds int64, not floats"
    assert m.unpack([0.5] * 9)["b1"].tolist() == [0.5, 0.5]
    with pytest.raises(ValueError, match="params: W1 is missing"):
        m.pack({})


def test_a_sequence_without_steps() -> None:
    m = emitted("from bpgen import *\nx = input('T', below=4)\na = embedding(x, 4, 2)\noutput(a)\n")
    output, _ = m.forward(m.init(0), np.zeros((3, 0), int))
    assert output.shape == (3, 0, 2)


@pytest.mark.parametrize("target", ["numpy", "numpy, planned", "array-api"])
def test_the_largest_at_each_of_no_steps(target: str) -> None:
    net = "t, k = indices('t k')\nx = input('T', 3)\nm = tensor(max(x[t, k], k), t)\noutput(m)\n"
    m = module_of(text(derived(f"from bpgen import *\n{net}"), target))
    output, cache = m.forward({}, np.zeros((2, 0, 3)))
    assert output.shape == (2, 0)
    assert m.backward({}, cache, output, inputs=True)["x"].shape == (2, 0, 3)
