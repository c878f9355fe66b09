"""A step of loss and all gradients, in float32: the plain module, the planned one with a workspace,
and the matrix products that this one makes of the whole batch, alone.

    OPENBLAS_NUM_THREADS=1 python -m benchmarks.speed
    python -m benchmarks.speed mlp block --seconds 5

Everything runs in turns, in one process; printed are medians of the ratios to the products of the
same round.
"""

from __future__ import annotations

import inspect
import statistics
import time
from collections.abc import Callable, Iterable
from types import ModuleType
from typing import Any

import click
import numpy as np

from benchmarks.products import by_functions
from bpgen.check.module.loading import load
from bpgen.derive import derive
from bpgen.emit import FAST, emitted
from bpgen.load import declared_by
from bpgen.record import Derivation

_HEAD = "from bpgen import *\n"
_CLASSES = "L = loss(categorical_cross_entropy_with_logits(z, y))\n"
# Each with the sizes of its batch and, if it is a sequence, of its steps.
NETS: dict[str, tuple[str, dict[str, int]]] = {
    "toy": (
        "x, y = input(2), label(2)\nz = dense(dense(x, 2, relu), 2)\n" + _CLASSES,
        {"N": 1},
    ),
    "small": (
        "x, y = input(64), label(10)\nz = dense(dense(x, 64, relu), 10)\n" + _CLASSES,
        {"N": 32},
    ),
    "middle": (
        "x, y = input(784), label(10)\nz = dense(dense(x, 256, relu), 10)\n" + _CLASSES,
        {"N": 128},
    ),
    "mlp": (
        "x, y = input(784), label(10)\n"
        "z = dense(dense(dense(x, 256, relu), 128, relu), 10)\n" + _CLASSES,
        {"N": 128},
    ),
    "wide": (
        "x, y = input(1024), label(10)\nh = x\n"
        "for _ in range(3): h = dense(h, 1024, relu)\nz = dense(h, 10)\n" + _CLASSES,
        {"N": 512},
    ),
    "deep": (
        "x, y = input(64), label(10)\nh = x\n"
        "for _ in range(49): h = dense(h, 64, relu)\nz = dense(h, 10)\n" + _CLASSES,
        {"N": 64},
    ),
    "block": (
        "x, ct = input(64, 128), target(64, 128)\n"
        "h = x + multi_head_attention(layer_norm(x), heads=4, causal=True)\n"
        'o = h + dense(dense(layer_norm(h), 512, lambda z: gelu(z, "tanh")), 128)\n'
        "L = loss(sum(o * ct))\n",
        {"N": 8},
    ),
    "lstm": (
        'x, ct = input("T", 64), target(128)\nL = loss(sum(last(lstm(x, 128)) * ct))\n',
        {"N": 32, "T": 64},
    ),
    "conv": (
        "x, y = input(1, 28, 28), label(10)\n"
        "h = relu(conv2d(relu(conv2d(x, 32, 3, bias=False)), 64, 3, bias=False))\n"
        "z = dense(flatten(max_pool2d(h, 2)), 10, bias=False)\n" + _CLASSES,
        {"N": 64},
    ),
}
Step = Callable[[], Any]


def derived(name: str) -> Derivation:
    """One of the networks, derived."""
    return derive(declared_by(_HEAD + NETS[name][0]))


def steps_of(name: str) -> dict[str, Step]:
    """The three, ready to be called."""
    derivation, lengths = derived(name), NETS[name][1]
    plain, fast = load(emitted(derivation)), load(emitted(derivation, FAST))
    params, given = plain.init(0, np.float32), arguments(plain, lengths)

    def planned(module: ModuleType) -> Step:
        names = [n for n in inspect.signature(module.workspace).parameters if n != "dtype"]
        memory = module.workspace(*(lengths[n] for n in names), dtype=np.float32)
        return lambda: module.loss_and_grad(params, *given, workspace=memory, checked=False)

    made: list[tuple[Callable[..., Any], tuple[Any, ...]]] = []
    text = by_functions(emitted(derivation, FAST))
    noted = load(text, {n: _noting(n, made) for n in ("dot", "matmul")})
    vars(noted)["BLOCK"] = lengths["N"]
    planned(noted)()
    return {
        "products": lambda: [product(*arrays) for product, arrays in made],
        "plain": lambda: plain.loss_and_grad(params, *given),
        "planned": planned(fast),
    }


def inputs_of(name: str) -> tuple[dict[str, np.ndarray], list[Any]]:
    """The parameters and the batch of all steps of a network."""
    module = load(emitted(derived(name)))
    return module.init(0, np.float32), arguments(module, NETS[name][1])


def arguments(module: ModuleType, lengths: dict[str, int]) -> list[Any]:
    """Inputs and targets of a batch of these lengths."""
    rng = np.random.default_rng(0)
    found = []
    for name, sample in {**module.INPUTS, **module.TARGETS}.items():
        shape = (lengths["N"], *(s if isinstance(s, int) else lengths[s] for s in sample))
        whole = name in module.INTEGERS
        drawn = rng.integers(module.INTEGERS[name], size=shape) if whole else rng.normal(size=shape)
        found.append(drawn if whole else drawn.astype(np.float32))
    return found


def _noting(name: str, made: list[Any]) -> Callable[..., Any]:
    """A product of numpy that writes down what it is given; sums, products with ones, are none."""
    product = getattr(np, name)

    def noted(*arrays: Any) -> Any:
        if all(a.ndim > 1 for a in arrays):
            made.append((product, arrays))
        return product(*arrays)

    return noted


def compared(steps: dict[str, Step], seconds: float) -> dict[str, tuple[float, float]]:
    """Of each the median time, and of the ratios to the first in the same round."""
    often = {name: _repeats(step) for name, step in steps.items()}
    times: dict[str, list[float]] = {name: [] for name in steps}
    end = time.perf_counter() + seconds
    while time.perf_counter() < end or len(next(iter(times.values()))) < 5:
        for name, step in steps.items():
            times[name].append(_once(step, often[name]))
    first = next(iter(times.values()))
    ratios = {
        n: statistics.median(a / b for a, b in zip(t, first, strict=True)) for n, t in times.items()
    }
    return {name: (statistics.median(t), ratios[name]) for name, t in times.items()}


def _repeats(step: Step) -> int:
    """So many calls that a round can be measured."""
    for _ in range(3):
        step()
    return max(1, int(0.01 / max(_once(step, 1), 1e-7)))


def _once(step: Step, often: int) -> float:
    start = time.perf_counter()
    for _ in range(often):
        step()
    return (time.perf_counter() - start) / often


@click.command(help=__doc__)
@click.argument("nets", nargs=-1, type=click.Choice([*NETS]))
@click.option("--seconds", default=4.0, show_default=True, help="For each network.")
def main(nets: Iterable[str], seconds: float) -> None:
    print(f"{'':8}{'products':>12}{'plain':>9}{'planned':>9}")
    for name in nets or NETS:
        found = compared(steps_of(name), seconds)
        alone, *ratios = (t for t, _ in found.values()), *(r for _, r in [*found.values()][1:])
        print(
            f"{name:8}{next(alone) * 1e6:9.1f} us{''.join(f'{r:9.2f}' for r in ratios)}", flush=True
        )


if __name__ == "__main__":
    main()
