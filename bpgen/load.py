"""net.py -> Network. net.py is a program and is run as one; whatever goes wrong in it becomes one error."""

from __future__ import annotations

import traceback
from pathlib import Path

from bpgen.errors import NetError
from bpgen.ir import Network


def load(path: str | Path) -> Network:
    """The network that the file declares.

    Raises NetError with the file's own line for whatever is wrong with it.
    """
    path = Path(path)
    return declared_by(_read(path), str(path), path.stem)


def declared_by(source: str, path: str = "net.py", name: str = "net") -> Network:
    """The network that the text of a net.py declares."""
    from bpgen.build import build
    from bpgen.declare.declaration import declaring

    with declaring(path) as declared:
        variables = _run(source, path)
        try:
            return build(declared, variables, source, name, (variables.get("__doc__") or "").strip())
        except NetError as error:
            error.place = error.place or path
            raise


def _read(path: Path) -> str:
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except FileNotFoundError:
        raise NetError(f"{path}: no such file", "give the path of a net.py") from None
    except IsADirectoryError:
        raise NetError(f"{path} is a folder", "give the path of a net.py") from None
    except UnicodeDecodeError:
        raise NetError(f"{path} is not UTF-8 text", "save it as UTF-8") from None
    except OSError as error:
        raise NetError(f"{path} cannot be read: {error.strerror}") from None
    return text


def _run(source: str, path: str) -> dict[str, object]:
    space: dict[str, object] = {"__name__": "__net__", "__file__": path}
    try:
        exec(compile(source, path, "exec"), space)
    except NetError as error:
        error.place = error.place or _place(error, path)
        raise
    except SyntaxError as error:
        raise NetError(f"syntax error: {error.msg}", (error.text or "").strip(), f"{path}:{error.lineno}") from None
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # net.py may raise anything, SystemExit included
        said = " ".join(f"{type(error).__name__}: {error}".split())
        raise NetError(f"{said:.200}", "net.py stopped here", _place(error, path)) from None
    return space


def _place(error: BaseException, path: str) -> str:
    lines = [f.lineno for f in traceback.extract_tb(error.__traceback__) if f.filename == path]
    return f"{path}:{lines[-1]}" if lines else path
