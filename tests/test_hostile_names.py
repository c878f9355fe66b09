"""Names and texts that try to be something else: in code, in comments, in LaTeX, in the terminal."""

from __future__ import annotations

import ast
import re
from itertools import pairwise

import pytest

from bpgen.derive import derive
from bpgen.emit import FAST, emit
from bpgen.emit import emitted as emitted_text
from bpgen.errors import NetError
from bpgen.gates.module import refuse_wrong
from bpgen.load import declared_by
from bpgen.names import RESERVED
from bpgen.render import render
from bpgen.targets.numpy.parts import Parts
from tests.conftest import derived, emitted
from tests.few import few, one_in

NET = (
    "{title}\nfrom bpgen import *\nx = input(3)\nglobals()[{name!r}] = param(3)\n"
    "a = dot(globals()[{name!r}], x)\noutput(a)\n"
)
WORD = "{0} is a word of Python\n  call it {0}_"
TAKEN = (
    "{0} is a name that the emitted module or Python itself uses\n"
    "  call it {0}1: the module's dicts hold what is declared under its name"
)
NONE = "{0!r} is not a name that code can carry\n  use ASCII letters, digits and _, a letter first"
OTHER = "{0!r} is not a name that code can carry\n  call it {1}"

REFUSED = {
    **{w: WORD.format(w) for w in ("class", "lambda", "match", "None", "True", "async")},
    **{
        w: TAKEN.format(w)
        for w in (
            *("print", "len", "eval", "np", "forward", "backward", "loss", "pack"),
            *(
                "unpack",
                "init",
                "SHAPES",
                "params",
                "cache",
                "grads",
                "inputs",
                "N",
                "n",
                "softmax",
            ),
            *("sigmoid", "hypotenuse", "normal_cdf_tanh", "ValueError"),
        )
    },
    **{
        w: NONE.format(w)
        for w in (
            *(
                "a^b",
                "a$b",
                "a%b",
                "a#b",
                "a{b}",
                "a\\b",
                "a b",
                "a\nb",
                "a\tb",
                "a\x00b",
                "a\x1b[1m",
            ),
            *("", " ", "1a", "a-b", "a.b", "a;import os", 'a"', "{{a}}", "日本", "\\input{x}"),
        )
    },
    "a\u202eb": OTHER.format("a\u202eb", "a_b"),  # from here on from right to left
    "a\u200fb": OTHER.format("a\u200fb", "a_b"),
    "a\u200bb": OTHER.format("a\u200bb", "a_b"),  # nothing to be seen
    "\uff37": OTHER.format("\uff37", "W"),  # what NFKC makes W of
    "W\u0301": OTHER.format("W\u0301", "W"),
    "\u212a": OTHER.format("\u212a", "K"),
    "ﬁ": OTHER.format("ﬁ", "fi"),
    "ª": OTHER.format("ª", "a"),
    "x²": OTHER.format("x²", "x2"),
    "µ": OTHER.format("µ", "mu"),
    "π": OTHER.format("π", "pi"),
    "\U0001d416": OTHER.format("\U0001d416", "W"),
}
ACCEPTED = (
    *(
        "__init__",
        "__class__",
        "__import__",
        "_check",
        "_private",
        "self",
        "e",
        "pi",
        "I",
        "E",
        "S",
        "Q",
        "O",
        "d",
        "oo",
    ),
    *("a_b", "a__b", "x_", "W1", "W_1", "input_", "a" * 10_000, "frac", "end", "def_", "u1", "s1"),
)


@pytest.mark.parametrize("name", REFUSED, ids=ascii)
def test_names_that_are_refused(name: str) -> None:
    with pytest.raises(NetError) as caught:
        declared_by(NET.format(title="", name=name))
    assert str(caught.value) == f"net.py:4: {REFUSED[name]}"


@pytest.mark.parametrize("name", one_in(6, ACCEPTED), ids=lambda n: n[:20])
def test_names_that_are_accepted(name: str) -> None:
    network = declared_by(NET.format(title="", name=name))
    module: dict[str, object] = {"__name__": "m"}
    exec(emit(network), module)
    shapes = module["SHAPES"]
    assert isinstance(shapes, dict)
    assert list(shapes) == [name if name[0] != "_" else "w1"]
    for fmt in ("tex", "markdown", "text"):
        render(derive(network), fmt=fmt)


@pytest.mark.parametrize(("one", "other"), [("w", "W"), ("a1", "a_1"), ("delta_", "Delta")])
def test_twins_are_told_apart(one: str, other: str) -> None:
    """In code, and on paper."""
    source = f"from bpgen import *\nx = input(3)\n{one}, {other} = param(3), param(3)\n"
    network = declared_by(f"{source}y = {one} * x + {other}\noutput(y)\n")
    assert {one, other} < set(network.tensors)
    (equation,) = re.findall(r"y &?= ?&?(.*)", render(derive(network), fmt="tex"))[:1]
    first, second = re.split(r"\\odot|\+", equation)[::2]
    assert first.strip() != second.strip()


TEXTBOOK = """from bpgen import *
x, W, y = input(3), param(3, 3), label(3)
z = W @ x
log_softmax = z - log(sum(exp(z)))
L = loss(-log_softmax[y])
"""


@pytest.mark.parametrize("target", one_in(3, ["numpy", FAST, "array-api"]))
def test_an_array_called_as_a_function_of_the_module_gets_a_number(target: str) -> None:
    text = emitted_text(derived(TEXTBOOK), target)
    assert "def log_softmax(" in text or target == FAST  # where it stands among the statements
    assert re.search(r"^    log_softmax1\b.* = ", text, re.MULTILINE)
    refuse_wrong(text, declared_by(TEXTBOOK), "net.py", target)


def test_no_array_is_called_as_a_function_of_the_module() -> None:
    functions = {n for n in Parts(derived(TEXTBOOK)).elementary if not n.startswith("_")}
    assert "log_softmax" in functions and functions <= RESERVED


TITLES = (
    '"""\nimport os\n"""',
    '\\"\\"\\"\\nimport os',
    "{{ 7 * 7 }} {% include 'module.py.jinja' %} {# no #}",
    "\\input{/etc/passwd} \\write18{ls} \\end{document} $$ % & # _ ^ ~",
    "# -*- coding: utf-7 -*-",
    "\\N{RIGHT-TO-LEFT OVERRIDE}\\x1b[31m\\x00\\x0c\\u2028",
    "</script><img src=x onerror=alert(1)> [a](javascript:alert(1)) `x` | - # *",
    "%(name)s {0} {name!r} ${HOME} $(ls)",
    "x" * 10_000,
)


@pytest.mark.parametrize("title", few(TITLES, lambda t: len(t) < 1000), ids=range(len(TITLES)))
def test_a_title_stays_a_title(title: str) -> None:
    network = declared_by(NET.format(title=f"__doc__ = {title!r}", name="w"))
    text = emit(network)
    tree = ast.parse(text)
    imports = [
        ast.unparse(n) for n in ast.walk(tree) if isinstance(n, (ast.Import, ast.ImportFrom))
    ]
    assert imports == ["import numpy as np"]
    assert text.isascii()
    latex = render(derive(network), fmt="tex")
    plain = render(derived(NET.format(title="", name="w")), fmt="tex")
    # What begins a command is no more than without the title, but for what escapes a letter.
    assert set(re.findall(r"\\[a-z]{5,}", latex)) <= set(re.findall(r"\\[a-z]{5,}", plain)) | {
        *(r"\textbackslash", r"\textasciicircum", r"\textasciitilde", r"\textless"),
        *(
            r"\textgreater",
            r"\textquotesingle",
            r"\textasteriskcentered",
            r"\textbar",
            r"\textquotedbl",
            r"\textasciigrave",
        ),
    }
    assert "49" not in text.split('"""')[1]
    terminal = render(derive(network), fmt="text")
    assert not set(terminal) & set("\x1b\x00\x0c\u202e")


def test_a_loop_finds_a_variable_where_arrays_have_all_letters() -> None:
    """The places of a kernel are added one by one, in a loop whose variable hides no array."""
    source = "from bpgen import *\nu = input(2, 6)\nv = tanh(conv1d(u, 2, 2))\nr = tanh(conv1d(v, 2, 2))\n"
    letters = "rsijklpqw"
    source += "".join(f"{b} = {a} + tanh({a})\n" for a, b in pairwise(letters))
    module = emitted(f"{source}y = target(2, 4)\nL = loss(squared_error(w, y))\n")
    assert module._self_check()


@pytest.mark.slow
def test_a_loop_is_called_as_no_other_index() -> None:
    """Its own letter is an array, and the next one free was that of another index."""
    net = """from bpgen import *
X, Y = input(2, 3, 3), label(3)
v, r, i, j, k, l = (input(3) for _ in range(6))
h = tanh(conv_transpose2d(X, 3, 2, stride=2, padding=1))
z = dense(flatten(avg_pool2d(h, 2)), 3) * v * r * i * j * k * l
L = loss(categorical_cross_entropy_with_logits(z, Y))
"""
    network = declared_by(net)
    refuse_wrong(emitted_text(derive(network)), network, "net.py", "numpy")


COUNTED = {
    "of a kernel": """
y = zeros(4)
y[i] = sum(w[{0}] * u[i + {0}], {0})
L = loss(sum(y[i]**2, i) * mean(s))
""",
    "of steps": """
h = recurrent("T")
h[{0}] = tanh(w[0] * s[{0}] + w[1] * h[{0} - 1])
L = loss(last(h) * u[0])
""",
}


@pytest.mark.slow
@pytest.mark.parametrize("loop", COUNTED)
@pytest.mark.parametrize(
    "name, target",
    [("np", "numpy"), ("params", "numpy"), ("T", "numpy"), ("SIZE", FAST), ("xp", "array-api")],
)
def test_a_loop_counts_by_no_name_of_the_module(loop: str, name: str, target: str) -> None:
    """An index may be called so: by it a loop would hide the library, a length, or what a caller
    gives.
    """
    net = f"from bpgen import *\ni, {name} = indices('i {name}')\nw, u = param(2), param(5)\n"
    net += "s = input('T')\n" + COUNTED[loop].format(name)
    text = emitted_text(derived(net), target)
    assert re.search(r"for \w+ in range\(", text)
    assert f" for {name} in range(" not in text
