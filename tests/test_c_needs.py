"""C makes and keeps what something comes of, and nothing else."""

from __future__ import annotations

import pytest

from bpgen.compiled import difference
from bpgen.compiled.library import compiler
from bpgen.emit import WITH_PYTHON, files, files_of
from bpgen.errors import NetError
from bpgen.program import grammar as program
from bpgen.program.grammar import Assign, Read, Ref
from bpgen.targets.c.needs import without_idle
from tests.conftest import declared, derived
from tests.nets_in_c import HEAD

# The first largest of each row is read where the gradient of x is made, and nowhere else.
NET = (
    "x, y = input(4, 3), target(2)\nv = global_max_pool(softplus(x))\n"
    "L = loss(squared_error(dense(v, 2, tanh), y))\n"
)
OF_BLOCKS = (
    "x, y = input(4), target(4)\nh = repeat(2, lambda h: tanh(h) * h, x)\n"
    "L = loss(squared_error(dense(h, 4), y))\n"
)


def test_of_gradients_of_inputs_nothing_is_kept() -> None:
    assert "first_v" not in files_of(derived(HEAD + NET), "c")[".c"]


@pytest.mark.slow
def test_what_they_need_is_kept_where_they_are_asked_for() -> None:
    assert "first_v" in files_of(derived(HEAD + NET), WITH_PYTHON)[".c"]


def test_of_blocks_neither() -> None:
    """The last one leaves what it hands on, and none anything for a gradient."""
    header = files_of(derived(HEAD + OF_BLOCKS), "c")[".h"]
    cache = header.partition("/* What forward leaves")[2].partition("} net_cache;")[0]
    assert cache.count("real h[") == 1 and "u1[" not in cache and "block" not in cache


@pytest.mark.parametrize("word", ["work", "DOUBLE", "register"])
def test_a_length_that_is_a_word_of_c_is_refused(word: str) -> None:
    with pytest.raises(NetError, match=f"{word} is the length of an axis, and what C calls its"):
        files_of(derived(HEAD + f"x = input('{word}', 2)\noutput(tanh(x))\n"), "c")


def test_names_that_lengths_have_are_not_given_again() -> None:
    """H, the height, had the macro that keeps a header from being read twice."""
    net = "x, y = input('H', 'log_sum'), label(3)\nV = param(3)\n"
    net += "p = softmax(V * mean(x))\nL = loss(categorical_cross_entropy(p, y))\n"
    made = files_of(derived(HEAD + net), "c")
    assert "#define NET_H 64" in made[".h"] and "#define NET_H\n" not in made[".h"]
    assert "real *log_sum " not in made[".c"]


def test_a_length_called_as_a_macro_is_stays_unused() -> None:
    """M(exp) is exp of the precision, and no mention of M."""
    net = "x, y = input('M', 2), label(2)\nz = mean(x, axis=0)\n"
    net += "L = loss(categorical_cross_entropy_with_logits(param(2, 2) @ z, y))\n"
    source = files_of(derived(HEAD + net), "c")[".c"]
    loss = source[source.index("real net_loss(") : source.index("real net_backward(")]
    assert "M(exp)" in loss and "    (void)M;" in loss


@pytest.mark.slow
@pytest.mark.skipif(compiler() is None, reason="there is no C compiler")
@pytest.mark.parametrize("net", [NET, OF_BLOCKS])
def test_all_is_there_that_is_needed(net: str) -> None:
    network = declared(HEAD + net)
    assert difference(files(network, "c"), network) is None


# What is written in is made where it is written; a look at it is memory of its own name no more.
x = Read("x", ())
BODY = {
    "made": Assign("a", x),
    "a look at it": Assign("b", program.Slice(Read("a", ()), (), ())),
    "written there": program.Store(Read("b", ()), x, adds=True),
    "idle": Assign("c", Read("a", ())),
    "read for that": Assign("d", Read("c", ())),
}


def _kept(*packed: str) -> list[str]:
    pack = program.Pack("", tuple((n, n) for n in packed))
    forward = program.Function("forward", (), (), "", (*BODY.values(), pack))
    refs = tuple(Assign(n, Ref(n, "cache")) for n in "abcd")
    read = program.Return(tuple(Read(n, ()) for n in packed))
    backward = program.Function("backward", (), (), "", (*refs, read))
    left = without_idle({"forward": forward, "backward": backward})
    assert len(left["backward"].body) == len(packed) + 1
    return [said for said, node in BODY.items() if node in left["forward"].body]


def test_what_is_written_in_is_needed_with_what_looks_at_it() -> None:
    assert _kept() == []
    assert _kept("a") == ["made", "a look at it", "written there"]
    assert _kept("d") == [*BODY]
