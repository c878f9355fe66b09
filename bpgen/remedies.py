"""What Python says of a net.py, and what to do about it: the user's words, and bpgen's for them."""

from __future__ import annotations

import ast
import inspect
import re
from collections.abc import Iterator, Mapping
from difflib import get_close_matches

import bpgen
from bpgen.foreign import LAYERS, SIZED, instead
from bpgen.vocabulary import WORDS

_OF_TENSOR = r"AttributeError: '(Tensor|Formula)' object has no"
_OF_OTHERS = r"TypeError: .*(must be Tensor, not Tensor|bpgen\.declare)"
_REMEDIES = (  # of what Python says; the first that matches
    (r"SystemExit", "bpgen needs net.py to reach its end: leave the exit out"),
    (rf"NameError: name '({'|'.join(WORDS)})'", "begin net.py with `from bpgen import *`"),
    (_OF_TENSOR, "bpgen has functions, not methods: sum(x), not x.sum()"),
    (r"ModuleNotFoundError", "install it, put it beside net.py, or leave it out"),
    (
        r"NameError",
        "declare it first, x = input(3), y = target(2) or W = param(2, 3), or import it",
    ),
    (
        r"TypeError: cannot determine truth value of Relational",
        "an index has no value yet: at_most(j, i) is 1 where j <= i, else 0",
    ),
    (
        r"TypeError: '(int|float)' object is not callable",
        "a product is written with *: 2 * (x + 1)",
    ),
    (r"TypeError: '.*' object is not subscriptable", "a function is called with ( ), not [ ]"),
    (
        "IndexError: tuple index out of range",
        "a shape is that of one sample, without the batch, and begins at x.shape[0]",
    ),
    (
        "TypeError: 'tuple' object cannot be interpreted as an integer",
        "a shape is a tuple of sizes: x.shape[0] is one",
    ),
    (r"TypeError: cannot unpack .* Index object", 'two names make two: i, j = indices("i j")'),
    (r"TypeError: .* for (\^|\*\* or pow)", "a power is **, of numbers and tensors: z ** 2"),
    (
        r"TypeError: .* for ([&|]|unary ~)",
        "a mask is an input of ones and zeros, and is multiplied: keep * z",
    ),
    (
        r"TypeError: loop of ufunc",
        "numpy takes no exact numbers: sqrt(2 * pi), not np.sqrt(2 * pi)",
    ),
    (
        _OF_OTHERS,
        "other libraries compute with numbers, and a tensor has none yet: use bpgen's own words",
    ),
    (r"RecursionError", "a function calls itself without end, or a formula is nested too deeply"),
    (r"", "net.py stopped here"),
)
_NAMES = {  # what is mostly meant by a name that stands for nothing
    **{i: f'an index is declared: {i} = indices("{i}")' for i in "ijk"},
    "t": 'an index is declared: t = indices("t"); a target: t = target(2)',
    "n": "the index of the sample is declared: n = samples()",
    "T": 'a length known at run time stands in quotes: input("T")',
    "np": "import numpy as np, for numbers; of tensors use bpgen's own functions: exp(z)",
    "N": "leave 1 / N out: the loss is of one sample, and the network's is the mean over the batch",
    "e": "Euler's number is exp(1)",
    "inf": "masked(z, keep) is minus infinity where keep is 0",
}
_IMPORTED = ("K", "linalg", "math", "random", "scipy", "sp", "sympy")
_COUNTS = ("N", "m", "n", "batch_size")  # how many samples there are, in the words of courses
_MODULES = (
    *("F", "K", "jax", "jnp", "keras", "layers", "linalg", "math", "nn", "np", "numpy", "optim"),
    *("random", "scipy", "sp", "sympy", "tf", "torch"),
)


def said(error: BaseException) -> str:
    """The class of an error and what it says; its own words may be a program as well."""
    try:
        return f"{type(error).__name__}: {error}".removesuffix(": ")
    except Exception:
        return type(error).__name__


def remedy(error: BaseException, source: str, line: int | None, space: Mapping[str, object]) -> str:
    """What to do about an error on a line of net.py, whose variables are `space`."""
    text, nodes = said(error), _nodes(source, line)
    found = next(remedy for pattern, remedy in _REMEDIES if re.match(pattern, text))
    if isinstance(error, NameError):
        name = str(error.name)
        found = _below(name, source, line) or _meant(name, nodes, space) or found
    if re.match(_OF_TENSOR, text):
        found = _of_method(str(getattr(error, "name", "")), nodes) or found
    if re.match("TypeError: .* object is not callable", text):
        found = _hidden(nodes, space) or found
    if re.match(_OF_OTHERS, text):
        found = _of_library(nodes, space) or found
    return _called_as(text) or found


def _meant(name: str, nodes: list[ast.expr], space: Mapping[str, object]) -> str:
    """The word or variable that is meant by a name that stands for nothing."""
    if "input" not in space:
        return ""
    if name in _MODULES:
        foreign = f"bpgen has words of its own: leave {name} out" * (name not in _IMPORTED)
        return _of_module(name, nodes, space) or _NAMES.get(name) or foreign
    stored = (n.value for n in nodes if isinstance(n, ast.Subscript) and _is_stored(n))
    if any(isinstance(n, ast.Name) and n.id == name for n in stored):
        return f"what is written entry by entry is declared: {name} = zeros(3)"
    if _is_gradient(name, space):
        return "it is what backward returns, of the module that emit writes"
    if name in _COUNTS and _divides(name, nodes):
        return _NAMES["N"].replace("N", name, 1)
    if name in _NAMES:
        return _NAMES[name]
    call = next((c for c in _calls(nodes) if getattr(c.func, "id", "") == name), None)
    if name in WORDS:
        return "begin net.py with `from bpgen import *`"
    if call is not None and (foreign := _instead(name, call, nodes, space)):
        return foreign
    words = [*space, *WORDS]
    close = get_close_matches(name, words, n=1, cutoff=0.7)
    close = close or [word for word in words if _bare(word) == _bare(name)]
    close = close or get_close_matches(name.lower(), words, n=1, cutoff=0.7)
    return f"did you mean {close[0]}?" if close else ""


def _is_stored(node: ast.Subscript) -> bool:
    return isinstance(node.ctx, ast.Store)


def _divides(name: str, nodes: list[ast.expr]) -> bool:
    """Whether something is divided by it, as by the number of samples in 1 / m."""
    quotients = (n for n in nodes if isinstance(n, ast.BinOp) and isinstance(n.op, ast.Div))
    return any(name in (_text(q.right), _text(q.left)) for q in quotients)


def _below(name: str, source: str, line: int | None) -> str:
    """That a variable is there, but further down."""
    names = (n for n in ast.walk(ast.parse(source)) if isinstance(n, ast.Name) and n.id == name)
    lines = [n.lineno for n in names if isinstance(n.ctx, ast.Store)]
    first = min(lines, default=0)
    further = first > (line or first)
    return f"it is given a value on line {first}: move this line below that" if further else ""


def _is_gradient(name: str, space: Mapping[str, object]) -> bool:
    """Whether it is the name of a gradient: dW, or grad_W, of a tensor W."""
    return type(space.get(re.sub("^(d|grad_?)", "", name))).__name__ == "Tensor"


def _bare(name: str) -> str:
    """A name without capitals, and each letter once where it stands twice: yy is y."""
    return re.sub(r"(.)\1+", r"\1", name.lower())


def _of_method(name: str, nodes: list[ast.expr]) -> str:
    """What is written for x.name or x.name(...)."""
    for node in nodes:
        if isinstance(node, ast.Attribute) and node.attr == name:
            call = next((c for c in _calls(nodes) if c.func is node), None)
            given = (_text(node.value), *(_given(call) if call is not None else ()))
            function = instead(name, given)
            methods = "bpgen has functions, not methods: "
            return methods * (call is not None and function.startswith("write")) + function
    return ""


def _of_module(module: str, nodes: list[ast.expr], space: Mapping[str, object]) -> str:
    """What is written for module.name or module.part.name(...)."""
    for node in nodes:
        if isinstance(node, ast.Attribute) and _text(node).startswith(f"{module}."):
            call = next((c for c in _calls(nodes) if c.func is node), None)
            if call is None:
                return instead(node.attr)
            return _instead(node.attr, call, nodes, space)
    return ""


def _hidden(nodes: list[ast.expr], space: Mapping[str, object]) -> str:
    """That a variable has the name of a word which is called."""
    names = (getattr(call.func, "id", "") for call in _calls(nodes))
    hidden = next((n for n in names if n in WORDS and not callable(space.get(n))), "")
    return f"the variable {hidden} hides bpgen's word: call it {hidden}1" if hidden else ""


def _of_library(nodes: list[ast.expr], space: Mapping[str, object]) -> str:
    """What is written for the call of a library that cannot take a tensor."""
    for call in _calls(nodes):
        name, own = getattr(call.func, "attr", ""), getattr(call.func, "id", "")
        name = name or ("" if own in WORDS else own)
        if name and (found := _instead(name, call, nodes, space)):
            return found
    return ""


def _instead(word: str, call: ast.Call, nodes: list[ast.expr], space: Mapping[str, object]) -> str:
    """What is written for a call, of a layer that is given a tensor at once, too: Dense(x, 5)."""
    given, on = _given(call), _result_on(call, nodes)
    if not on and word in LAYERS and call.args and _has_tensor(call.args[0], space):
        on, given = given[:1], given[word in SIZED :]
    return instead(word, given, on)


def _nodes(source: str, line: int | None) -> list[ast.expr]:
    """The expressions on a line, the outer before the inner."""
    every = (n for n in ast.walk(ast.parse(source)) if isinstance(n, ast.expr))
    return [n for n in every if n.lineno <= (line or 0) <= (n.end_lineno or n.lineno)]


def _calls(nodes: list[ast.expr]) -> Iterator[ast.Call]:
    return (n for n in nodes if isinstance(n, ast.Call))


def _given(call: ast.Call) -> tuple[str, ...]:
    """The arguments of a call, as they are written."""
    return (*map(_text, call.args), *map(_text, call.keywords))


def _text(node: ast.AST) -> str:
    """As it is written, but for what is nested too deeply."""
    try:
        return ast.unparse(node)
    except RecursionError:
        return "..."


def _result_on(call: ast.Call, nodes: list[ast.expr]) -> tuple[str, ...]:
    """What the result of a call is called on at once, as in Linear(3, 4)(x)."""
    return next((_given(c) for c in _calls(nodes) if c.func is call), ())


def _has_tensor(node: ast.expr, space: Mapping[str, object]) -> bool:
    """Whether a variable in it is a tensor, by its class: this is read when net.py has failed."""
    names = (n.id for n in ast.walk(node) if isinstance(n, ast.Name))
    return any(type(space.get(name)).__name__ in ("Tensor", "Formula") for name in names)


def _called_as(said: str) -> str:
    """How the word is called that was given other arguments than it takes."""
    word = re.match(rf"TypeError: ({'|'.join(WORDS)})\(\) ", said)
    if word is None:
        return ""
    if word[1] == "loss":
        return _PENALTY if "keyword" in said else _DISTANCE
    if "'shape'" in said:
        return f"the sizes are given one by one: {word[1]}(3, 4)"
    given = inspect.signature(getattr(bpgen, word[1])).parameters.values()
    return f"it is {word[1]}({', '.join(map(_as_given, given))})"


def _as_given(parameter: inspect.Parameter) -> str:
    """An argument and what it is where it is left out; a function by its name."""
    default = getattr(parameter.default, "__name__", repr(parameter.default))
    optional = parameter.default is not inspect.Parameter.empty
    stars = _STARS.get(parameter.kind, "")
    return f"{stars}{parameter.name}{f'={default}' * optional}"


_DISTANCE = "it is loss(value), of the distance itself: loss(squared_error(a, y))"
_PENALTY = "it is loss(value), to which a penalty is added: loss(squared_error(a, y) + 0.1 * l2())"
_STARS: dict[object, str] = {
    inspect.Parameter.VAR_POSITIONAL: "*",
    inspect.Parameter.VAR_KEYWORD: "**",
}
