"""The networks whose texts are frozen, by name."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from hashlib import sha256
from pathlib import Path
from zlib import crc32

from bpgen.emit import FAST, WITH_PYTHON, files_of
from tests.conftest import EXAMPLES, ROOT, derived
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


SHOWN = {**{f"example {p.stem}": p.read_text() for p in EXAMPLES}, **_readme()}
OTHERS = {
    **{f"word {name}": source for name, source in WORDS.items()},
    **{f"page {name}": net for name, net in NETS.items()},
}
DRAWN = _random()
SOURCES = {**SHOWN, **OTHERS, **DRAWN}

# By each target one text of so many networks is frozen, whichever these are, and that of all that
# are shown. Of those that are drawn it is what tests write anyhow: as one process is given all that
# is asked of a network, and writes it once, it costs nothing.
SHARES = {"numpy": 1, FAST: 1, "array-api": 6, "c": 6, WITH_PYTHON: 6}
COMPARED = {"numpy": 1, FAST: 3, "array-api": 12, "c": 12, WITH_PYTHON: 12}  # with PyTorch


def frozen_by(source: str, shares: Mapping[str, int]) -> list[str]:
    """The targets by which the text of a net.py is frozen, if one in so many is."""
    return [t for t, many in shares.items() if crc32(f"{t} {source}".encode()) % many == 0]


TARGETS = {
    name: [*SHARES] if name in SHOWN else frozen_by(source, SHARES)
    for name, source in SOURCES.items()
}


def digests(name: str, source: str, targets: Iterable[str]) -> dict[str, str]:
    """The hashes of what is emitted of a net.py, each by its target and the network's name."""
    return dict(_digests(name, source, targets))


def _digests(name: str, source: str, targets: Iterable[str]) -> Iterator[tuple[str, str]]:
    for target in targets:
        text = "".join(files_of(derived(source), target).values())
        yield f"{target}: {name}", sha256(text.encode()).hexdigest()[:16]


def frozen() -> dict[str, str]:
    found: dict[str, str] = json.loads(FILE.read_text(encoding="utf-8"))
    return found
