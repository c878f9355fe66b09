"""`python -m tests.texts`: which other texts are emitted than were frozen."""

from __future__ import annotations

import json
import sys
from concurrent.futures import ProcessPoolExecutor

import click

from tests.texts.corpus import COMPARED, FILE, SOURCES, TARGETS, digests, frozen, frozen_by


@click.command()
@click.option("--write", is_flag=True, help="Write the new hashes down.")
def main(write: bool) -> None:
    """Emit every network of the corpus, and those that are compared with PyTorch."""
    from tests.parity.test_proofs import SOURCES as PARITY

    every = [(name, net, TARGETS[name]) for name, net in SOURCES.items()]
    every += [(f"parity {n}", net, frozen_by(net, COMPARED)) for n, net in PARITY.items()]
    with ProcessPoolExecutor() as pool:
        each = pool.map(digests, *zip(*every, strict=True), chunksize=8)
        made = {text: digest for digests_of in each for text, digest in digests_of.items()}
    known = frozen() if FILE.exists() else {}
    for text in sorted({*made} | {*known}):
        if made.get(text) != known.get(text):
            print(text)
    if write:
        FILE.write_text(json.dumps(made, indent=0, sort_keys=True) + "\n", encoding="utf-8")
    sys.exit(made != known and not write)


if __name__ == "__main__":
    main()
