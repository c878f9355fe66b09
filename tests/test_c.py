"""C99 from the array program: what its equations say, clean for the compiler, and itself to read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from ctypes.util import find_library

import numpy as np
import pytest

from bpgen.compiled import difference
from bpgen.compiled.library import command, compiler, library
from bpgen.emit import emitted, files, files_of
from bpgen.ir import Network
from tests.conftest import EXAMPLES, declared, derived, module_of, of_example
from tests.few import few, one_in
from tests.in_c import QUICK, warnings
from tests.nets_in_c import BLOCKS, HEAD, LARGE, NETS, WINDOW, texts_of
from tests.proofs.words import WORDS
from tests.texts.corpus import DRAWN, TARGETS

pytestmark = pytest.mark.skipif(compiler() is None, reason="there is no C compiler")

# Mistakes of a printer, each in the first place where it can be made.
AS_USERS_DO = ("digits", "lstm", "toy_2_2_1")  # by what emit calls the compiler with
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


def assert_right(texts: Mapping[str, str], network: Network, by: Sequence[str] = QUICK) -> None:
    assert warnings([texts]) == ""
    assert difference(texts, network, by=by) is None


@pytest.mark.parametrize("name", few(NETS, lambda n: n == BLOCKS))
def test_is_what_its_equations_say(name: str) -> None:
    assert difference(texts_of(name), declared(HEAD + NETS[name])) is None


@pytest.mark.slow
@pytest.mark.parametrize("name", [p.stem for p in EXAMPLES])
def test_an_example_is(name: str) -> None:
    derivation = of_example(name)
    assert_right(
        files_of(derivation, "c"), derivation.network, () if name in AS_USERS_DO else QUICK
    )


@pytest.mark.slow
@pytest.mark.parametrize("name", [*WORDS][::8])
def test_a_layer_is(name: str) -> None:
    net = declared(WORDS[name])
    assert_right(files(net, "c"), net)


@pytest.mark.parametrize("of_corpus", one_in(120, [n for n in DRAWN if "c" in TARGETS[n]]))
def test_a_random_network_is(of_corpus: str) -> None:
    net = DRAWN[of_corpus]
    assert_right(files_of(derived(net), "c"), declared(net))


def test_what_the_compiler_warns_of_is_told() -> None:
    texts = texts_of("dense")
    loose = {**texts, ".c": texts[".c"] + "\nstatic int unused(void) { return 0; }\n"}
    assert warnings([texts]) == "" and "unused" in warnings([loose])


def test_a_mask_that_is_not_the_seeds_is_found() -> None:
    texts = texts_of(BLOCKS)
    wrong = {**texts, ".c": texts[".c"].replace("1664525UL", "1664526UL")}
    assert difference(wrong, declared(HEAD + NETS[BLOCKS]), by=QUICK) is not None


@pytest.mark.parametrize("kind", one_in(3, [*MUTANTS]))
def test_a_mistake_is_found(kind: str) -> None:
    before, after = MUTANTS[kind]
    texts = texts_of("dense")
    assert before in texts[".c"], texts[".c"]
    wrong = {**texts, ".c": texts[".c"].replace(before, after, 1)}
    assert difference(wrong, declared(HEAD + NETS["dense"]), by=QUICK) is not None


@pytest.mark.parametrize("kind", one_in(4, [*OF_PRODUCTS]))
def test_a_mistake_of_a_product_is_found(kind: str) -> None:
    before, after = OF_PRODUCTS[kind]
    texts = texts_of("products")
    assert before in texts[".c"], texts[".c"]
    wrong = {**texts, ".c": texts[".c"].replace(before, after, 1)}
    assert difference(wrong, declared(HEAD + NETS["products"]), by=QUICK) is not None


@pytest.mark.slow
@pytest.mark.parametrize("kind", OF_WINDOWS)
def test_a_mistake_of_windows_is_found(kind: str) -> None:
    before, after = OF_WINDOWS[kind]
    texts = dict(files_of(derived(WINDOW), "c"))
    assert before in texts[".c"], texts[".c"]
    wrong = {**texts, ".c": texts[".c"].replace(before, after, 1)}
    assert difference(wrong, declared(WINDOW), by=QUICK) is not None


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
    texts = texts_of("dense")
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
    single = library(texts_of(name), lengths, np.float32)
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
        library(texts, lengths, by=command(*f), more=("-lopenblas",) * ("CBLAS" in f[0]))
        for f in (("-O1", "-O1"), flags)
    )
    size = alone.sizes["params"] // 8
    params = {"all": rng.standard_normal(size) / 20}
    one, again = (each(params, [x], [y], True) for each in (alone, other))
    assert one.loss == pytest.approx(again.loss, rel=1e-12)
    np.testing.assert_allclose(one.grads["all"], again.grads["all"], rtol=1e-9, atol=1e-12)
