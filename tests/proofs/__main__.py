"""`python -m tests.proofs`: prove what has no line in the record, and write it down.

Each proof is written as soon as it is done: stopped and started again, it goes on. What fails is
printed and not written, and the exit code is 1.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from functools import cache

import click

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # each core has a process of its own

from tests.proofs.corpus import LONG, PROOFS
from tests.proofs.proof import Proof
from tests.proofs.record import FILE, Line, Record, read, write


@cache
def every() -> dict[str, Proof]:
    """The proofs of the slow tests and of the parity tests."""
    from tests.parity.test_proofs import PROOFS as PARITY

    return {**PROOFS, **PARITY}


def renewed(name: str, line: Line | None) -> Line | str:
    """The line of a proof, the same where nothing changed; or why there is none."""
    proof = every()[name]
    try:
        made = proof.make()
        key = proof.key(made)
        return line if line is not None and line.key == key else Line(key, proof.run(made))
    except Exception as failure:
        return f"{type(failure).__name__}: {failure}"


def _renewed(record: Record) -> Iterator[tuple[str, Line | str]]:
    """Each proof as it comes, the long ones begun first."""
    names = sorted(every(), key=lambda name: name not in LONG)
    with ProcessPoolExecutor() as pool:
        begun = {pool.submit(renewed, name, record.get(name)): name for name in names}
        for done in as_completed(begun):
            yield begun[done], done.result()


@click.command()
@click.option("--anew", is_flag=True, help="Prove everything, whatever is recorded.")
def main(anew: bool) -> None:
    """Prove what the record has no line for, and write it there."""
    old = {} if anew else read()
    record = {name: line for name, line in old.items() if name in every()}
    failed, proved = 0, 0
    for number, (name, line) in enumerate(_renewed(old), 1):
        if isinstance(line, str):
            failed += 1
            record.pop(name, None)
            print(f"\r{name}: {line}", flush=True)
        else:
            proved += line != record.get(name)
            record[name] = line
        write(record)
        print(f"\r{number} of {len(every())}", end="", file=sys.stderr, flush=True)
    print(f"\r{FILE.name}: {len(record)} proofs, {proved} of them new, {failed} failed")
    sys.exit(failed > 0)


if __name__ == "__main__":
    main()
