"""net.py -> Network. net.py is a program and is run as one; whatever goes wrong in it becomes one
error.
"""

from __future__ import annotations

import builtins
import inspect
import re
import sys
import traceback
from contextlib import redirect_stdout
from difflib import get_close_matches
from pathlib import Path
from types import CodeType
from typing import TYPE_CHECKING

import bpgen
from bpgen.errors import NetError
from bpgen.ir import Network
from bpgen.surroundings import as_it_was, modules_beside
from bpgen.vocabulary import WORDS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bpgen.declare.declaration import Declaration
    from bpgen.worked.example import Example

_REMEDIES = (  # what Python says of a net.py, and what to do about it; the first that matches
    (r"SystemExit", "bpgen needs net.py to reach its end: leave the exit out"),
    (rf"NameError: name '({'|'.join(WORDS)})'", "begin net.py with `from bpgen import *`"),
    (
        r"AttributeError: '(Tensor|Formula)' object has no",
        "bpgen has functions, not methods: sum(x), not x.sum()",
    ),
    (r"ModuleNotFoundError", "install it, put it beside net.py, or leave it out"),
    (
        r"NameError",
        "declare it first, x = input(3), y = target(2) or W = param(2, 3), or import it",
    ),
    (r"TypeError: .* for (\^|\*\* or pow)", "a power is **, of numbers and tensors: z ** 2"),
    (r"RecursionError", "a function calls itself without end, or a formula is nested too deeply"),
    (r"", "net.py stopped here"),
)
_NAMES = {  # what is mostly meant by a name that stands for nothing
    **{i: f'an index is declared: {i} = indices("{i}")' for i in "ijk"},
    "t": 'an index is declared: t = indices("t"); a target: t = target(2)',
    "n": "the index of the sample is declared: n = samples()",
    "T": 'a length known at run time stands in quotes: input("T")',
    "np": "import numpy as np, for numbers; of tensors use bpgen's own functions: exp(z)",
    "log1p": "write log(1 + z): it is computed by log1p",
    "expm1": "write u = exp(z) - 1: it is computed by expm1",
    "square": "a power is **: z ** 2",
    "norm": "a length is sqrt(sum(z ** 2))",
    "linear": "a layer without an activation is dense(x, width)",
    **dict.fromkeys(("mse", "mse_loss"), "a loss is mean_squared_error(a, y), or a sum of squares"),
    "maximum": "the larger of z and 0 is relu(z), of a and b a + relu(b - a)",
    "minimum": "the smaller of a and b is a - relu(a - b)",
    "where": "a formula has no cases: relu(z) is z where z > 0, and masked(z, keep) takes a mask",
}
_LARGEST = 2**24  # bytes of a net.py
_NOT_PYTHON = "net.py must be a Python file"


def load(path: str | Path) -> Network:
    """The network that the file declares.

    Raises NetError with the file's own line for whatever is wrong with it.
    """
    return with_example(path)[0]


def with_example(path: str | Path) -> tuple[Network, Example | None]:
    """The same, and the numbers of the worked example that the file gives, if it does."""
    path = Path(path)
    return _declared(_read(path), str(path), module_name(path))


def declared_by(source: str, path: str = "net.py", name: str = "net") -> Network:
    """The network that the text of a net.py declares."""
    return _declared(source, path, name)[0]


def _declared(source: str, path: str, name: str) -> tuple[Network, Example | None]:
    from bpgen.declare.declaration import declaring
    from bpgen.network.build import build

    with declaring(path) as declared:
        variables = _run(_compiled(source, path), path, declared)
        try:
            network = build(
                declared, variables, source, name, str(variables.get("__doc__") or "").strip()
            )
        except NetError as error:
            error.place = error.place or path
            raise
    return network, _example(declared, variables)


def _example(declared: Declaration, variables: Mapping[str, object]) -> Example | None:
    """The example that net.py gives; what it holds by the names of their variables."""
    if declared.example is None:
        return None
    from bpgen.worked.example import of_words

    return of_words(declared.example, variables, declared.place(declared.example_line))


def module_name(path: str | Path) -> str:
    """A name that Python can import, from that of a file: my-net.py -> my_net."""
    name = re.sub(r"\W", "_", Path(path).stem, flags=re.ASCII)
    return f"net_{name}" if name[:1].isdigit() else name


def _read(path: Path) -> str:
    remedy = "give the path of a net.py"
    try:
        with path.open("rb") as file:
            text = file.read(_LARGEST + 1)
        if len(text) > _LARGEST:  # /dev/zero has no end
            raise NetError(f"{path} is larger than {_LARGEST >> 20} MiB", remedy)
        return text.decode("utf-8-sig")
    except FileNotFoundError:
        raise NetError(f"{path}: no such file", remedy) from None
    except IsADirectoryError:
        raise NetError(f"{path} is a folder", remedy) from None
    except UnicodeDecodeError:
        raise NetError(f"{path} is not UTF-8 text", "save it as UTF-8") from None
    except (OSError, ValueError) as error:
        raise NetError(
            f"{path} cannot be read: {getattr(error, 'strerror', None) or error}", remedy
        ) from None


def _compiled(source: str, path: str) -> CodeType:
    try:
        return compile(source, path, "exec", dont_inherit=True)
    except SyntaxError as error:
        place = f"{path}:{error.lineno}" if error.lineno else path
        raise NetError(
            f"syntax error: {error.msg}", (error.text or "").strip() or _NOT_PYTHON, place
        ) from None
    except (ValueError, RecursionError, MemoryError) as error:
        raise NetError(
            f"syntax error: {str(error) or 'too deeply nested'}", _NOT_PYTHON, path
        ) from None


def _run(code: CodeType, path: str, declared: Declaration) -> dict[str, object]:
    """The variables of net.py when it has run. What it prints goes to stderr: stdout is for bpgen's
    answer.
    """
    space: dict[str, object] = {"__name__": "__net__", "__file__": path}
    try:
        with as_it_was(), modules_beside(path), redirect_stdout(sys.stderr):
            vars(builtins)["input"] = _keyboard
            exec(code, space)
    except NetError as error:
        error.fact = _with_names(error.fact, declared, space)
        error.place = error.place or _place(error, path)
        raise
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # net.py may raise anything, SystemExit included
        said = _said(error)
        remedy = next(remedy for pattern, remedy in _REMEDIES if re.match(pattern, said))
        if isinstance(error, NameError):
            remedy = _meant(str(error.name), space) or remedy
        remedy = _called_as(said) or remedy
        raise NetError(_with_names(said, declared, space), remedy, _place(error, path)) from None
    return space


def _with_names(text: str, declared: Declaration, space: Mapping[str, object]) -> str:
    """What an error says of elements, whose tensors have no names yet, by net.py's variables."""

    def named(found: re.Match[str]) -> str:
        tensor = declared.tensors[int(found[1])]
        variable = next((n for n, v in space.items() if v is tensor), "a tensor")
        places = re.sub(r"\b_\d+(?=[A-Za-z])", "", found[2])
        return f"{tensor.name or variable}{places.replace('[]', '')}"

    return re.sub(r"%(\d+)(\[[^][]*\])", named, text)


def _keyboard(*_: object) -> str:
    """Python's own `input`, which would wait without a word."""
    raise NetError(
        "this input is Python's own, which waits for the keyboard",
        "begin net.py with `from bpgen import *`",
    )


def _said(error: BaseException) -> str:
    """The class of an error and what it says; its own words may be a program as well."""
    try:
        return f"{type(error).__name__}: {error}".removesuffix(": ")
    except Exception:
        return type(error).__name__


def _called_as(said: str) -> str:
    """How the word is called that was given other arguments than it takes."""
    word = re.match(rf"TypeError: ({'|'.join(WORDS)})\(\) ", said)
    if word is None:
        return ""
    given = inspect.signature(getattr(bpgen, word[1])).parameters.values()
    return f"it is {word[1]}({', '.join(map(_as_given, given))})"


def _as_given(parameter: inspect.Parameter) -> str:
    """An argument and what it is where it is left out; a function by its name."""
    default = getattr(parameter.default, "__name__", repr(parameter.default))
    optional = parameter.default is not inspect.Parameter.empty
    stars = "*" * (parameter.kind is inspect.Parameter.VAR_POSITIONAL)
    return f"{stars}{parameter.name}{f'={default}' * optional}"


def _meant(name: str, space: dict[str, object]) -> str:
    """The word or variable that a misspelt name is closest to."""
    if name in _NAMES and "input" in space:
        return _NAMES[name]
    words = [*space, *WORDS]
    close = get_close_matches(name, words, n=1, cutoff=0.7)
    close = close or get_close_matches(name.lower(), words, n=1, cutoff=0.7)
    return f"did you mean {close[0]}?" if close and "input" in space else ""


def _place(error: BaseException, path: str) -> str:
    lines = [
        line
        for frame, line in traceback.walk_tb(error.__traceback__)
        if frame.f_code.co_filename == path
    ]
    return f"{path}:{lines[-1]}" if lines else path
