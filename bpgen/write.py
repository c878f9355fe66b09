"""Files, written whole or not at all, and never over what bpgen did not write."""

from __future__ import annotations

import difflib
import os
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from os.path import (
    exists,
    isdir,
    isfile,
    islink,
)  # no error where Path's raise one, of too long a name
from pathlib import Path

from bpgen.errors import NetError
from bpgen.load import module_name

MARK = "Written by bpgen;"
PRINTED = "-"  # as the place of a file: it is printed, as by other programs; ./- is a file


def destinations(nets: Sequence[str], output: str | None, ending: str = ".py") -> list[Path]:
    """Where the module of each net.py goes: a file, or its own name in a folder."""
    path = Path(output or "generated")
    if path.suffix and not isdir(path) and not str(output).endswith(("/", os.sep)):
        if path.suffix != ending:
            fact = f"{path} is no name for what ends in {ending}"
            raise NetError(fact, f"end it in {ending}, or give a folder: {path}{os.sep}")
        if len(nets) > 1:
            raise NetError(f"{path} is one file for {len(nets)} networks", "give a folder")
        return [path]
    found = [path / f"{module_name(net)}{ending}" for net in nets]
    for k, file in enumerate(found):
        if file in found[:k]:
            raise NetError(
                f"{nets[found.index(file)]} and {nets[k]} would both be written to {file}",
                "emit them one by one, with -o FILE",
            )
    return found


def write_module(path: Path, text: str, net: Path, force: bool = False) -> None:
    """Write an emitted module, unless something else is there."""
    if isfile(path) and not force and MARK not in _content(path):
        raise NetError(
            f"{path} is there and was not written by bpgen", "choose another place, or give --force"
        )
    write(path, text, net)


def write(path: Path, text: str | bytes, net: Path) -> None:
    """Write a file whole or not at all."""
    remedy = "choose another place with -o"
    content = text.encode("utf-8") if isinstance(text, str) else text
    try:
        if exists(path) and exists(net) and path.samefile(net):
            raise NetError(f"{path} is the net.py itself", "choose another place for the output")
        if isdir(path):
            raise NetError(f"{path} is a folder", "give the name of a file in it")
        if isfile(path) and not path.stat().st_mode & 0o222:
            raise NetError(f"{path} is read-only", f"make it writable, or {remedy}")
        if islink(path):
            _follow(path)
        path.parent.mkdir(parents=True, exist_ok=True)
        if exists(path) and not isfile(path):  # a device or a pipe
            path.write_bytes(content)
        else:
            _replace(path.resolve(), content)
    except (FileExistsError, NotADirectoryError):
        raise NetError(f"{path} cannot be written: {path.parent} is no folder", remedy) from None
    except OSError as error:
        shown = str(path) if len(str(path)) < 200 else f"... {str(path)[-99:]}"
        raise NetError(f"{shown} cannot be written: {error.strerror}", remedy) from None


def _replace(path: Path, content: bytes) -> None:
    """A finished temporary file takes the old one's name in one step."""
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        mode = path.stat().st_mode & 0o777 if exists(path) else 0o666 & ~_umask()
        os.chmod(temporary, mode)
        os.replace(temporary, path)
    finally:
        with suppress(FileNotFoundError):  # it has the file's name by now
            os.unlink(temporary)


def _follow(link: Path) -> None:
    """An OSError for links that lead in a circle, of which resolve() makes what it likes; one to
    nowhere leads to a new file.
    """
    with suppress(FileNotFoundError):
        link.stat()


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def difference(path: Path, text: str) -> str:
    """What would change in a file, as a unified diff; nothing where it is fresh."""
    old = _content(path) if isfile(path) else ""
    lines = difflib.unified_diff(
        old.splitlines(True), text.splitlines(True), str(path), f"{path} (fresh)"
    )
    return "".join(lines)


def _content(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return ""
