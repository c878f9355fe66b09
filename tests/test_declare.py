"""The words of a net.py, by the equations of the network that they build."""

from __future__ import annotations

from pathlib import Path

import pytest

from bpgen.ir import Network, Term
from bpgen.load import declared_by

X = "from bpgen import *\nimport sympy as sp\nimport numpy as np\nx = input(3)\n"


def network(text: str) -> Network:
    return declared_by(X + text)


def equations(text: str) -> list[str]:
    """Every equation as text: `z[n, i] = sum j: W[i, j]*x[n, j] + b[i]`."""
    return [f"{e.lhs} = {' + '.join(map(_term, e.terms))}" for e in network(text)]


def _term(term: Term) -> str:
    over = ", ".join(str(k) for k in term.over)
    return f"{term.reduce} {over}: {term.body}" if over else str(term.body)


@pytest.mark.parametrize(
    ("expression", "body"),
    [
        ("2 * x", "2*x[n, i]"),
        ("x * 0.1", "x[n, i]/10"),
        ("x - 1", "x[n, i] - 1"),
        ("1 - x", "1 - x[n, i]"),
        ("x / 4", "x[n, i]/4"),
        ("4 / x", "4/x[n, i]"),
        ("-x", "-x[n, i]"),
        ("+x * 2", "2*x[n, i]"),
        ("x ** 2", "x[n, i]**2"),
        ("2 ** x", "2**x[n, i]"),
        ("x * x", "x[n, i]**2"),
        ("x / (1 + abs(x))", "x[n, i]/(Abs(x[n, i]) + 1)"),
        ("np.float64(0.5) * x", "x[n, i]/2"),
        ("x + np.int64(2)", "x[n, i] + 2"),
        ("np.array(3.0) - x", "3 - x[n, i]"),
        ("sp.Rational(1, 3) * x", "x[n, i]/3"),
        ("x * sp.pi", "pi*x[n, i]"),
        ("exp(-x)", "exp(-x[n, i])"),
        ("leaky_relu(x, 0.2)", "leaky_relu(x[n, i], 1/5)"),
        ("activation(sp.Max(0, sp.Symbol('t')))(x)", "relu(x[n, i])"),
        ("activation(sp.Min(6, sp.Max(sp.Symbol('t'), 0)))(x)", "minimum(relu(x[n, i]), 6)"),
        ("activation(sp.sech(sp.Symbol('t')))(x)", "1/cosh(x[n, i])"),
        ("tensor(sp.sin(x[indices('i')]) * 2, indices('i'))", "2*sin(x[n, i])"),
        ("tensor(x[indices('r')] * x[0], indices('r'))", "x[n, 0]*x[n, r]"),
        ("reshape(sum(x), 1)", "sum j: x[n, j]"),
    ],
)
def test_elementwise(expression: str, body: str) -> None:
    name = "r" if "indices('r')" in expression else "i"
    assert equations(f"a = {expression}\noutput(a)\n") == [f"a[n, {name}] = {body}"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("W = param(2, 3)\na = W @ x", "a[n, i] = sum j: W[i, j]*x[n, j]"),
        ("W = param(3, 2)\na = W.T @ x", "a[n, i] = sum j: W[j, i]*x[n, j]"),
        ("W = param(3, 2)\na = x @ W", "a[n, i] = sum j: W[j, i]*x[n, j]"),
        ("W, b = param(2, 3), param(2)\na = W @ x + b", "a[n, i] = sum j: W[i, j]*x[n, j] + b[i]"),
        ("w = param(3)\na = dot(w, x)", "a[n] = sum i: w[i]*x[n, i]"),
        ("a = sum(x)", "a[n] = sum i: x[n, i]"),
        ("a = mean(x ** 2)", "a[n] = sum i: x[n, i]**2/3"),
        ("W = param(2, 3)\nc = sum(W, axis=-1)\na = c * sum(x)", "c[i] = sum j: W[i, j]"),
        ("a = sum([x, 2 * x])", "a[n, i] = 3*x[n, i]"),
        ("a = tensor(sum(2 * x[k] for k in range(3)))", "a[n] = 2*x[n, 0] + 2*x[n, 1] + 2*x[n, 2]"),
        (
            "i, j = indices('i, j')\nW = param(3, 3)\na = tensor(sum(W[i, j] * x[i] * x[j], i, j))",
            "a[n] = sum i, j: W[i, j]*x[n, i]*x[n, j]",
        ),
        ("i, j = indices('i', 'j')\na = tensor(x[i] * x[j], i, j)", "a[n, i, j] = x[n, i]*x[n, j]"),
        ("a = logsumexp(x)", "a[n] = logsumexp i: x[n, i]"),
    ],
)
def test_sums_and_products(text: str, expected: str) -> None:
    assert equations(f"{text}\noutput(a)\n")[0] == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("v + b", "a[n, t, i] = b[i] + v[n, t, i]"),
        ("b - v", "a[n, t, i] = b[i] - v[n, t, i]"),
        ("v * b", "a[n, t, i] = b[i]*v[n, t, i]"),
        ("b / (2 + v**2)", "a[n, t, i] = b[i]/(v[n, t, i]**2 + 2)"),
        ("masked(v, k)", "a[n, t, i] = masked(v[n, t, i], k[n, i])"),
        ("max(v, axis=0)", "a[n, i] = max t: v[n, t, i]"),
        ("max(v, axis=-1)", "a[n, t] = max i: v[n, t, i]"),
        ("logsumexp(v, axis=0)", "a[n, i] = logsumexp t: v[n, t, i]"),
    ],
)
def test_a_vector_goes_along_the_last_axis_and_axes_are_counted(text: str, expected: str) -> None:
    given = "v, k, b = input('T', 3), input(3), param(3)"
    first, *_ = equations(
        f"{given}\na = {text}\noutput(sum(exp(a)), sum(x) + sum(k) + sum(b), sum(v))\n"
    )
    assert first == expected


def test_softmax_is_written_with_its_logarithm() -> None:
    assert equations("p = softmax(x)\noutput(p)\n") == [
        "s1[n] = logsumexp i: x[n, i]",
        "p[n, i] = exp(-s1[n] + x[n, i])",
    ]


def test_the_loss_is_the_mean_over_the_batch_and_penalties_stand_beside_it() -> None:
    text = "y, W, b = target(2), param(2, 3), param(2)\nL = loss(squared_error(W @ x + b, y) + 0.1 * l2())\n"
    *_, ell, total = equations(text)
    assert ell == "ell[n] = sum i: (-y[n, i] + yhat[n, i])**2"
    assert total == "L[] = sum n: ell[n]/N + sum i, j: W[i, j]**2/10"


def test_a_number_in_a_loss_is_no_penalty() -> None:
    """It is of the loss of one sample, alone or beside a penalty."""
    given = "y, w = target(3), param(3)\n"
    *_, ell, total = equations(f"{given}L = loss(1 - dot(w * x, y))\n")
    assert (ell, total) == ("ell[n] = sum i: -u1[n, i]*y[n, i] + 1", "L[] = sum n: ell[n]/N")
    text = f"{given}L = loss((x[0] * w[0] - y[0]) ** 2 + 2 * log(2 * pi) + 0.1 * l2(w))\n"
    *_, ell, total = equations(text)
    assert ell == "ell[n] = (yhat[n] - y[n, 0])**2 + 2*log(2*pi)"
    assert total == "L[] = sum n: ell[n]/N + sum i: w[i]**2/10"


def test_a_sum_of_losses_is_one_loss() -> None:
    net = network(
        "y = target(3)\na = 2 * x\nfirst = squared_error(a, y)\nL = loss(first + 2 * sum(abs(a - y)))\n"
    )
    assert (net.loss, net.sample_loss) == ("L", "ell")
    assert [t.name for t in net.role("target")] == ["y"]


def test_a_loss_without_a_name_is_called_L() -> None:
    assert network("y = target(3)\nloss(squared_error(2 * x, y))\n").loss == "L"
    assert network("y, L = target(3), param(3)\nloss(squared_error(x * L, y))\n").loss == "J"


@pytest.mark.parametrize(
    ("lines", "names"),
    [
        ("ell = loss(squared_error(a, y))", ("ell", "L")),
        ("L = squared_error(a, y)\nloss(L)", ("L", "ell")),
        ("L = squared_error(a, y)\nloss(L + 0.1 * l2(w))", ("J", "L")),
        ("L = loss(mean((a[n, 0] - y[n, 0])**2, n))", ("L", "ell")),
        ("L = squared_error(a, y)\nJ = loss(mean(L[n], n))", ("J", "L")),
        ("L = squared_error(a, y)\nloss(2 * mean(L[n], n) + sum(w**2))", ("J", "ell")),
        ("J = loss(sqrt(mean((a[n, 0] - y[n, 0])**2, n)))", ("J", None)),
        ("J = loss(sum(a[n, 0] * y[n, 0], n) / 2)", ("J", None)),
    ],
)
def test_the_loss_of_a_sample_and_of_the_batch_have_two_names(
    lines: str, names: tuple[str, str | None]
) -> None:
    """Whoever takes the mean: where net.py does, the sample's loss is what it is of."""
    net = network(f"n, y, w = samples(), target(3), param(3)\na = x * w\n{lines}\n")
    assert (net.loss, net.sample_loss) == names


@pytest.mark.parametrize("penalty", ["l1", "l2"])
def test_penalties_leave_biases_out_unless_they_are_named(penalty: str) -> None:
    start = "y, W, b = target(2), param(2, 3), param(2)\nz = W @ x + b\n"
    alone = equations(f"{start}L = loss(squared_error(z, y) + {penalty}())\n")[-1]
    assert "W[" in alone
    assert "b[" not in alone
    assert "b[" in equations(f"{start}L = loss(squared_error(z, y) + {penalty}(W, b))\n")[-1]


def test_labels_pick() -> None:
    *_, ell, _ = equations("y = label(3)\nL = loss(categorical_cross_entropy_with_logits(x, y))\n")
    assert ell == "ell[n] = s1[n] - x[n, y[n]]"
    assert network("y = label(3)\na = 2 * x\nL = loss(-a[y])\n").tensors["y"].bound == 3


def test_several_inputs_and_outputs_in_the_order_of_their_declaration() -> None:
    net = network(
        "u = input()\nv, w = input(2), input(2)\na = x * u\nb = v + w\noutput(b)\noutput(a)\n"
    )
    assert [t.name for t in net.role("input")] == ["x", "u", "v", "w"]
    assert net.outputs == ("b", "a")
    assert net.tensors["a"].sample_shape == (3,)
    assert net.loss is None


def test_a_scalar_output() -> None:
    net = network("w = param(3)\ns = dot(w, x)\noutput(s)\n")
    assert net.tensors["s"].sample_shape == ()


def test_weights_used_twice_are_one_parameter() -> None:
    net = network("W = param(3, 3)\nh = tanh(W @ x)\na = tanh(W @ h)\noutput(a)\n")
    assert [t.name for t in net.role("param")] == ["W"]


@pytest.mark.parametrize(
    ("text", "params"),
    [
        ("W, b = param(3, 3), param(3)\noutput(W @ x + b)", ["W", "b"]),
        ("W: object = param(3, 3)\noutput(W @ x)", ["W"]),
        ("(W, b), c = (param(3, 3), param(3)), param(3)\noutput(W @ x + b * c)", ["W", "b", "c"]),
        (
            "h = x\nfor k in range(3):\n    W = param(3, 3)\n    h = tanh(W @ h)\noutput(h)",
            ["W1", "W2", "W3"],
        ),
        (
            "h = x\nfor k in range(2):\n    W, b = param(3, 3), param(3)\n    h = tanh(W @ h + b)\noutput(h)",
            ["W1", "b1", "W2", "b2"],
        ),
        (
            "W1 = param(3)\nh = x * W1\nfor k in range(2):\n    W = param(3, 3)\n    h = tanh(W @ h)\noutput(h)",
            ["W1", "W2", "W3"],
        ),
        ("W = param(3, 3)\nh = W @ x\nW = param(3, 3)\noutput(W @ h)", ["W1", "W2"]),
        ("def layer(h):\n    U = param(3, 3)\n    return tanh(U @ h)\noutput(layer(x))", ["U"]),
        (
            "def layer(h):\n    U = param(3, 3)\n    return tanh(U @ h)\noutput(layer(layer(x)))",
            ["U1", "U2"],
        ),
        (
            "weights = [param(3) for k in range(2)]\noutput(x * weights[0] * weights[1])",
            ["weights0", "weights1"],
        ),
        ("W = param(3, name='V')\noutput(x * W)", ["V"]),
        ("_W = param(3)\noutput(x * _W)", ["w1"]),
        ("lambda_ = param(3)\noutput(x * lambda_)", ["lambda_"]),
        ("output(dense(dense(x, 4, relu), 2))", ["W1", "b1", "W2", "b2"]),
        ("h = sigmoid(param(3) * x)\nh = h * 2\noutput(h)", ["w1"]),
    ],
)
def test_parameters_are_called_what_their_variables_are(text: str, params: list[str]) -> None:
    assert [t.name for t in network(text + "\n").role("param")] == params


def test_an_input_keeps_its_name_where_its_variable_is_used_again() -> None:
    net = network("x = dense(x, 4, tanh)\nx = dense(x, 2)\noutput(x)\n")
    assert [t.name for t in net.role("input")] == ["x"]
    assert net.outputs == ("z2",)
    net = network("w = param(3)\nx = w * x\noutput(x)\n")
    assert ([t.name for t in net.role("input")], net.outputs) == (["x"], ("x1",))


def test_a_numbered_name_that_is_used_again_is_of_its_layer() -> None:
    """W11 is of layer 11; W_tilde1 has the number of W1, and prints as a W with a tilde."""
    net = network("W1 = param(3, 3)\nW1 = 2 * W1\nx = W1 @ x\noutput(x)\n")
    assert [*net.tensors] == ["x", "W1", "W_tilde1", "x1"]
    net = network("W1, W_tilde1 = param(3, 3), param(3)\nW1 = 2 * W1\noutput(W1 @ W_tilde1 * x)\n")
    assert {"W1", "W_tilde1", "W11"} <= {*net.tensors}


def test_names_that_gradients_have_elsewhere_are_the_users() -> None:
    net = network("dW, delta1 = param(3), param(3)\nW = dW * x\nz1 = W + delta1\noutput(z1)\n")
    assert {"dW", "delta1", "W", "z1"} <= set(net.tensors)


def test_a_function_of_net_py_may_be_called_like_a_word() -> None:
    assert equations("def relu(z):\n    return z ** 2\na = relu(x)\noutput(a)\n") == [
        "a[n, i] = x[n, i]**2"
    ]
    assert equations("import bpgen as bp\na = bp.tanh(x)\nbp.output(a)\n") == [
        "a[n, i] = tanh(x[n, i])"
    ]


def test_letters_that_python_reads_as_one_are_one_variable() -> None:
    assert [t.name for t in network("𝐰 = param(3)\noutput(w * x)\n").role("param")] == ["w"]


@pytest.mark.slow
@pytest.mark.parametrize("length", (100, 300))
def test_long_chains_without_names(length: int) -> None:
    """Nameless steps are written inside one another, though not without end; a tanh, whose
    derivative is told in its own value, is kept.
    """
    chain = f"a = x\nfor k in range({length}):\n    a = {{}}\noutput(a)\n"
    made = equations(chain.format("sin(a)"))
    assert 2 < len(made) < 20
    made = equations(chain.format("tanh(a)"))
    assert len(made) == length


@pytest.mark.parametrize(
    "p",
    [
        "sigmoid(dense(x, 3))",
        "sigmoid(dense(x, 3)) * sigmoid(dense(x, 3))",
        "param(3, init='ones')",
        "W1 * x / sum(W1 * x)",
        "softmax(param(3, 3)) @ softmax(x)",
        "x / 2",
        "activation(sp.Symbol('t')**2 / (1 + sp.Symbol('t')**2))(dense(x, 3))",
    ],
)
def test_what_is_not_affine_in_a_parameter_may_be_a_probability(p: str) -> None:
    given = "W1 = param(3)\n" if "W1" in p else ""
    for loss in ("binary_cross_entropy", "kl_divergence"):
        made = network(f"{given}y = target(3)\np = {p}\nL = loss({loss}(p, y) + sum(x))\n")
        assert "log" in str(made.equations)


def test_the_title_is_the_docstring() -> None:
    net = declared_by('"""  A net.\n\nMore."""\n' + X + "output(2 * x)\n")
    assert net.title == "A net.\n\nMore."


def test_no_module_takes_the_name_of_a_word() -> None:
    """Importing bpgen.indices would put the module where `from bpgen import *` finds the word."""
    import bpgen

    modules = {p.stem for p in Path(str(bpgen.__file__)).parent.iterdir()}
    assert not modules & set(bpgen.__all__)


@pytest.mark.parametrize(
    ("lines", "names"),
    [
        ("W = {k: param(3, 3) for k in (1, 2)}\nz = W[2] @ (W[1] @ x)", ["W1", "W2", "z"]),
        ("z = {1: 2 * x}\nz[2] = tanh(z[1])", ["z1", "z2"]),
        ("p = {'V': param(3), 'b': param(3)}\nz = p['V'] * x + p['b']", ["V", "b", "z"]),
        ("Ws = [param(3), param(3)]\nz = x\nfor W in Ws: z = tanh(W * z)", ["Ws0", "Ws1", "z"]),
        ("W = param(3)\nWs = [W, param(3)]\nz = tanh(Ws[0] * Ws[1] * x)", ["W", "Ws1", "z"]),
        ("W1 = param(3)\nW = {1: param(3), 2: param(3)}\nz = W1 * W[1] * W[2] * x", ["W1", "W2"]),
        ("p = {'lambda': param(3), 'np': param(3)}\nz = p['lambda'] * p['np'] * x", ["w1", "w2"]),
        ("class A: pass\na = A()\na.W, a.b = param(3), param(3)\nz = a.W * x + a.b", ["W", "b"]),
    ],
)
def test_what_a_list_or_a_dict_holds_has_the_name_of_its_place(
    lines: str, names: list[str]
) -> None:
    net = network(f"{lines}\noutput(z if isinstance(z, type(x)) else z[2])\n")
    assert {*names} <= {*net.tensors}
