"""The committed record: of each proof, the hash of what was proved and its figures."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.proofs.proof import Proof
from tests.proofs.spelling import digest

FILE = Path(__file__).with_suffix(".json")
RENEW = "python -m tests.proofs renews the record"
_KEY = re.compile(r"[0-9a-f]{64}")
# None is 0, but for comments: those of blocks, and of what is added up, are not asked for.
_FIGURES = re.compile(
    r"(?:(?:[a-z]+ )*[1-9]\d* [a-z0-9 ]+(?:, (?!$)|$))+(?:0 of [1-9]\d* comments)?"
)


@dataclass(frozen=True)
class Line:
    """One proof as it was run: the hash of what was proved and of the checker, and the figures."""

    key: str
    figures: str


Record = Mapping[str, Line]


def read(file: Path = FILE) -> dict[str, Line]:
    """The record; none where there is no file."""
    if not file.exists():
        return {}
    return {
        name: Line(*line)
        for name, line in json.loads(file.read_text(), object_pairs_hook=_once).items()
    }


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """A dict, of pairs whose names differ."""
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a proof stands twice in the record")
    return found


def write(record: Record, file: Path = FILE) -> None:
    """The record as text, a line for each proof, in order: a change of one is a change of one line."""
    lines = (
        f"{json.dumps(name)}: {json.dumps([line.key, line.figures])}"
        for name, line in sorted(record.items())
    )
    new = file.with_suffix(".new")
    new.write_text("{\n" + ",\n".join(lines) + "\n}\n")
    new.replace(file)  # whole, whenever it is stopped


def complaints(record: Record, names: Iterable[str]) -> list[str]:
    """Why a record is no record of these proofs."""
    names = set(names)
    found = [f"{name}: no such network; {RENEW}" for name in record if name not in names]
    for name, line in record.items():
        if not _KEY.fullmatch(line.key):
            found.append(f"{name}: {line.key!r} is no hash")
        if not _FIGURES.fullmatch(line.figures):
            found.append(f"{name}: {line.figures!r} is no proof")
    return found


def hold(name: str, proof: Proof, record: Record) -> str:
    """The figures of a proof: as recorded, where what is proved is what was proved then; else anew."""
    made = proof.make()
    line = record.get(name)
    return line.figures if line is not None and line.key == proof.key(made) else proof.run(made)


def sample(record: Record, names: Iterable[str], many: int = 6) -> list[str]:
    """Some of the proofs, others whenever anything changes that is proved."""
    whole = "".join(line.key for line in record.values())
    return sorted(names, key=lambda name: digest(whole, name))[:many]


def hold_again(name: str, proof: Proof, record: Record) -> None:
    """Prove once more what is recorded. AssertionError where the figures are others."""
    made = proof.make()
    line, figures = record.get(name), proof.run(made)
    if line is not None and line.key == proof.key(made):
        assert figures == line.figures, f"{name}: recorded as {line.figures!r}, is {figures!r}"
