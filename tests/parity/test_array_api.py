"""The module by the array API standard under torch and within jax.jit: what numpy's module returns.

In float64, to 1e-12 of the largest entry of each tensor. The recipes of the README run here, too.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import torch
from jax.test_util import check_grads

from bpgen.check.module import Subject
from bpgen.emit import emit, emitted
from tests.conftest import EXAMPLES, ROOT, TYPES, declared, derived, module_of, of_example
from tests.documents import blocks
from tests.parity.test_proofs import SOURCES
from tests.proofs.words import WORDS
from tests.standard import TOLERANCE, distance
from tests.test_array_api import BACKWARDS, DENSE, PLACES, WINDOWS
from tests.texts.corpus import DRAWN

README = (ROOT / "README.md").read_text()
SHARES = 16  # one in so many networks of each table is compared
LIBRARIES: dict[str, dict[str, Any]] = {
    "torch": {"to": torch.tensor, "back": lambda t: t.numpy()},
    "jax.jit": {"to": jnp.asarray, "compiled": jax.jit},
}
TABLE = {**WORDS, **SOURCES}
RANDOM = [*DRAWN][:: 4 * SHARES]
CHOSEN = [*[*WORDS][::SHARES], *[*SOURCES][::SHARES]]


@contextmanager
def _in_64_bits() -> Iterator[None]:
    before = jax.config.jax_enable_x64
    jax.config.update("jax_enable_x64", True)
    yield
    jax.config.update("jax_enable_x64", before)


@pytest.fixture(autouse=True)
def _double() -> Iterator[None]:
    with _in_64_bits():
        yield


# mypy reads what array-api-compat returns, which is its own, and not the four thousand files of
# torch and jax that it imports to see whose an array is.
TYPING = """[mypy]
strict = true
[mypy-torch.*,jax.*,jaxlib.*]
follow_imports = skip
"""


def test_it_is_typed(tmp_path: Path) -> None:
    """Here and not with its brothers: mypy needs array-api-compat at hand, which `dev` does not install."""
    for path in EXAMPLES:
        (tmp_path / path.name).write_text(emitted(of_example(path.stem), "array-api"))
    told = tmp_path / "mypy.ini"
    told.write_text(TYPING)
    line = ["mypy", f"--config-file={told}", f"--cache-dir={TYPES}", str(tmp_path)]
    done = subprocess.run([sys.executable, "-m", *line], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("library", LIBRARIES)
@pytest.mark.parametrize("name", [p.stem for p in EXAMPLES])
def test_an_example_has_the_same_gradients(name: str, library: str) -> None:
    assert distance(of_example(name), **LIBRARIES[library]) <= TOLERANCE


@pytest.mark.parametrize("library", LIBRARIES)
@pytest.mark.parametrize("name", CHOSEN)
def test_a_network_has_the_same_gradients(name: str, library: str) -> None:
    assert distance(derived(TABLE[name]), **LIBRARIES[library]) <= TOLERANCE


@pytest.mark.parametrize("library", LIBRARIES)
@pytest.mark.parametrize("name", RANDOM)
def test_a_random_network_has_the_same_gradients(name: str, library: str) -> None:
    """Layers and raw equations, as they were once drawn."""
    assert distance(derived(DRAWN[name]), **LIBRARIES[library]) <= TOLERANCE


@pytest.mark.parametrize("library", LIBRARIES)
@pytest.mark.parametrize(
    "source", [BACKWARDS, WINDOWS, PLACES], ids=["backwards", "windows", "places"]
)
def test_what_is_spelled_otherwise_has_the_same_gradients(source: str, library: str) -> None:
    assert distance(derived(source), **LIBRARIES[library]) <= TOLERANCE


def test_a_log_of_sums_is_right_where_compiled_code_rounds_otherwise() -> None:
    """What is largest less itself need not be 0 in XLA, which computes it twice."""
    assert distance(derived(DRAWN["raw 101.33"]), **LIBRARIES["jax.jit"]) <= TOLERANCE


STEPS = """
from bpgen import *
t, i, j = indices("t i j")
x, y = input(4, 2), label(3)
W, U, h0 = param(3, 2), param(3, 3), param(3)
h = recurrent(4, 3)
h[-1, i] = h0[i]
h[t, i] = tanh(sum(W[i, j] * x[t, j], j) + sum(U[i, j] * h[t - 1, j], j))
L = loss(categorical_cross_entropy_with_logits(last(h), y))
"""


def test_torch_and_jax_differentiate_through_it() -> None:
    """What is changed in place would be missing: a recurrence's loss by autograd and by grad."""
    network = declared(STEPS)
    module = module_of(emit(network, "array-api"))
    point = Subject(emit(network), network).draw(np.random.default_rng(0), 2)
    rest = [*point.inputs.values(), *point.rest.values()]
    ours = module.loss_and_grad(point.params, *rest)[1]
    params = {n: torch.tensor(a, requires_grad=True) for n, a in point.params.items()}
    module.loss(params, *map(torch.tensor, rest)).backward()
    given = {n: jnp.asarray(a) for n, a in point.params.items()}
    theirs = jax.jit(jax.grad(module.loss))(given, *map(jnp.asarray, rest))
    for name, gradient in ours.items():
        assert np.max(np.abs(params[name].grad.numpy() - gradient)) <= TOLERANCE
        assert np.max(np.abs(np.asarray(theirs[name]) - gradient)) <= TOLERANCE


def test_the_door_is_the_same_to_torch_and_jax() -> None:
    """Labels are refused where their values are known; bytes are no mask; one library at a time."""
    module = module_of(emit(declared(DENSE), "array-api"))
    x, y = np.ones((4, 3)), np.array([0, 1, 1, 0], np.uint8)
    for to in (torch.tensor, jnp.asarray):
        params = {n: to(a) for n, a in module.init(0).items()}
        assert float(module.loss(params, to(x), to(y))) == pytest.approx(
            module.loss(module.init(0), x, y)
        )
        with pytest.raises(ValueError, match=r"y has a label outside 0 \.\. 1"):
            module.loss(params, to(x), to(2 * y))
        with pytest.raises(ValueError, match=r"x needs shape \(N, 3\), not \(3,\)"):
            module.loss(params, to(x[0]), to(y))
        with pytest.raises(TypeError, match=r"arrays of .* and numpy: give all of one"):
            module.backward(params, module.forward(params, to(x))[1], y)


@cache
def _in_doubles(name: str) -> tuple[ModuleType, Any, Any]:
    """An example's module, a point, and what it computes there of numpy's arrays."""
    derivation = of_example(name)
    module = module_of(emitted(derivation, "array-api"))
    point = Subject(emitted(derivation), derivation.network).draw(np.random.default_rng(1), 2)
    given = [*point.inputs.values(), *point.rest.values()]
    return module, point, module.loss_and_grad(point.params, *given)


HALVES = {  # precisions, and how near they come
    "float32": 1e-5,
    "float16": 2e-2,
    "bfloat16": 2e-1,
}


@pytest.fixture
def _call_by_call() -> Iterator[None]:
    """jax compiles each call of such a module by itself: what XLA does to many at once finds nothing
    to do, and takes a fifth of the time.
    """
    jax.config.update("jax_disable_most_optimizations", True)
    yield
    jax.config.update("jax_disable_most_optimizations", False)


@pytest.mark.usefixtures("_call_by_call")
@pytest.mark.parametrize("precision", HALVES)
@pytest.mark.parametrize("name", ["digits", "gpt", "lstm"])
def test_the_precision_is_that_of_what_is_given(name: str, precision: str) -> None:
    """Of the loss and of every gradient, of tensors that require one, too; labels are whole numbers
    of 64 bits, and beside float32 of either length. No maximum is among these: rounded, it may be another's.
    """
    module, point, (meant, gradients) = _in_doubles(name)

    def in_torch(a: Any, bits: int) -> Any:
        kind = getattr(torch, f"int{bits}" if a.dtype.kind in "iu" else precision)
        return torch.tensor(a, dtype=kind, requires_grad=kind.is_floating_point)

    def in_jax(a: Any, bits: int) -> Any:
        return jnp.asarray(a, f"int{bits}" if a.dtype.kind in "iu" else precision)

    for to, back in ((in_torch, lambda t: t.detach().double().numpy()), (in_jax, np.float64)):
        for bits in (32, 64)[precision != "float32" :]:
            given = point.map(lambda _, a, to=to, bits=bits: to(a, bits))
            rest = [*given.inputs.values(), *given.rest.values()]
            loss, grads = module.loss_and_grad(given.params, *rest)
            for found, true in [(loss, meant), *((grads[n], gradients[n]) for n in gradients)]:
                assert found.dtype == next(iter(given.params.values())).dtype
                far = np.max(np.abs(back(found) - true))
                assert far <= HALVES[precision] * max(1, np.max(np.abs(true)))


@pytest.mark.parametrize("name", ["digits", "digits_conv", "gpt", "lstm"])
def test_nothing_is_made_elsewhere_than_what_is_given(name: str) -> None:
    """On torch's device without values, which takes no array of another."""
    derivation = of_example(name)
    module = module_of(emitted(derivation, "array-api"))
    module.__dict__["_holds"] = lambda _: True  # of which no value is known
    point = Subject(emitted(derivation), derivation.network).draw(np.random.default_rng(1), 2)
    there = point.map(lambda _, a: torch.tensor(a, device="meta"))
    rest = [*there.inputs.values(), *there.rest.values()]
    _, grads = module.loss_and_grad(there.params, *rest)
    assert {g.device.type for g in grads.values()} == {"meta"}


RECIPES = [text for kind, text in blocks(README) if "import two_layers" in text]


@pytest.fixture
def two_layers(monkeypatch: pytest.MonkeyPatch) -> None:
    """The first network of the README, where the recipes find it."""
    net = next(text for kind, text in blocks(README) if kind == "python" and "from bpgen" in text)
    monkeypatch.setitem(sys.modules, "two_layers", module_of(emit(declared(net), "array-api")))


@pytest.mark.usefixtures("two_layers")
def test_the_recipe_for_torch_passes_gradcheck() -> None:
    made = _executed(RECIPES[0])
    params, x, y = made["params"], made["x"].requires_grad_(), made["y"]
    assert torch.autograd.gradcheck(made["Loss"].apply, (x, y, *params.values()))
    total = made["Loss"].apply(x, y, *params.values())
    one = torch.ones_like(total, requires_grad=True)
    (once,) = torch.autograd.grad(total, [x], [one], create_graph=True)
    with pytest.raises(RuntimeError, match="once_differentiable"):
        once.sum().backward()


@pytest.mark.usefixtures("two_layers")
def test_the_recipe_for_jax_passes_check_grads() -> None:
    made = _executed(RECIPES[1])
    given = made["params"], made["x"], made["y"]
    loss = jax.jit(lambda params, x: made["loss"](params, x, given[2]))
    check_grads(loss, given[:2], order=1, modes=["rev"])
    value, grads = sys.modules["two_layers"].loss_and_grad(*given)
    assert abs(value - made["value"]) <= TOLERANCE
    assert all(np.max(np.abs(grads[n] - made["grads"][n])) <= TOLERANCE for n in grads)


def _executed(text: str) -> dict[str, Any]:
    space: dict[str, Any] = {"__name__": "recipe"}
    exec(text, space)
    return space
