"""What each seed of a long run found, kept as it is found: what was interrupted goes on from there,
and runs of other seeds beside it find it, too.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]


@dataclass(frozen=True)
class Kept:
    """A folder with a file for each seed: of the code that found it, for other code finds other."""

    folder: Path

    @staticmethod
    def of(name: str, *code: str) -> Kept:
        """What the code in these files and folders finds."""
        whole = sha256()
        for place in (ROOT / name for name in code):
            for file in [place] if place.is_file() else sorted(place.rglob("*")):
                if file.suffix in (".py", ".jinja"):
                    whole.update(sha256(file.read_bytes()).digest())
        return Kept(ROOT / "build" / name / whole.hexdigest()[:16])

    def get(self, seed: int) -> Any | None:
        file = self.folder / f"{seed}.json"
        return json.loads(file.read_text(encoding="utf-8")) if file.exists() else None

    def put(self, seed: int, found: Any) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        part = self.folder / f"{seed}.part"
        part.write_text(json.dumps(found), encoding="utf-8")
        part.replace(self.folder / f"{seed}.json")
