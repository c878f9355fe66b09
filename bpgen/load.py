"""net.py -> Network. net.py is a program and is run as one; whatever goes wrong in it becomes one
error.
"""

from __future__ import annotations

import builtins
import re
import sys
import traceback
import warnings
from contextlib import redirect_stdout
from pathlib import Path
from types import CodeType
from typing import TYPE_CHECKING

from bpgen.errors import NetError
from bpgen.ir import Network
from bpgen.remedies import remedy, said
from bpgen.surroundings import as_it_was, modules_beside
from bpgen.syntax import instead

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bpgen.declare.declaration import Declaration
    from bpgen.worked.example import Example

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
        variables = _run(source, path, declared)
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
        with warnings.catch_warnings():  # what is wrong will be said where it is run
            warnings.simplefilter("ignore", SyntaxWarning)
            return compile(source, path, "exec", dont_inherit=True)
    except SyntaxError as error:
        place = f"{path}:{error.lineno}" if error.lineno else path
        line = (error.text or "").strip()
        raise NetError(
            f"syntax error: {error.msg}", instead(line) or line or _NOT_PYTHON, place
        ) from None
    except (ValueError, RecursionError, MemoryError) as error:
        raise NetError(
            f"syntax error: {str(error) or 'too deeply nested'}", _NOT_PYTHON, path
        ) from None


def _run(source: str, path: str, declared: Declaration) -> dict[str, object]:
    """The variables of net.py when it has run. What it prints goes to stderr: stdout is for bpgen's
    answer.
    """
    code = _compiled(source, path)
    space: dict[str, object] = {"__name__": "__net__", "__file__": path}
    try:
        with as_it_was(), modules_beside(path), redirect_stdout(sys.stderr):
            vars(builtins)["input"] = _keyboard
            exec(code, space)
    except NetError as error:
        from bpgen.network.naming import refuse_own_lengths

        refuse_own_lengths(declared, space)
        error.fact = _with_names(error.fact, declared, space)
        error.place = error.place or declared.place(_line(error, path))
        raise
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # net.py may raise anything, SystemExit included
        fact = _with_names(said(error), declared, space)
        line = _line(error, path)
        raise NetError(fact, remedy(error, source, line, space), declared.place(line)) from None
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


def _line(error: BaseException, path: str) -> int | None:
    """The line of net.py that was running."""
    frames = traceback.walk_tb(error.__traceback__)
    lines = [line for frame, line in frames if frame.f_code.co_filename == path]
    return lines[-1] if lines else None
