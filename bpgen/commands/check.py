"""`bpgen check`: the proof of each file, or the answers to claims on it."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from bpgen.errors import NetError
from bpgen.progress import shown

if TYPE_CHECKING:
    from bpgen.check.claims import Answers
    from bpgen.check.report import Report


def run(files: tuple[str, ...], seed: int, claims: tuple[str, ...], fast: bool) -> bool:
    """Whether every file is right."""
    if fast and claims:
        fact = "--fast proves planned modules, and --claim looks at claims alone"
        raise NetError(fact, "leave one of the two out")
    right = True
    for file in files:
        with shown(sys.stderr, file):
            report = _checked(file, seed, claims, fast)
        right = right and report.ok
        click.echo(f"{file}\n{report}")
    return right


def _checked(file: str, seed: int, claims: tuple[str, ...], fast: bool) -> Report | Answers:
    if file.endswith((".c", ".h")):
        remedy = "check its net.py; emit runs C against the equations before it writes it"
        raise NetError(f"{file} is C, and check proves a net.py and its module", remedy)
    if claims:
        from bpgen.commands.claims import answered

        return answered(file, claims, seed)
    from bpgen.prove import prove

    return prove(file, seed, fast)
