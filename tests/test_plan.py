"""`bpgen emit --plan`: what it says of a network is what a step of its planned module does."""

from __future__ import annotations

import inspect
import tracemalloc
from math import prod
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
import sympy as sp
from click.testing import CliRunner

from benchmarks.products import by_functions
from benchmarks.speed import NETS
from bpgen.check.module import Subject
from bpgen.cli import main
from bpgen.emit import FAST, emitted
from bpgen.ir import length
from bpgen.lesson import counts
from bpgen.load import load
from bpgen.plans import plan, text
from bpgen.plans.text import polynomial
from tests.conftest import EXAMPLES, ROOT, declared, derived, module_of
from tests.few import few

LONG = 4
ARRAYS = 400  # bytes of an array beside its numbers, and of its name


def planned(path: Path) -> tuple[ModuleType, Any, dict[str, int]]:
    """A planned module, its network, and the lengths known at run time, without the batch."""
    source = path.read_text()
    module = module_of(emitted(derived(source), FAST))
    names = [n for n in inspect.signature(module.workspace).parameters if n != "dtype"]
    return module, declared(source), {n: LONG for n in names if n != "N"}


def at(expr: sp.Expr, batch: int, long: dict[str, int]) -> int:
    known = {length("N"): batch, **{length(n): size for n, size in long.items()}}
    found = expr.xreplace(known)
    assert found.is_Integer, expr
    return int(found)


def allocated(module: ModuleType, batch: int, long: dict[str, int]) -> tuple[int, int]:
    """The bytes of a workspace, and how many arrays it has."""
    tracemalloc.start()
    memory = module.workspace(batch, **long, dtype=np.float32)
    size = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    return size, sum(map(len, memory.values()))


QUICK = ("toy_2_2_1", "digits_conv")


@pytest.mark.parametrize("path", few(EXAMPLES, lambda p: p.stem in QUICK))
def test_memory_is_what_the_workspace_takes(path: Path) -> None:
    module, network, long = planned(path)
    told = plan(network).memory
    (small, arrays), (large, _) = (allocated(module, n, long) for n in (50, 150))
    assert abs(large - small - (at(told, 150, long) - at(told, 50, long))) <= 64 * arrays
    assert 0 <= small - at(told, 50, long) <= ARRAYS * arrays + 2000


def test_where_a_step_goes_through_blocks_they_are_counted_too() -> None:
    source = f"from bpgen import *\n{NETS['conv'][0]}"
    module, told = module_of(emitted(derived(source), FAST)), plan(declared(source))
    block = module.BLOCK
    assert told.block == block > 1
    size, arrays = allocated(module, 3 * block, {})
    assert 0 <= size - at(told.memory, 3 * block, {}) <= ARRAYS * arrays + 2000
    assert f"A step goes through {block} samples at a time" in text(told)
    assert all(len(line) <= 98 for line in text(told).splitlines())


class Read(dict[str, Any]):
    """A cache that notes which of its arrays are asked for."""

    def __init__(self, arrays: Any) -> None:
        super().__init__(arrays)
        self.asked: set[str] = set()

    def __getitem__(self, name: str) -> Any:
        self.asked.add(name)
        return super().__getitem__(name)


def whole(array: Any) -> Any:
    """The array whose memory another looks at."""
    while array.base is not None:
        array = array.base  # of windows, something between that is no array
    return array


@pytest.mark.parametrize("path", few(EXAMPLES, lambda p: p.stem in QUICK))
def test_what_is_kept_is_what_backward_reads(path: Path) -> None:
    module, network, long = planned(path)
    point = drawn(path, network, np.float32)
    memory = module.workspace(3, **long, dtype=np.float32)
    _, cache = module.forward(point.params, *point.inputs.values(), workspace=memory)
    read = Read(cache)
    module.backward(point.params, read, *point.rest.values(), workspace=memory)
    own = {id(whole(a)) for arrays in memory.values() for a in arrays}
    kept = {id(whole(a)): whole(a).nbytes for n, a in cache.items() if n in read.asked}
    found = sum(size for array, size in kept.items() if array in own)
    assert found == at(plan(network).kept, 3, long)


def drawn(path: Path, network: Any, dtype: Any = np.float64) -> Any:
    """Arguments of three samples."""
    subject = Subject(emitted(derived(path.read_text()), FAST), network, long=(LONG,))
    point = subject.draw(np.random.default_rng(0), 3)
    return point.map(lambda _, a: a.astype(dtype) if a.dtype.kind == "f" else a)


class Counted:
    """numpy, whose products of arrays are counted; not those with ones or minus ones, which are
    sums, nor those with the shares of samples, which are means.
    """

    def __init__(self) -> None:
        self.found = 0
        self.named = {name: self._counting(name) for name in ("dot", "matmul", "einsum")}

    def _counting(self, name: str) -> Any:
        function = getattr(np, name)

        def counted(*given: Any, **more: Any) -> Any:
            arrays = [a for a in given if isinstance(a, np.ndarray)]
            sums = name == "dot" and any(a.ndim == 1 and _is_one_number(a) for a in arrays[:2])
            if not sums:
                self.found += self._of(given) if name == "einsum" else _of_two(*arrays[:2])
            return function(*given, **more)

        return counted

    def _of(self, given: Any) -> int:
        letters, *arrays = given
        sizes: dict[str, int] = {}
        for one, array in zip(letters.split("->")[0].split(","), arrays, strict=False):
            sizes |= dict(zip(one, array.shape, strict=True))
        return prod(sizes.values())

    def __getattr__(self, name: str) -> Any:
        return self.named[name] if name in self.named else getattr(np, name)


def _is_one_number(array: Any) -> bool:
    return array[0] in (1, -1, 1 / len(array)) and bool(np.all(array == array[0]))


def _of_two(one: Any, two: Any) -> int:
    batch = np.broadcast_shapes(one.shape[:-2], two.shape[:-2])
    columns = two.shape[-1] if two.ndim > 1 else 1
    return prod(batch) * prod(one.shape[-2:]) * columns


@pytest.mark.parametrize("path", few(EXAMPLES, lambda p: p.stem in QUICK))
def test_products_are_those_that_are_made(path: Path) -> None:
    _, network, long = planned(path)
    module = module_of(by_functions(emitted(derived(path.read_text()), FAST)))
    point, counted = drawn(path, network), Counted()
    module.__dict__["np"] = counted
    given = (point.params, *point.inputs.values(), *point.rest.values())
    if hasattr(module, "loss"):
        module.loss_and_grad(*given)
    else:
        _, cache = module.forward(point.params, *point.inputs.values())
        module.backward(point.params, cache, *point.rest.values())
    assert counted.found == at(plan(network).products, 3, long)


@pytest.mark.parametrize("path", few(EXAMPLES, lambda p: p.stem in QUICK))
def test_operations_are_those_of_the_page(path: Path) -> None:
    assert _operations(path.read_text()) == 0


def test_what_an_equation_reads_as_it_is_evaluated_is_counted_there() -> None:
    """Of a softmax that is written out, none reads the log-sum-exp as it is written."""
    net = "from bpgen import *\nx, y = input(3), one_hot(3)\ne = exp(param(3, 3) @ x)\n"
    assert _operations(f"{net}p = e / sum(e)\nL = loss(-sum(y * log(p)))\n") == 0


def _operations(source: str) -> sp.Expr:
    """By how much those of a plan are other than those of the page."""
    each = {r.number: r.operations for r in plan(declared(source)).rows}  # an equation may have two
    meant = (*counts.forward(derived(source)), *counts.backward(derived(source)))
    return sp.expand(sp.Add(*each.values()) - sp.Add(*(c.operations for c in meant)))


@pytest.mark.parametrize("path", few(EXAMPLES, lambda p: p.stem in QUICK))
def test_every_equation_is_of_a_layer_and_every_line_fits(path: Path) -> None:
    told = plan(declared(path.read_text()))
    assert {r.of for r in told.rows} <= {n for layer in told.layers for n in layer}
    assert all(len(line) <= 98 for line in text(told).splitlines())


NET = """
from bpgen import *
x, y = input(3), target(2)
h = dense(x, 5, relu)
L = loss(half_squared_error(dense(h, 2), y))
"""


@pytest.fixture
def net(tmp_path: Path) -> Path:
    (tmp_path / "net.py").write_text(NET)
    return tmp_path / "net.py"


def test_the_plan_is_printed_and_nothing_is_written(net: Path) -> None:
    done = CliRunner().invoke(main, ["emit", "--plan", str(net)])
    assert (done.exit_code, done.stdout) == (0, TOLD)
    assert [*net.parent.iterdir()] == [net]


@pytest.mark.parametrize(
    "more", [["--check"], ["--diff"], ["-o", "m.py"], ["--target", "array-api"]]
)
def test_with_what_is_of_files_it_is_refused(net: Path, more: list[str]) -> None:
    done = CliRunner().invoke(main, ["emit", "--plan", *more, str(net)])
    assert done.exit_code == 2
    assert done.stderr.splitlines() == [
        "bpgen: --plan prints what a planned module takes, and writes and compares nothing",
        "  leave out --target, -o, --check and --diff",
    ]


def test_what_the_readme_says_of_an_example() -> None:
    told = plan(load(ROOT / "examples" / "digits.py"))
    said = " ".join((ROOT / "README.md").read_text().split())
    assert f"`{polynomial(told.products)}` multiply-adds in products" in said
    assert f"`{polynomial(told.kept)}` bytes kept for backward" in said
    assert f"a workspace of `{polynomial(told.memory)}` bytes" in said


TOLD = """\
Products are multiply-adds of the products of arrays; operations, those of all equations; bytes
are those of float32: 4 a number, 1 a mask. A step is forward, loss and backward.

layer       parameters  products  backward  operations   backward
                         forward               forward
z1, h               20      15 N      25 N        30 N  55 N - 20
z2, ell, L          12      10 N      10 N        27 N  26 N - 12
all                 32      25 N      35 N        57 N  81 N - 32

bytes of    kept for backward   forward       loss  backward
z1, h                    20 N  40 N + 4          0  45 N + 4
z2, ell, L                8 N      16 N  16 N + 16  12 N + 4
all                      28 N  56 N + 4  16 N + 16  57 N + 8

equation    products  operations      bytes  kept of them
(1) z1          15 N        30 N       40 N          20 N
(2) h              0           0          4             0
(3) z2          10 N        20 N       16 N           8 N
(4) ell            0         6 N  12 N + 12             0
(13) L             0           N    4 N + 4             0
(5) delta2         0         4 N    8 N + 4             0
(6) dW2         10 N   20 N - 10          0             0
(7) db2            0     2 N - 2        4 N             0
(9) delta1      10 N        20 N   45 N + 4             0
(10) dW1        15 N   30 N - 15          0             0
(11) db1           0     5 N - 5          0             0

a step, products:     60 N
kept for backward:    28 N bytes
the whole workspace:  129 N + 156 bytes, 128 of them gradients
"""
