"""Symbols in the sentences of a page are those of the network, and what is said of them is so."""

from __future__ import annotations

from functools import cache

import pytest

from bpgen.check.page.proof import definitions, other_names, prove_page, spellings
from bpgen.check.page.proof.judge import Judge
from bpgen.check.page.proof.page import Page
from bpgen.check.page.proof.sentences import false_sentences
from bpgen.record import Derivation
from bpgen.render import render
from tests.check.proved_pages import MORE
from tests.conftest import derived
from tests.few import one_in
from tests.render.equal_layers import NETS as RULES

BLOCKS = """from bpgen import *
x, t = input(2), target(2)
u = dense(x, 3, tanh)


def block(h):
    return h + dense(dense(h, 4, tanh), 3)


h = repeat(5, block, u)
q = dense(h, 2)
L = loss(half_squared_error(q, t))
"""
MATRICES = """from bpgen import *
x, t = input(3), target(2)
W1, W2, W3 = param(4, 3), param(5, 4), param(2, 5)
a1 = tanh(W1 @ x)
z2 = W2 @ a1
a2 = tanh(z2)
z3 = W3 @ a2
L = loss(half_squared_error(z3, t))
"""
SPELLED = """from bpgen import *
x, W = input(2, 2), param(2, 2)
v = 1 - sigmoid(x @ W)
output(v.T @ log(v))
"""
DROPPED = """from bpgen import *
x, t = input(2), target(2)
h = dropout(dropout(tanh(x), 0.25), 0.5)
L = loss(half_squared_error(h, t))
"""
PAIRED = """from bpgen import *
i, m, x, w = indices("i"), samples(), input(2), param(2)
z = w * x
L = loss(log(sum(exp(sum(z[i] * z[m, i], i)), m)))
"""
GATHERED = """from bpgen import *
i = indices("i")
x, k, W = input(4), input(4, below=4), param(4, 4)
z = W @ x
g = tensor(z[k[i]] * x[i], i)
L = loss(sum(g ** 2))
"""
ALONE = """from bpgen import *
i, x, w, v = indices("i", size=3), input(2), param(2), param(3)
u = sum(w * x)
h = tensor(tanh(v[i] * u), i)
L = loss(sum(h ** 2))
"""
LATER = """from bpgen import *
i = indices("i")
t, u = indices("t u", size="T")
x, W = input("T", 2), param(2)
z = tensor(sin(sum(W[i] * x[t, i], i)), t)
s = tensor(sum(z[u] * at_most(u, t), u), t)
L = loss(sum(s ** 2))
"""
STEPS = """from bpgen import *
t, i, j = indices("t i j")
x, U = input("T", 2), param(2, 2)
h = recurrent("T", 2)
h[t, i] = tanh(x[t, i] + sum(U[i, j] * h[t - 1, j], j))
L = loss(sum(h ** 2))
"""
KINKED = """from bpgen import *
x, w, t = input(2), param(2), target(2)
a, b = abs(w * x), clip(w * x, -1, 1)
c, d, e = elu(w * x, 0.7), leaky_relu(w * x), relu(w * x)
f = maximum(hard_tanh(w * x), w)
L = loss(half_squared_error(a + b + c + d + e + f, t))
"""
LABELLED = """from bpgen import *
x, y, W, b = input(2), label(3), param(3, 2), param(3)
L = loss(categorical_cross_entropy(softmax(W @ x + b), y) + 0.1 * l2(W))
"""
FACTORS = """from bpgen import *
u, i, r, a, b = input(below=10), input(below=20), target(), param(10), param(20)
L = loss((a[u] + b[i] - r) ** 2)
"""
UPSTREAM = """from bpgen import *
x, w = input(2), param(2)
h = w * x
s = sum(h * x)
output(h, s)
"""
MIXED = """from bpgen import *
n, m, x, w, t = samples(), samples(), input(2), param(2), target()
z = dot(w, x)
c = tensor(z[n] - mean(z[m], m), n)
L = loss(squared_error(c, t))
"""
UNSEEN = """from bpgen import *
i, j, m = indices("i", size=3), indices("j", size=2), samples()
x, w, u = input(), param(3), zeros(7)
u[3] = mean(x[m] + w[i], i, m)
L = loss(sum(w ** 2) + sum(u[j] ** 2, j))
"""
AS_LONG = """from bpgen import *
k, j = indices("k", size=3), indices("j")
x, h = input(2), recurrent(3)
r = repeat(3, lambda h: tanh(param(2) * h), x)
h[-1] = r[1]
h[k] = tanh(max(r[j], j) + h[k - 1])
L = loss(sum(h ** 2))
"""
EMPTY = """from bpgen import *
t, u = indices("t u")
x = input(4, 4)
L = loss(sum(x * softmax(tensor(masked(x[t, u], at_most(u, t - 1)), t, u))))
"""
CUT = """from bpgen import *
x, y = input(2), target({})
h1 = dense(x, {}, tanh)
h2 = dense(h1, {}, tanh)
h3 = dense(h2, 2, tanh)
z = dense(h3, 2)
L = loss(squared_error(concat([z, x]), y))
"""
NORMS = """from bpgen import *
i, j = indices("i j")
x, y, w = input(2), target(4), param(2)
a = tanh(x)
b = tensor(sum(a[i] * w[j] ** 2, j), i)
c = tanh(b)
d = tensor(sum(c[i] * w[j] ** 2, j), i)
e = tanh(d)
f = tensor(sum(e[i] * w[j] ** 2, j), i)
L = loss(squared_error(concat([f, x]), y))
"""
ENTRYWISE = """from bpgen import *
x, y, w, U, V = input(4), target(4), param(4), param(3, 4), param(4, 3)
h = w * x
a = U @ h
z = V @ a
L = loss(half_squared_error(z, y))
"""
LAYERS = RULES["five"]
_FULL = (SPELLED, ALONE)


@cache
def _derivation(net: str) -> Derivation:
    return derived(net)


@cache
def _page(net: str) -> str:
    return render(_derivation(net), fmt="latex", steps="all" if net in _FULL else "short")


def _false(net: str, page: str) -> list[str]:
    read = Page.of(page, _derivation(net).network, 0)
    other_names.read(read, Judge(read.tolerance))
    definitions.read(read, Judge(read.tolerance))
    spellings.read(read)
    return [str(line) for line in false_sentences(read)]


@pytest.mark.parametrize(
    "net",
    one_in(
        3,
        [
            *(BLOCKS, MATRICES, LAYERS, SPELLED, DROPPED, PAIRED, GATHERED, ALONE),
            *(STEPS, KINKED, LABELLED, FACTORS, UPSTREAM, MIXED, UNSEEN, AS_LONG),
        ],
    ),
)
def test_what_is_printed_holds(net: str) -> None:
    assert _false(net, _page(net)) == []


POSITIVE = "{{{}}}'(0, s)$ is $s$, the slope of the positive"
KEPT = "the data's part; a penalty's stands as it is, and ({}) keeps its number"
WRONG = [
    # of what a delta is the gradient
    (MATRICES, r"changes with $z^{[2]}$", r"changes with $z^{[3]}$"),
    (MATRICES, r"$\delta^{[2]}$ says", r"$a^{[2]}$ says"),
    (MATRICES, r"$\delta^{[2]}$ says how $\ell$", r"$\delta^{[2]}$ says how $a^{[1]}$"),
    (BLOCKS, r"changes with $z_{2}^{(l)}$", r"changes with $z_{3}^{(l)}$"),
    (BLOCKS, r"changes with $z_{2}^{(l)}$", r"changes with $z_{2}^{(l+1)}$"),
    # what feeds what, and over what is the sum
    (MATRICES, r"Each $a^{[2]}_{i}$", r"Each $a^{[1]}_{i}$"),
    (MATRICES, r"feeds every $z^{[3]}_{j}$", r"feeds every $z^{[2]}_{j}$"),
    (MATRICES, r"so $\sum_{j}$", r"so $\sum_{i}$"),
    (BLOCKS, r"Each $a_{i}^{(l)}$", r"Each $a_{i}^{(l-1)}$"),
    (BLOCKS, r"feeds every $z_{3,j}^{(l)}$", r"feeds every $z_{3,j}^{(l+1)}$"),
    (SPELLED, r"Each $z^{[1]}_{ij}$", r"Each $x_{ij}$"),
    (SPELLED, r"Each $v_{ij}$ feeds", r"Each $W_{ij}$ feeds"),
    # how many it feeds: every one, several of them, one
    (MATRICES, r"feeds every $z^{[3]}_{j}$", r"may feed several $z^{[3]}_{j}$"),
    (MATRICES, r"feeds every $z^{[3]}_{j}$", r"feeds one $z^{[3]}_{j}$"),
    (SPELLED, r"feeds every $u^{[1]}_{jk}$", r"may feed several $u^{[1]}_{jk}$"),
    (BLOCKS, r"feeds every $z_{3,j}^{(l)}$", r"may feed several $z_{3,j}^{(l)}$"),
    (PAIRED, "may feed several", "feeds every"),
    (PAIRED, "may feed several", "feeds one"),
    (GATHERED, "may feed several", "feeds every"),
    (ALONE, "$u$ feeds every", "$u$ may feed several"),
    (ALONE, "$u$ feeds every", "Each $u$ feeds every"),
    # from where to where a block goes
    (BLOCKS, r"from $h^{(l-1)}$", r"from $h^{(l-2)}$"),
    (BLOCKS, r"to $h^{(l)}$. The", r"to $h^{(l+1)}$. The"),
    (BLOCKS, r"leaves $h^{(4)}$", r"leaves $h^{(3)}$"),
    (BLOCKS, r"leaves $h^{(4)}$", r"leaves $a^{(4)}$"),
    (BLOCKS, r"$l = 0, \dots, 4$", r"$l = 0, \dots, 5$"),
    (BLOCKS, r"$l = 4, \dots, 0$", r"$l = 0, \dots, 4$"),
    (
        BLOCKS,
        r"respect to $h^{(l)}$ to that of $h^{(l-1)}$",
        r"respect to $h^{(l-1)}$ to that of $h^{(l)}$",
    ),
    # what there is not
    (MATRICES, r"gradient of a parameter", r"gradient of $W^{[4]}$"),
    (MATRICES, r"gradient of a parameter", r"gradient of $W^{[1]} - a^{[4]}$"),
    (BLOCKS, r"gradient of a parameter", r"gradient of $W_{7}$"),
    (BLOCKS, r"gradient of a parameter", r"gradient of $W_{3}^{(5)}$"),
    (BLOCKS, r"gradient of a parameter", r"gradient of $W_{1}^{(l)}$"),
    # what becomes of gradients over a batch
    (MATRICES, "is the mean of theirs", "is the sum of theirs"),
    (SPELLED, "is the sum over the samples", "is the mean over the samples"),
    (ALONE, r"L}{\partial h_{n}}$ carries", r"L}{\partial w}$ carries"),
    (ALONE, r"$\frac{\partial L}{\partial h_{n}}$ carries", r"$h_{n}$ carries"),
    (ALONE, "derivatives are of $L$", r"derivatives are of $\ell$"),
    (MATRICES, ", and so every parameter", ""),
    (SPELLED, r"samples, $\sum_{n}$", r"samples, $\sum_{i}$"),
    (MATRICES, "mean of theirs", f"mean of {KEPT.format(16)}"),
    (ALONE, "The subscript $n$", "The subscript $i$"),
    (ALONE, "of $N$ in the batch", "of $n$ in the batch"),
    (MIXED, "The subscript $n$", "The subscript $k$"),
    (
        STEPS,
        "Indices count from 0.",
        "Samples meet in these equations, and so none is told by itself.\nIndices count from 0.",
    ),
    (MIXED, "Samples meet in these equations, and so none is told by itself.", ""),
    # of which equations a heading is
    (MATRICES, r"Gradients of $\ell$", r"Gradients of $a^{[2]}$"),
    (ALONE, r"Gradient with respect to $u$", r"Gradient with respect to $h$"),
    (SPELLED, r"Gradient with respect to $z^{[1]}$", r"Gradient with respect to $v$"),
    # of a recurrence
    (STEPS, "at $t = T$, gradients are 0", "at $t = T-1$, gradients are 0"),
    (STEPS, "gradients are 0", "gradients are 1"),
    (STEPS, r" Beyond the last step, at $t = T$, gradients are 0.", ""),
    (STEPS, "time: (4) and (5), step", "time: (4), step"),
    (STEPS, "time: (4) and (5), step", "time: (4) to (5), step"),
    (STEPS, "time: (4) and (5), step", "time: (4) and (6), step"),
    (STEPS, "time: (4) and (5), step", "time: (3) and (4), step"),
    # at kinks
    # in the same way
    (MATRICES, "(11) and (14) as (8)", "(11) and (14) as (9)"),
    (MATRICES, "(11) and (14) as (8)", "(11) and (14) as (3)"),
    (MATRICES, "(11) and (14) as (8)", "(11) and (14) as (80)"),
    (MATRICES, "(11) and (14) as (8)", "(11) and (4) as (8)"),
    (LAYERS, "(30) as (14, 18, 22, 26)", "(28) as (14, 18, 22, 26)"),
    (CUT.format(4, 2, 2), "(19) as (15)", "(18) as (15)"),
    (NORMS, "(14) as (12)", "(14) as (11)"),
    (KINKED, r"$\operatorname{relu}'(0) = 0$", r"$\operatorname{relu}'(0) = 1$"),
    (KINKED, r"$\operatorname{relu}'(0) = 0$", r"$\operatorname{relu}'(0, s) = 0$"),
    (KINKED, r"\textbar{}\textquotesingle{}(0) = 0", r"\textbar{}\textquotesingle{}(0) = 1"),
    (KINKED, r"{lrelu}'(0, s)$ is $s$, the", r"{leaky\_relu}'(0, s)$ is $s$, the"),
    (KINKED, r"{lrelu}'(0, s)$ is $s$, the", r"{lrelu}'(0, s)$ is $u$, the"),
    (KINKED, r"{lrelu}'(0, s)$ is $s$, the", r"{relu}'(0, s)$ is $s$, the"),
    (KINKED, r"{elu}'(0, s)$ is $s$, the", r"{elu}'(0, u)$ is $u$, the"),
    (KINKED, r"{elu}'(0, s)$ is $s$, the", r"{elu}'(0)$ is $s$, the"),
    (KINKED, r"{lrelu}'(0, s)$ is $s$, the slope of the negative", POSITIVE.format("lrelu")),
    (KINKED, r"{elu}'(0, s)$ is $s$, the slope of the negative", POSITIVE.format("elu")),
    (KINKED, "is 1 at both ends", "is 0 at both ends"),
    (KINKED, r"clip}'$ is 1 at", r"relu}'$ is 1 at"),
    (KINKED, r"hardtanh}'$ is 0 at both ends", r"hardtanh}'$ is 1 at both ends"),
    (KINKED, r"hardtanh}'$ is 0 at both ends", r"hardsigmoid}'$ is 0 at both ends"),
    (KINKED, r"clip}'$ is 1 at both ends", r"clip}'(0) = 1$"),
    (KINKED, "the slope 1/2 along", "the slope 1/1 along"),
    # what is given, and what stands for what
    (UPSTREAM, r"$\bar{h}$ and $\bar{s}$ are", r"$\bar{h}$ and $\bar{h}$ are"),
    (UPSTREAM, r"$\bar{h}$ and $\bar{s}$ are", r"$\bar{h}$ and $s$ are"),
    (UPSTREAM, r"of a scalar $\ell$", r"of a scalar $s$"),
    (LABELLED, KEPT.format(4), KEPT.format(4).replace("penalty", "bias")),
    (LABELLED, KEPT.format(4), KEPT.format(3)),
    (LABELLED, KEPT.format(4), KEPT.format(14)),
    (LABELLED, r"$e_{y}$ is the unit vector", r"$e_{i}$ is the unit vector"),
    (LABELLED, "vector of the label.", "vector of the integer $y$."),
    (FACTORS, "vectors of the integers $u$ and $i$.", "vectors of the integers $i$ and $u$."),
    (FACTORS, "vectors of the integers $u$ and $i$.", "vectors of the labels $u$ and $i$."),
    (FACTORS, "vectors of the integers $u$ and $i$.", "vectors of the integers."),
    (
        FACTORS,
        r"$e_{u}$ and $e_{i}$ are the unit vectors of the integers $u$ and $i$.",
        r"$e_{i}$ is the unit vector of the label.",
    ),
    (
        STEPS,
        "Indices count from 0.",
        "Indices count from 0. Long numbers are rounded to six digits.",
    ),
    # what nobody reads
    (STEPS, "Indices count from 0.", "Indices count from 2."),
    (STEPS, "Beyond the last step", "At the last step"),
    (EMPTY, "a softmax is 0, and no", "a softmax is 1, and no"),
    (EMPTY, "Where a mask keeps nothing", "Where a mask keeps something"),
    (LABELLED, "is 1 where the condition holds", "is 1 where the condition does not hold"),
    (STEPS, "Indices count from 0.", "Indices count from 0. It is known that 1 is 2."),
    # of a rule for each layer
    (LAYERS, r"changes with $z^{[l]}$", r"changes with $z^{[l+1]}$"),
    (LAYERS, r"Each $a^{[l]}_{i}$", r"Each $a^{[l-1]}_{i}$"),
    # what is drawn
    (DROPPED, r"$\tfrac{4}{3}$ with", "$2$ with"),
    (DROPPED, r"the probability $\tfrac{3}{4}$", r"the probability $\tfrac{1}{4}$"),
    (DROPPED, r"Each entry of $m^{[1]}$", "Each entry of $x$"),
    (DROPPED, r"Each entry of $m^{[1]}$", "Each entry of $m^{[2]}$"),
    # a step
    (MATRICES, r"descent: $W^{[1]} \leftarrow W^{[1]}", r"descent: $W^{[1]} \leftarrow W^{[2]}"),
    (
        BLOCKS,
        r"\tfrac{\partial L}{\partial W_{1}}$, and",
        r"\tfrac{\partial L}{\partial W_{4}}$, and",
    ),
    (
        BLOCKS,
        r"\tfrac{\partial L}{\partial W_{1}}$, and",
        r"\tfrac{\partial q}{\partial W_{1}}$, and",
    ),
]


def test_a_long_number_may_be_shown_short() -> None:
    """1 - 0.9 is 0.09999999999999998."""
    net = "from bpgen import *\nx, w = input(2), param(2)\nL = loss((1 - {}) * dot(w, x))\n"
    long, short = net.format(0.9), net.format(0.75)
    said = "Long numbers are rounded to six digits."
    assert said in _page(long) and not _false(long, _page(long))
    assert _false(short, _page(short).replace("A step", f"{said}\nA step"))


def test_a_step_is_lr_long_where_eta_is_another() -> None:
    net = "from bpgen import *\nx, w = input(2), param(2)\neta = dot(w, x)\nL = loss(eta ** 2)\n"
    assert r"\mathrm{lr} \, \tfrac{\partial L}{\partial w}" in _page(net)
    assert not _false(net, _page(net))


@pytest.mark.parametrize(("net", "true", "wrong"), one_in(2, [*WRONG]))
def test_what_is_wrong_in_a_sentence_is_refused(net: str, true: str, wrong: str) -> None:
    page = _page(net)
    assert page.count(true) == 1
    assert len(_false(net, page.replace(true, wrong))) >= 1


@pytest.mark.parametrize(
    ("net", "said", "less"),
    [
        (LABELLED, r"$e_{y}$ is the unit vector of the label.", ""),
        (
            FACTORS,
            r"$e_{u}$ and $e_{i}$ are the unit vectors of the integers $u$ and $i$.",
            r"$e_{i}$ is the unit vector of the integer $i$.",
        ),
    ],
)
def test_a_unit_vector_that_is_read_is_told(net: str, said: str, less: str) -> None:
    page, network = _page(net), _derivation(net).network
    assert page.count(said) == 1 and prove_page(page, network).ok
    (line,) = prove_page(page.replace(said, less), network).false
    assert "the unit vector of" in str(line) and "is not told" in str(line)


@pytest.mark.parametrize(
    ("net", "said"),
    [
        (CUT.format(4, 2, 2), "(19) as (15), (20) as (16)"),
        (CUT.format(4, 3, 1), "(19) as (15), (20) as (16)"),  # a sum over one is a sum
        (NORMS, "(14) as (12)"),
    ],
)
def test_a_way_is_the_same_in_matrices_and_at_indices(net: str, said: str) -> None:
    """What is read in part is told at its indices, W_ji d_j summed, and the rest as W^T d."""
    page = _page(net)
    assert f"In the same way: {said}." in page
    assert _false(net, page) == []


def test_where_an_entry_stands_is_no_part_of_the_way() -> None:
    """The last of ten is found at 10 = u, the last of twenty at 20 = i."""
    derivation = _derivation(FACTORS)
    page = render(derivation, fmt="latex", notation="components", steps="short")
    said = "In the same way: (5) as (4)."
    assert page.count(said) == 1 and prove_page(page, derivation.network).ok
    (line,) = prove_page(page.replace(said, said.replace("4", "3")), derivation.network).false
    assert "(5) is not as (3)" in str(line)


def test_how_far_a_sum_goes_is_no_part_of_the_way() -> None:
    """Of windows of 2 and of 3 entries, which overlap."""
    net = MORE["pools of three sizes"]
    page = _page(net)
    assert page.count("In the same way: (11) as (10).") == 1 and _false(net, page) == []
    (wrong,) = _false(net, page.replace("(11) as (10)", "(11) as (9)"))
    assert "(11) is not as (9)" in wrong


def test_a_product_of_entries_is_another_way_than_one_of_matrices() -> None:
    """w o d is not as V^T d, though both are a value times a gradient."""
    page = _page(ENTRYWISE)
    assert page.count("(9) as (7)") == 1 and _false(ENTRYWISE, page) == []
    (wrong,) = _false(ENTRYWISE, page.replace("(9) as (7)", "(11) as (7)"))
    assert "(11) is not as (7)" in wrong


@pytest.mark.parametrize(("later", "wrong"), [("", 1), (" + sum(z[u], u)", 0)])
def test_what_comes_later_is_fed_by_what_came_before_alone(later: str, wrong: int) -> None:
    net = LATER.replace(", u), t)", f", u){later}, t)")
    page = _page(net)
    assert _false(net, page) == [] and "feeds every" not in page
    said = r"Each $z_{u}$ feeds every $s_{t}$, so $\sum_{t}$ adds what comes back."
    assert len(_false(net, f"{said}\n{page}")) == wrong


def test_a_page_of_which_a_sentence_is_wrong_is_not_proved() -> None:
    _, true, wrong = WRONG[0]
    page = _page(MATRICES)
    network = _derivation(MATRICES).network
    assert prove_page(page, network).ok
    report = prove_page(page.replace(true, wrong), network)
    assert [line.reason for line in report.false] == [
        "this is the gradient with respect to something else"
    ]
