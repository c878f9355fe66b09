"""The networks whose texts are frozen, by name."""

from __future__ import annotations

import json
import re
from hashlib import sha256
from pathlib import Path

from tests.conftest import EXAMPLES, ROOT, written
from tests.proofs.words import WORDS
from tests.render.nets import NETS

HERE = Path(__file__).parent
FILE = HERE / "texts.json"
_SEPARATOR = re.compile(r"^#### (.*)\n", re.MULTILINE)


def _random() -> dict[str, str]:
    """Networks of layers and of raw equations, as they were once drawn."""
    _, *parts = _SEPARATOR.split((HERE / "random.txt").read_text(encoding="utf-8"))
    return dict(zip(parts[::2], parts[1::2], strict=True))


def _readme() -> dict[str, str]:
    """The networks of the README."""
    blocks = re.findall(r"```python\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)
    nets = (b for b in blocks if "import *" in b and re.search(r"\b(loss|output)\(", b))
    return {f"readme {k}": net for k, net in enumerate(nets)}


SOURCES = {
    **{f"example {p.stem}": p.read_text() for p in EXAMPLES},
    **{f"word {name}": source for name, source in WORDS.items()},
    **{f"page {name}": net for name, net in NETS.items()},
    **_readme(),
    **_random(),
}


def digest(source: str) -> str:
    """The hash of what is emitted of a net.py."""
    return sha256(written(source).encode()).hexdigest()[:16]


def frozen() -> dict[str, str]:
    found: dict[str, str] = json.loads(FILE.read_text(encoding="utf-8"))
    return found
