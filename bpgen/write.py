"""Files, written whole or not at all, and never over what bpgen did not write."""

from __future__ import annotations

import difflib
import os
import tempfile
from pathlib import Path

from bpgen.errors import NetError

MARK = "Written by bpgen;"


def place(net: str, output: str | None, several: bool = False) -> Path:
    """Where the module of a net.py goes: a file, or its own name in a folder."""
    name = f"{Path(net).stem.replace('-', '_')}.py"
    if output is None:
        return Path("generated") / name
    path = Path(output)
    return path / name if several or path.is_dir() or path.suffix != ".py" else path


def write_module(path: Path, text: str, net: Path, force: bool = False) -> None:
    """Write an emitted module, unless something else is there."""
    if path.is_file() and not force and MARK not in _content(path):
        raise NetError(f"{path} is there and was not written by bpgen", "choose another place, or give --force")
    write(path, text, net)


def write(path: Path, text: str, net: Path) -> None:
    """Write a file whole or not at all."""
    if path.exists() and net.exists() and path.samefile(net):
        raise NetError(f"{path} is the net.py itself", "choose another place for the output")
    if path.is_dir():
        raise NetError(f"{path} is a folder", "give the name of a file in it")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        _replace(path, text)
    except OSError as error:
        raise NetError(f"{path} cannot be written: {error.strerror}", "choose another place with -o") from None


def _replace(path: Path, text: str) -> None:
    """A finished temporary file takes the old one's name in one step."""
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as file:
            file.write(text)
        mode = path.stat().st_mode & 0o777 if path.exists() else 0o666 & ~_umask()
        os.chmod(temporary, mode)
        os.replace(temporary, path)
    except BaseException:
        os.unlink(temporary)
        raise


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def difference(path: Path, text: str) -> str:
    """What would change in a file, as a unified diff; nothing where it is fresh."""
    old = _content(path) if path.is_file() else ""
    lines = difflib.unified_diff(old.splitlines(True), text.splitlines(True), str(path), f"{path} (fresh)")
    return "".join(lines)


def _content(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return ""
