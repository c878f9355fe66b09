"""Labels of planned modules: their logarithms, and softmaxes less one there, in few calls and exact
however sure a network is of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product
from typing import Any

import numpy as np
import pytest
from mpmath import mp, mpf

from bpgen.emit import FAST, emitted
from bpgen.ir import Index, element, length
from bpgen.planning.lowering.labels import with_less_labels
from bpgen.planning.lowering.statements import Lowering
from bpgen.planning.memory.sharing import named, shared
from bpgen.planning.nodes import Buffers
from bpgen.program.grammar import Assign, Expr, Gather, InRows, Map, Node, Read, Slot, Store
from bpgen.targets.numpy.planned import PlannedStatements
from bpgen.targets.numpy.planned_expressions import PlannedExpressions
from bpgen.targets.numpy.workspace import arrays_of
from tests.conftest import derived
from tests.few import one_in
from tests.test_planned_extremes import EXTREMES, modules, results

LOGITS = "u, w, y = input(3), param(3), label(3)\nz = u * w\n"
LOSS = "L = loss(categorical_cross_entropy_with_logits(z, y))"
DENSE = "x, y = input(4), label(3)\nz = dense(x, 3)\n"
BESIDE = (  # what else there is of the same rows
    "loss(categorical_cross_entropy_with_logits(z, y) + sum(u * log_softmax(z)))",
    "loss(sum(u * softmax(z)) + categorical_cross_entropy_with_logits(z, y))",
    "loss(sum(u * log_softmax(z)) * categorical_cross_entropy_with_logits(z, y))",
    "q = softmax(z)\noutput(q)\nloss(sum(q * u) - log(q[y]) + 2 * log(q[0]))",
    "v = label(3)\n"
    "loss(categorical_cross_entropy_with_logits(z, y) + categorical_cross_entropy_with_logits(z, v))",
)


def step_of(net: str) -> str:
    """The step of a planned module."""
    text = emitted(derived(f"from bpgen import *\n{net}"), FAST)
    return text.split("def loss_and_grad")[1].split("def workspace")[0]


def exact(logits: Any, label: int) -> tuple[mpf, list[mpf]]:
    """The loss of a row, and its gradient."""
    with mp.workdps(60):
        shares = [mp.exp(mpf(float(z)) - mpf(float(logits[label]))) for z in logits]
        others = sum(s for k, s in enumerate(shares) if k != label)
        total = 1 + others
        slopes = [-others / total if k == label else s / total for k, s in enumerate(shares)]
        return mp.log1p(others), slopes


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("label", range(3))
def test_no_digit_is_lost_where_a_label_is_sure(label: int, dtype: type) -> None:
    _, module = modules(f"{LOGITS}{LOSS}")
    params: Any = {"w": np.ones(3, dtype)}
    rounding = 16 * float(np.finfo(dtype).eps)
    for logits in ([20, 0, 1], [0, 0, 0], [0.5, 12, 12], [-1e-3, 0, -3], [0, 40, 2], [30, 30, 60]):
        u: Any = np.array([logits], dtype)
        y = np.array([label])
        loss, slopes = exact(u[0], label)
        value, _ = module.loss_and_grad(params, u, y)
        grads = module.backward(params, module.forward(params, u)[1], y, inputs=True)
        for found, meant in ((value, loss), *zip(grads["u"][0], slopes, strict=True)):
            assert float(found) == pytest.approx(float(meant), rel=rounding, abs=0), logits


def test_a_row_is_gone_through_once() -> None:
    step = step_of(f"{DENSE}{LOSS}")
    assert step.count("np.exp(") == 1 and step.count("np.expm1(") == 1
    assert step.count(".take(") == 2 and step.count(".put(") == 2
    assert "\n    delta[...] = t4_column\n    delta *= t\n" in step


@pytest.mark.parametrize("loss", one_in(2, [*BESIDE]))
def test_what_else_is_computed_of_the_rows(loss: str) -> None:
    plain, fast = modules(f"{LOGITS}{loss}")
    rng = np.random.default_rng(0)
    inputs = [3 * rng.normal(size=(6, 3))]
    targets = [rng.integers(3, size=6) for _ in fast.TARGETS]
    meant, found = (results(m, inputs, targets) for m in (plain, fast))
    for name in meant:
        assert np.allclose(found[name], meant[name], rtol=1e-13, atol=1e-14), name


def test_numbers_that_are_none_and_rows_of_minus_infinities_are_the_plain_ones() -> None:
    plain, fast = modules(f"x, y = input(3), label(3)\n{LOSS.replace('z', 'x')}")
    rows_of = [*product([np.inf, -np.inf, np.nan, 1.0], repeat=3), (1e300, -800.0, 0.0)]
    x, y = np.array(rows_of), np.full(len(rows_of), 2)
    meant, found = (results(m, [x], [y])["dx"] for m in (plain, fast))
    assert np.allclose(found, meant, rtol=1e-15, atol=1e-15, equal_nan=True)
    for row in rows_of:
        meant, found = (results(m, [np.array([row])], [y[:1]])["value"] for m in (plain, fast))
        assert np.allclose(found, meant, rtol=1e-14, atol=0, equal_nan=True), row
    assert np.isinf(results(fast, [np.full((1, 3), -np.inf)], [y[:1]])["value"])
    assert {*EXTREMES} > {np.inf, -np.inf}


SOFTMAX = "output(softmax(z))"


@pytest.mark.parametrize(
    ("net", "asked"),
    [
        (f"{DENSE}{LOSS}", False),
        (f"x = input(4)\nz = dense(x, 3)\n{SOFTMAX}", False),
        (f"x, m = input(4), input(3)\nz = masked(dense(x, 3), m)\n{SOFTMAX}", True),
        (f"x, m, W = input(4), input(3), param(3, 4)\nz = W @ x + m\n{SOFTMAX}", True),
        (f"{LOGITS}{LOSS}", True),
    ],
)
def test_a_sum_of_products_and_parameters_is_no_row_of_minus_infinities(
    net: str, asked: bool
) -> None:
    assert ("least" in emitted(derived(f"from bpgen import *\n{net}"), FAST)) is asked


def test_where_the_sum_of_a_product_overflows_nan_shows_it() -> None:
    _, module = modules(f"{DENSE}{LOSS}")
    params = {"W": np.full((3, 4), -1e200), "b": np.zeros(3)}
    params = dict(zip(module.SHAPES, params.values(), strict=True))
    with np.errstate(all="ignore"):
        value, grads = module.loss_and_grad(params, np.full((1, 4), 1e200), np.array([0]))
    assert np.isnan(value) and all(np.isnan(g).all() for g in grads.values())


AXES = Index("n", "N"), Index("i", 3)
ROWS = AXES[:1]


def _rows(call: str) -> InRows:
    return InRows(call, Read("z", AXES), AXES)


def _at(array: Expr, labels: str) -> Gather:
    slots = Slot(AXES[0], length("N")), Slot(Read(labels, ROWS), length(3))
    return Gather(array, slots, ROWS, ROWS)


def _share(name: str) -> Assign:
    place = element("p", ())
    return Assign(name, Map(place / length("N"), ((place, _rows("softmax")),), AXES))


def _less(name: str, labels: str) -> tuple[Node, ...]:
    one = Store(_at(Read(name, AXES), labels), Map(-1 / length("N"), (), ROWS), True)
    return _share(name), one


STATEMENTS: dict[str, tuple[Node, ...]] = {
    "p": (_share("p"),),
    "logs": (Assign("logs", _rows("log_softmax")),),
    "log_y": (Assign("log_y", _at(_rows("log_softmax"), "y")),),
    "log_v": (Assign("log_v", _at(_rows("log_softmax"), "v")),),
    "less_y": _less("less_y", "y"),
    "less_v": _less("less_v", "v"),
    "again": (_share("again"),),
}


def run(names: Sequence[str], given: dict[str, Any]) -> dict[str, Any]:
    """What statements compute, one after another, in memory that they share."""
    lowering = Lowering({*given, *STATEMENTS}, lambda _: None)
    made = lowering.statements([s for name in names for s in STATEMENTS[name]])
    body, buffers = named(made, shared(made, lowering.scratch, names), lowering.scratch)
    lines = PlannedStatements(PlannedExpressions({})).lines(body, 0)
    scope = {**given, "np": np, "dtype": np.float64, "N": len(given["z"])}
    exec("\n".join([*arrays_of(Buffers("", buffers)), *lines]), scope)
    return {name: scope[name] for name in names}


def test_in_whatever_order_rows_and_labels_are_asked_for() -> None:
    """Labels are left out of the exponentials, and put back: none is read while it is not there."""
    rng = np.random.default_rng(0)
    z, y, v = 3 * rng.normal(size=(5, 3)), rng.integers(3, size=5), rng.integers(3, size=5)
    logs = z - np.log(np.exp(z).sum(1))[:, None]
    p, each = np.exp(logs) / 5, np.arange(5)
    meant = {"p": p, "again": p, "logs": logs, "log_y": logs[each, y], "log_v": logs[each, v]}
    meant |= {f"less_{k}": p - np.eye(3)[at] / 5 for k, at in (("y", y), ("v", v))}
    for _ in range(20):
        names = rng.permutation([*STATEMENTS])[: rng.integers(2, 8)]
        for name, found in run([*names], {"z": z, "y": y, "v": v}).items():
            assert np.allclose(found, meant[name], rtol=1e-13, atol=1e-15), (names, name)


def test_one_taken_from_another_array_is_another_statement() -> None:
    (share, one), (_, other) = _less("less_y", "y"), _less("less_v", "y")
    assert len([*with_less_labels((share, one))]) == 1
    assert [*with_less_labels((share, other))] == [share, other]
