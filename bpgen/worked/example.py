"""The numbers of a worked example, as a person gives them: in net.py, or in a file."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from bpgen.errors import NetError

RATE, HELD = "lr", "held"  # what an example says besides values
DEFAULT_RATE = 0.1
_REMEDY = "give a .json of names and numbers, or a .npz"


@dataclass(frozen=True)
class Example:
    """Values by the names of tensors; the step of the update, and what it leaves as it is."""

    values: Mapping[str, Any] = field(default_factory=dict)
    rate: float = DEFAULT_RATE
    held: tuple[str, ...] = ()
    place: str = ""  # where it is given

    def with_file(self, path: str | Path) -> Example:
        """The example with what a file says instead."""
        return self.with_values(_read(Path(path)), str(path))

    def with_values(self, found: Mapping[str, Any], place: str) -> Example:
        """The example with other values, and perhaps another step."""
        rate, held = found.get(RATE, self.rate), found.get(HELD, self.held)
        values = {n: v for n, v in found.items() if n not in (RATE, HELD)}
        names = (held,) if isinstance(held, str) else tuple(held)
        return Example({**self.values, **values}, rate, names, place)


def of_words(values: Mapping[str, Any], variables: Mapping[str, object], place: str) -> Example:
    """The example that net.py gives in words; what is held may be named by its variable."""
    held = values.get(HELD, ())
    held = held if isinstance(held, (tuple, list)) else (held,)
    called = {id(v): n for n, v in variables.items()}
    names = tuple(h if isinstance(h, str) else called.get(id(h), "a value") for h in held)
    return Example().with_values({**values, HELD: names}, place)


def _read(path: Path) -> dict[str, Any]:
    """Names and numbers of a file.

    Raises NetError where it cannot be read, or holds anything else.
    """
    try:
        if path.suffix == ".npz":
            with np.load(path, allow_pickle=False) as arrays:
                return {name: _plain(name, array) for name, array in arrays.items()}
        found = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise NetError(f"{path}: no such file", _REMEDY) from None
    except (OSError, ValueError) as error:
        raise NetError(f"{path} cannot be read: {error}", _REMEDY) from None
    if not isinstance(found, dict):
        raise NetError(f"{path} holds a {type(found).__name__}, not names and numbers", _REMEDY)
    return found


def _plain(name: str, array: np.ndarray) -> Any:
    return (
        array.item()
        if name == RATE and array.ndim == 0
        else array.tolist()
        if name == HELD
        else array
    )
