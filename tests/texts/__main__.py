"""`python -m tests.texts`: of which networks another text is emitted than was frozen."""

from __future__ import annotations

import json
import sys
from concurrent.futures import ProcessPoolExecutor

import click

from tests.texts.corpus import FILE, SOURCES, digest, frozen


@click.command()
@click.option("--write", is_flag=True, help="Write the new hashes down.")
def main(write: bool) -> None:
    """Emit every network of the corpus, and those that are compared with PyTorch."""
    from tests.parity.test_proofs import SOURCES as PARITY

    sources = {**SOURCES, **{f"parity {name}": net for name, net in PARITY.items()}}
    with ProcessPoolExecutor() as pool:
        made = dict(zip(sources, pool.map(digest, sources.values(), chunksize=8), strict=True))
    known = frozen() if FILE.exists() else {}
    for name in sorted({*made} | {*known}):
        if made.get(name) != known.get(name):
            print(name)
    if write:
        FILE.write_text(json.dumps(made, indent=0, sort_keys=True) + "\n", encoding="utf-8")
    sys.exit(made != known and not write)


if __name__ == "__main__":
    main()
