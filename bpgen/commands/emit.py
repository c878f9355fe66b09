"""`bpgen emit`: the module of each net.py, run before it is written."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import click

from bpgen.emit import emit as source_of
from bpgen.gate import refuse_wrong
from bpgen.ir import Network
from bpgen.load import load
from bpgen.write import destinations, difference, write_module


@dataclass(frozen=True)
class Asked:
    """The arguments of the command line, by their names."""

    nets: tuple[str, ...]
    target: str
    output: str | None
    check: bool
    diff: bool
    force: bool
    unchecked: bool


def run(asked: Asked) -> bool:
    """Whether nothing is stale, where that is asked; else everything is written."""
    fresh = True
    for net, file in zip(asked.nets, destinations(asked.nets, asked.output), strict=True):
        network = load(net)
        text = source_of(network, asked.target)
        if asked.check or asked.diff:
            fresh = _is_fresh(net, file, text, asked.diff) and fresh
        else:
            _write(net, file, text, network, asked)
    return fresh


def _is_fresh(net: str, file: Path, text: str, diff: bool) -> bool:
    changes = difference(file, text)
    if changes:
        click.echo(changes if diff else f"{file}: stale; run `bpgen emit {net}`", nl=not diff)
    return not changes


def _write(net: str, file: Path, text: str, network: Network, asked: Asked) -> None:
    undefined = [] if asked.unchecked else refuse_wrong(text, network, net, asked.target)
    if undefined:
        said = f"{', '.join(undefined)}: no number at any point tried, and so not compared"
        click.echo(f"bpgen: {net}: {said}", err=True)
    write_module(file, text, Path(net), asked.force)
    click.echo(f"{file}: {text.count(chr(10))} lines")
