"""Training in C: a program of its own, its steps, and its memory."""

from __future__ import annotations

import ctypes
import subprocess
from pathlib import Path

import numpy as np
import pytest

from bpgen.compiled.library import FLAGS, compiler, library
from bpgen.emit import files, files_of, said_of, takes_of
from tests.conftest import declared, derived
from tests.few import few
from tests.nets_in_c import BLOCKS, HEAD, NETS, WINDOW, texts_of

pytestmark = pytest.mark.skipif(compiler() is None, reason="there is no C compiler")

MAIN = """
#include <stdio.h>
#include "net.h"
static net_params params, velocity, grads;
static net_cache cache;
static net_work work;
int main(void)
{{
    net_real {declared};
    int labels[8] = {{0, 1, 2, 3, 0, 1, 2, 3}};
    for (int i = 0; i < 200; i++)
        {filled};
    (void)labels;
    net_init(&params, 7);
    for (int k = 0; k < 60; k++) {{
        net_forward(&params, {inputs}, {lengths}, &cache, &work);
        net_real loss = net_loss(&params, {inputs}, {targets}, {lengths}, &cache, &work);
        net_backward(&params, {inputs}, {targets}, {lengths}, &cache, &work, &grads);
        net_step(&params, &velocity, &grads, 0.02, 0.9);
        if (k % 59 == 0)
            printf("%.9g\\n", (double)loss);
    }}
    return 0;
}}
"""


@pytest.mark.parametrize(
    "name", few(["dense", "a convolution", "a recurrence", "products"], lambda n: n == "products")
)
def test_it_trains_and_keeps_to_its_memory(name: str, tmp_path: Path) -> None:
    """Under the sanitizers of addresses and of what C leaves undefined, with the batch that fits."""
    for end, text in texts_of(name).items():
        (tmp_path / f"net{end}").write_text(text)
    lengths = {"N": "3", "T": "4"} if name == "a recurrence" else {"N": "3"}
    target = "labels" if name in ("dense", "products") else "y"
    main_text = MAIN.format(
        declared="x[200], y[200]",
        filled="x[i] = (net_real)((i * 7 % 11) / 11.0), y[i] = (net_real)((i * 5 % 7) / 7.0)",
        inputs="x",
        targets=target,
        lengths=", ".join(lengths.values()),
    )
    (tmp_path / "main.c").write_text(
        main_text.replace("    (void)labels;", "    (void)labels, (void)y;")
    )
    told = [f"-DNET_{n}={value}" for n, value in lengths.items()]
    flags = [*FLAGS, "-g", "-fsanitize=address,undefined", "-fno-sanitize-recover=all", *told]
    line = [str(compiler()), *flags, "main.c", "net.c", "-lm", "-o", "net"]
    done = subprocess.run(line, cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    ran = subprocess.run([str(tmp_path / "net")], capture_output=True, text=True)
    assert (ran.returncode, ran.stderr) == (0, "")
    first, last = map(float, ran.stdout.split())
    assert last < 0.8 * first


def test_steps_are_those_of_momentum() -> None:
    compiled = library(texts_of("dense"), {"N": 1})
    size = compiled.sizes["params"] // 8
    rng = np.random.default_rng(0)
    params, grads, velocity = rng.standard_normal(size), rng.standard_normal(size), np.zeros(size)
    moved, speed = params.copy(), np.zeros(size)
    step = compiled.calls.net_step
    step.argtypes = [*[ctypes.c_void_p] * 3, *[ctypes.c_double] * 2]
    for _ in range(3):
        step(params.ctypes.data, velocity.ctypes.data, grads.ctypes.data, 0.1, 0.9)
        speed = 0.9 * speed + grads
        moved -= 0.1 * speed
    np.testing.assert_allclose(params, moved, rtol=1e-14)


def test_the_bytes_that_are_told_are_those_of_the_structs() -> None:
    """Of every struct, at the lengths that the header has room for."""
    derivation = derived(HEAD + NETS[BLOCKS])
    compiled = library(files_of(derivation, "c"), {}, np.float32, more=["-UNET_DESCEND"])
    sizes = compiled.sizes
    params, others = sizes["params"], sizes["cache"] + sizes["work"]
    assert said_of(derivation, "c") == (
        f"Bytes of floats, for N = 1: parameters {params}, gradients {params}, velocity {params},"
        f" cache {sizes['cache']}, work {sizes['work']}; {3 * params + others} to train, and"
        f" {params + others} to predict"
    )


@pytest.mark.slow
def test_so_are_those_of_every_way_to_train() -> None:
    derivation = derived(HEAD + NETS[BLOCKS])
    texts = files_of(derivation, "c")
    params, *others = library(texts, {}, np.float32, more=["-UNET_DESCEND"]).sizes.values()
    in_one = library(texts, {}, np.float32).sizes
    kept = [times * params + sum(others) for times in (3, 2, 1)]
    assert [*takes_of(derivation, "c").values()] == [*kept[:2], sum(in_one.values()), kept[2]]


def test_what_products_copy_is_told_too() -> None:
    derivation = derived(HEAD + NETS["products"])
    assert said_of(derivation, "c").endswith(
        " to predict, beside 8192 on the stack without -DBPGEN_SMALL"
    )
    assert "WIDE = 64 / sizeof(real), DEEP = 128" in files_of(derivation, "c")[".c"]
    windows = derived(WINDOW)
    assert said_of(windows, "c").endswith("beside 22720 on the stack without -DBPGEN_SMALL")
    assert "enum { MANY = 256 };" in files_of(windows, "c")[".c"]


def test_steps_are_those_of_adam() -> None:
    compiled = library(texts_of("dense"), {"N": 1})
    size = compiled.sizes["params"] // 8
    rng = np.random.default_rng(0)
    params, state = rng.standard_normal(size), np.zeros(2 * size + 2)
    moved, mean, square = params.copy(), np.zeros(size), np.zeros(size)
    step = compiled.calls.net_step_adam
    step.argtypes = [*[ctypes.c_void_p] * 3, *[ctypes.c_double] * 3]
    for t in range(1, 5):
        grads = rng.standard_normal(size)
        step(params.ctypes.data, state.ctypes.data, grads.ctypes.data, 0.01, 0.8, 0.97)
        mean, square = 0.8 * mean + 0.2 * grads, 0.97 * square + 0.03 * grads**2
        moved -= 0.01 * mean / (1 - 0.8**t) / (np.sqrt(square / (1 - 0.97**t)) + 1e-8)
    np.testing.assert_allclose(params, moved, rtol=1e-13)


def test_parameters_begin_as_numpys() -> None:
    """With the same deviations, biases as zeros; the same seed, the same numbers."""
    net = HEAD + "x = input(64)\noutput(dense(x, 300, relu))\n"
    compiled = library(files(declared(net), "c"), {"N": 1})
    compiled.calls.net_init.argtypes = [ctypes.c_void_p, ctypes.c_ulong]
    one, again, other = (np.empty(compiled.sizes["params"] // 8) for _ in range(3))
    for array, seed in ((one, 1), (again, 1), (other, 2)):
        compiled.calls.net_init(array.ctypes.data, seed)
    weights, biases = one[: 64 * 300], one[64 * 300 :]
    assert np.array_equal(one, again) and not np.array_equal(one, other)
    assert not biases.any()
    assert abs(weights.mean()) < 0.01 and weights.std() == pytest.approx((2 / 64) ** 0.5, rel=0.03)
