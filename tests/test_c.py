"""C99 from the array program: what its equations say, clean for the compiler, and itself to read."""

from __future__ import annotations

import ctypes
import subprocess
from ctypes.util import find_library
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result

import bpgen.compiled
from bpgen.cli import main
from bpgen.commands.emit import _refuse_larger
from bpgen.compiled import difference
from bpgen.compiled.library import FLAGS, compiler, library
from bpgen.emit import emitted, files, files_of, said_of, takes_of
from bpgen.errors import NetError
from bpgen.targets.c.entries import Entries
from bpgen.targets.c.layout import broken, comment
from tests.conftest import EXAMPLES, ROOT, declared, derived, module_of, of_example
from tests.few import few, one_in
from tests.in_c import QUICK
from tests.proofs.words import WORDS
from tests.texts.corpus import DRAWN, TARGETS

pytestmark = pytest.mark.skipif(compiler() is None, reason="there is no C compiler")

HEAD = "from bpgen import *\n"
NETS = {
    "dense": "x, y = input(3), label(4)\n"
    "L = loss(categorical_cross_entropy_with_logits(dense(dense(x, 5, gelu), 4), y))\n",
    "a convolution": "x, y = input(1, 7), target(2)\n"
    "L = loss(squared_error(dense(flatten(max_pool1d(conv1d(x, 3, 2, relu), 2)), 2), y))\n",
    "a recurrence": 'x, y = input("T", 3), target(2)\n'
    "L = loss(squared_error(dense(last(lstm(x, 4)), 2), y))\n",
    "attention": 'x = input("T", 4)\noutput(multi_head_attention(x, heads=2, causal=True))\n',
    "the largest of what a mask keeps": "x, k, w = input(4), input(4), param(4)\n"
    "output(max(masked(w * x, k)))\n",
    "an embedding": 'x = input("T", below=5)\noutput(dense(last(rnn(embedding(x, 5, 3), 2)), 2))\n',
    "blocks that draw, and read what is outside": "x, y = input(4), target(4)\n"
    "s = dense(x, 4, tanh)\nh = repeat(3, lambda h: h + dropout(dense(h, 4, tanh), 0.2) * s, x)\n"
    "L = loss(squared_error(dropout(h, 0.5), y))\n",
    "blocks without a loss": "x = input(4)\noutput(repeat(2, lambda u: u * dense(u, 4), x))\n",
    "helpers' names": "x, y = input(3), target(2)\n"
    "dot, add, block, draw = param(4, 3), param(4), param(2, 4), param(2)\n"
    "u = block @ tanh(dot @ x + add) + draw\nL = loss(squared_error(u, y))\n",
    "products": "x, y = input(20), label(10)\n"
    "L = loss(categorical_cross_entropy_with_logits(dense(dense(x, 37, relu), 10), y))\n",
    "a softmax added at places": "x, y = input(below=3), one_hot(3)\n"
    "L = loss(categorical_cross_entropy_with_logits(2 * tanh(embedding(x, 3, 3)), y))\n",
    "blocks that read what they begin with": "u = input(4)\nx = dense(u, 4)\n"
    "output(repeat(3, lambda h: tanh(h) + x, x))\n",
    "softmaxes along the first axis": 'i, j, k = indices("i j k")\nx = input(2, 3)\n'
    "p = tensor(exp(x[i, j]) / sum(exp(x[k, j]), k), i, j)\n"
    "q = tensor(x[i, j] - log(sum(exp(x[k, j]), k)), j, i)\nL = loss(sum(p**2) + sum(sin(q)))\n",
    "blocks counted otherwise": 'i, j, k = (indices(a, size=s) for a, s in zip("ijk", (3, 2, 4)))\n'
    "x, w, u = input(3), param(4), zeros(7)\nr = repeat(3, lambda h: dense(h, 3, tanh), x)\n"
    "u[2 * i] = sum(w[k] * x[1 - j], j, k)\nL = loss(sum(r[i], i) + sum(sin(u[i]), i))\n",
    "names of C": "double, y = input(2), target(2)\n"
    "square, static, seed = param(2, 2), param(2), param(2)\n"
    "real = tanh(square @ double + static)\nL = loss(squared_error(seed * real, y))\n",
}
LARGE = (
    "x, y = input(1, 40, 40), label(10)\nh = max_pool2d(conv2d(x, 8, 3, relu), 2)\n"
    "h = conv2d(h, 16, 3)\n"
    "z = dense(dense(flatten(h), 64, relu), 10)\n"
    "L = loss(categorical_cross_entropy_with_logits(z, y))\n"
)
BLOCKS = "blocks that draw, and read what is outside"
# Mistakes of a printer, each in the first place where it can be made.
MUTANTS = {
    "a sum begun at 1": ("real t[8] = {0};", "real t[8] = {1};"),
    "not added up": ("y[i] += times", "y[i] = times"),
    "a stride": ("W1 + 3 * i", "W1 + 2 * i"),
    "a step too few": ("x + 3 * n, 3)", "x + 3 * n, 2)"),
    "a sign": ("+= -R(1) / R(N)", "+= R(1) / R(N)"),
    "a bias lost": (" + b1[i];", ";"),
    "the wrong sample": ("4 * n + y[n]", "4 * n + y[0]"),
    "a gradient unscaled": (" / R(N)", " / R(1)"),
}
OF_PRODUCTS = {
    "a stride of the result": ("(axis){N, 37, 20, 0}", "(axis){N, 36, 20, 0}"),
    "a stride of a factor": ("(axis){37, 1, 0, 20}", "(axis){37, 1, 0, 21}"),
    "a row too few": ("least(m.count - i, 4)", "least(m.count - i, 3)"),
    "a sum too short": ("i < some.count", "i < some.count - 1"),
    "a column not copied": (
        "j < n.count; j++)\n                to[j]",
        "j + 1 < n.count; j++)\n                to[j]",
    ),
    "not begun with 0": ("fill(dW1, 740, 0)", "fill(dW1, 740, 1)"),
    "a row twice": ("x[2 * row]", "x[row]"),
    "columns twice": ("int j = first; j < n", "int j = 0; j < n"),
}
OF_WINDOWS = {
    "a stride of an index": ("{3, 0, 3, 9}", "{3, 0, 3, 8}"),
    "a row too few": ("least(m.count - i, 4)", "least(m.count - i, 3)"),
    "a row at another's place": ("m.at[2].a - r0 : 0", "m.at[1].a - r0 : 0"),
    "a sum too short": ("least(k2.count - q, deep)", "least(k2.count - q - 1, deep)"),
    "a column not copied": ("j < n.count; j++) {", "j + 1 < n.count; j++) {"),
    "columns in a row that are not": ("in_c && n.at[j].c == n.at[0].c + j", "in_c"),
    "columns not copied": ("in_b && n.at[j].b == n.at[0].b + j", "in_b"),
    "an index not begun anew": ("i + last.count - first", "i + last.count"),
}


def _files(name: str) -> dict[str, str]:
    return dict(files_of(derived(HEAD + NETS[name]), "c"))


@pytest.mark.parametrize("name", few(NETS, lambda n: n in ("names of C", "a recurrence", BLOCKS)))
def test_is_what_its_equations_say(name: str) -> None:
    assert difference(_files(name), declared(HEAD + NETS[name])) is None


@pytest.mark.slow
@pytest.mark.parametrize("name", [p.stem for p in EXAMPLES])
def test_an_example_is(name: str) -> None:
    derivation = of_example(name)
    assert difference(files_of(derivation, "c"), derivation.network) is None


@pytest.mark.slow
@pytest.mark.parametrize("name", [*WORDS][::8])
def test_a_layer_is(name: str) -> None:
    assert difference(files(declared(WORDS[name]), "c"), declared(WORDS[name])) is None


@pytest.mark.parametrize("of_corpus", one_in(60, [n for n in DRAWN if "c" in TARGETS[n]]))
def test_a_random_network_is(of_corpus: str) -> None:
    net = DRAWN[of_corpus]
    assert difference(files_of(derived(net), "c"), declared(net), flags=QUICK) is None


def test_a_mask_that_is_not_the_seeds_is_found() -> None:
    texts = _files(BLOCKS)
    wrong = {**texts, ".c": texts[".c"].replace("1664525UL", "1664526UL")}
    assert difference(wrong, declared(HEAD + NETS[BLOCKS])) is not None


@pytest.mark.parametrize("kind", one_in(3, [*MUTANTS]))
def test_a_mistake_is_found(kind: str) -> None:
    before, after = MUTANTS[kind]
    texts = _files("dense")
    assert before in texts[".c"], texts[".c"]
    wrong = {**texts, ".c": texts[".c"].replace(before, after, 1)}
    assert difference(wrong, declared(HEAD + NETS["dense"])) is not None


@pytest.mark.parametrize("kind", one_in(4, [*OF_PRODUCTS]))
def test_a_mistake_of_a_product_is_found(kind: str) -> None:
    before, after = OF_PRODUCTS[kind]
    texts = _files("products")
    assert before in texts[".c"], texts[".c"]
    wrong = {**texts, ".c": texts[".c"].replace(before, after, 1)}
    assert difference(wrong, declared(HEAD + NETS["products"])) is not None


WINDOW = HEAD + "x = input(2, 9, 9)\noutput(conv2d(tanh(conv2d(x, 8, 3)), 3, 3))\n"


@pytest.mark.slow
@pytest.mark.parametrize("kind", OF_WINDOWS)
def test_a_mistake_of_windows_is_found(kind: str) -> None:
    before, after = OF_WINDOWS[kind]
    texts = dict(files_of(derived(WINDOW), "c"))
    assert before in texts[".c"], texts[".c"]
    wrong = {**texts, ".c": texts[".c"].replace(before, after, 1)}
    assert difference(wrong, declared(WINDOW)) is not None


def test_a_mistake_of_an_output_is_found() -> None:
    """Which no gradient reads."""
    net = HEAD + "x = input(3)\noutput(dense(x, 2))\n"
    texts = dict(files(declared(net), "c"))
    assert difference(texts, declared(net)) is None
    wrong = {**texts, ".c": texts[".c"].replace("+ b1[i];", "+ 2 * b1[i];", 1)}
    found = difference(wrong, declared(net))
    assert found is not None and found.what == "z1[0, 0]"


@pytest.mark.parametrize(
    ("net", "said"),
    [
        ('x = input("T", 2)\noutput(rnn(x, 3))\n', "h1[3 * (T + 1) * n + 3 * (t + 1) + k] for h1[n,t,k]."),
        ("x = input(2)\noutput(tanh(param(2) * x))\n", "u1."),
    ],
)  # fmt: skip
def test_the_header_says_where_outputs_are(net: str, said: str) -> None:
    """Of what has a step before its first, where the first is."""
    header = files_of(derived(HEAD + net), "c")[".h"]
    assert f"/* Leaves its output in cache->{said} */" in header, header


def test_an_input_is_not_left() -> None:
    net = (
        'x, w, m, i = input(3), param(), samples(), indices("i")\n'
        "v = tensor(w * sum(x[m, i]**2, i, m))\nL = loss(v**2)\n"
    )
    assert "/* Leaves what loss and backward read. */" in files_of(derived(HEAD + net), "c")[".h"]


def test_what_is_no_c_is_found() -> None:
    texts = _files("dense")
    wrong = {**texts, ".c": texts[".c"].replace("real s = 0;", "real s = 0; int unused;", 1)}
    found = difference(wrong, declared(HEAD + NETS["dense"]))
    assert found is not None and found.what == "the C compiler" and "unused" in found.said


@pytest.mark.parametrize(
    "name", few(["dense", "a convolution", "a recurrence"], lambda n: n == "dense")
)
def test_single_precision_is_near(name: str) -> None:
    module = module_of(emitted(derived(HEAD + NETS[name])))
    rng = np.random.default_rng(0)
    params = module.init(0)
    lengths = {"N": 3, "T": 4} if name == "a recurrence" else {"N": 3}
    shapes = {**module.INPUTS, **module.TARGETS}
    given = [
        rng.integers(module.INTEGERS[n], size=3)
        if n in module.INTEGERS
        else rng.standard_normal((3, *(lengths.get(s, s) for s in shape)))
        for n, shape in shapes.items()
    ]
    loss, grads = module.loss_and_grad(params, *given)
    single = library(_files(name), lengths, np.float32)
    found = single(params, given[: len(module.INPUTS)], given[len(module.INPUTS) :], True)
    assert found.loss == pytest.approx(loss, rel=1e-5)
    for n, gradient in grads.items():
        assert np.abs(found.grads[n] - gradient).max() <= 1e-5 * np.abs(gradient).max()


@pytest.mark.slow
@pytest.mark.parametrize("flags", [("-fopenmp", "-DBPGEN_OPENMP"), ("-DBPGEN_CBLAS",)])
def test_threads_and_libraries_compute_the_same(flags: tuple[str, ...]) -> None:
    """Samples shared out among threads, and large products made by a library, where there is one."""
    if flags[0] == "-DBPGEN_CBLAS" and find_library("openblas") is None:
        pytest.skip("there is no OpenBLAS")
    texts, lengths = dict(files(declared(HEAD + LARGE), "c")), {"N": 16}
    assert "ALONE);" in texts[".c"] and "SHARED);" in texts[".c"]
    rng = np.random.default_rng(0)
    x, y = rng.standard_normal((16, 1, 40, 40)), rng.integers(10, size=16)
    alone, other = (
        library(texts, lengths, flags=(*FLAGS, *f), more=("-lopenblas",) * ("CBLAS" in f[0]))
        for f in (("-O1", "-O1"), flags)
    )
    size = alone.sizes["params"] // 8
    params = {"all": rng.standard_normal(size) / 20}
    one, again = (each(params, [x], [y], True) for each in (alone, other))
    assert one.loss == pytest.approx(again.loss, rel=1e-12)
    np.testing.assert_allclose(one.grads["all"], again.grads["all"], rtol=1e-9, atol=1e-12)


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
    for end, text in _files(name).items():
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
    compiled = library(_files("dense"), {"N": 1})
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
    compiled = library(_files("dense"), {"N": 1})
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


def _emit(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["emit", "--target", "c", *arguments])


def test_two_files_are_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("net.py").write_text(HEAD + NETS["dense"])
    done = _emit("net.py")
    assert done.exit_code == 0, done.output
    assert sorted(p.name for p in Path("generated").iterdir()) == ["net.c", "net.h"]
    assert _emit("--check", "net.py").exit_code == 0
    Path("generated/net.h").write_text("/* Written by bpgen; and changed */\n")
    stale = _emit("--check", "net.py")
    assert stale.exit_code == 1
    assert stale.stdout == "generated/net.h: stale; run `bpgen emit --target c net.py`\n"


def test_a_wrong_file_is_not_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("net.py").write_text(HEAD + NETS["dense"])
    right = Entries.contract

    def wrong(self, node, at):  # type: ignore[no-untyped-def]
        return right(self, node, at)._replace(text="0")

    monkeypatch.setitem(Entries.rows, next(t for t, f in Entries.rows.items() if f is right), wrong)
    done = _emit("net.py")
    assert done.exit_code == 2 and not Path("generated").exists()
    assert done.stderr.startswith("bpgen: net.py: not written, for it would be wrong: ")
    assert _emit("--unchecked", "net.py").exit_code == 0


def test_what_has_no_room_on_a_device_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("net.py").write_text(HEAD + NETS["dense"])
    done = _emit("--ram", "400", "net.py")
    assert done.exit_code == 2 and not Path("generated").exists()
    assert done.stderr == (
        "bpgen: net.py: takes 668 bytes of RAM to train, 492 by net_descend, 412 with"
        " -DNET_DESCEND, and --ram is 400\n"
        "  make layers smaller or fewer; to predict it takes 316\n"
    )


@pytest.mark.parametrize("least", [404, 500])
def test_what_has_room_in_one_way_is_not(least: int) -> None:
    takes = {"to train": 660, "by net_descend": 500, "in one": least, "to predict": 308}
    _refuse_larger("net.py", takes, least)
    with pytest.raises(NetError, match=f"and --ram is {least - 1}"):
        _refuse_larger("net.py", takes, least - 1)


def test_room_is_asked_of_c_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    done = CliRunner().invoke(main, ["emit", "--ram", "512", "net.py"])
    assert done.exit_code == 2
    assert "--ram is the memory of a device, and --target is numpy" in done.stderr


def test_without_a_compiler_it_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(bpgen.compiled, "compiler", lambda: None)
    Path("net.py").write_text(HEAD + NETS["dense"])
    done = _emit("net.py")
    assert done.exit_code == 0 and Path("generated/net.c").is_file()
    said = "no C compiler (cc, gcc or clang) is at hand: what is written was not run"
    assert done.stderr == f"bpgen: net.py: {said}\n"


@pytest.mark.parametrize("name", ["toy_2_2_1", "digits"])
def test_the_files_of_an_example_are_fresh(name: str) -> None:
    """`bpgen emit --target c examples/toy_2_2_1.py examples/digits.py -o generated/c`."""
    for end, text in files_of(of_example(name), "c").items():
        assert (ROOT / "generated" / "c" / f"{name}{end}").read_text() == text


@pytest.mark.slow
def test_no_line_is_too_long() -> None:
    for name in ("dense", "a convolution", "a recurrence", "attention"):
        every = [line for text in _files(name).values() for line in text.splitlines()]
        assert max(map(len, every)) <= 100


def test_a_line_breaks_outside_of_brackets() -> None:
    line = (
        "    a["
        + " + ".join("bcdefgh")
        + "] = "
        + " * ".join(f"t{k}[i + {k}]" for k in range(12))
        + ";"
    )
    first, second = broken(line)
    assert len(first) <= 100 and first.count("[") == first.count("]")
    assert first + " " + second.strip() == line


def test_a_comment_ends_where_it_should() -> None:
    assert comment(["a */ b /* c"]) == "/* a * / b / * c */"


@pytest.mark.parametrize(
    ("output", "said"),
    [
        ("x.py", "x.py is no name for what ends in .c\n  end it in .c, or give a folder: x.py/"),
        (
            "x.c",
            "x.c includes net.h, and its header would be called otherwise\n"
            "  give a folder, or net.c",
        ),
    ],
)
def test_other_names_are_refused(
    output: str, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("net.py").write_text(HEAD + NETS["dense"])
    done = _emit("net.py", "-o", output)
    assert done.exit_code == 2 and done.stderr == f"bpgen: {said}\n"
    assert sorted(p.name for p in Path().iterdir()) == ["net.py"]
    assert _emit("net.py", "-o", "net.c").exit_code == 0


def test_check_says_what_it_proves() -> None:
    done = CliRunner().invoke(main, ["check", str(ROOT / "generated" / "c" / "digits.c")])
    assert done.exit_code == 2
    assert done.stderr.endswith(
        "digits.c is C, and check proves a net.py and its module\n"
        "  check its net.py; emit runs C against the equations before it writes it\n"
    )
