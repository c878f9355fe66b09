"""`bpgen emit`: the module of each net.py, run before it is written."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import click

from bpgen.emit import FAST
from bpgen.emit import emit as source_of
from bpgen.errors import NetError
from bpgen.gate import refuse_wrong
from bpgen.ir import Network
from bpgen.load import load
from bpgen.write import destinations, difference, write_module


@dataclass(frozen=True)
class Asked:
    """The arguments of the command line, by their names."""

    nets: tuple[str, ...]
    target: str
    fast: bool
    output: str | None
    check: bool
    diff: bool
    plan: bool
    force: bool
    unchecked: bool

    @property
    def made_for(self) -> str:
        """The target, by the name that emit has for it."""
        if not self.fast:
            return self.target
        if self.target != "numpy":
            fact = f"--fast plans the arrays of numpy, and --target is {self.target}"
            raise NetError(fact, "leave one of the two out")
        return FAST


def run(asked: Asked) -> bool:
    """Whether nothing is stale, where that is asked; else everything is written."""
    if asked.plan:
        return _planned(asked)
    fresh = True
    for net, file in zip(asked.nets, destinations(asked.nets, asked.output), strict=True):
        network = load(net)
        text = source_of(network, asked.made_for)
        if asked.check or asked.diff:
            fresh = _is_fresh(net, file, text, asked) and fresh
        else:
            _write(net, file, text, network, asked)
    return fresh


def _planned(asked: Asked) -> bool:
    """The plan of each, printed."""
    from bpgen.plans import plan, text

    if asked.check or asked.diff or asked.output is not None or asked.target != "numpy":
        fact = "--plan prints what a planned module takes, and writes and compares nothing"
        raise NetError(fact, "leave out --target, -o, --check and --diff")
    for net in asked.nets:
        click.echo(text(plan(load(net))), nl=False)
    return True


def _is_fresh(net: str, file: Path, text: str, asked: Asked) -> bool:
    changes = difference(file, text)
    if changes:
        again = f"{file}: stale; run `bpgen emit {'--fast ' * asked.fast}{net}`"
        click.echo(changes if asked.diff else again, nl=not asked.diff)
    return not changes


def _write(net: str, file: Path, text: str, network: Network, asked: Asked) -> None:
    undefined = [] if asked.unchecked else refuse_wrong(text, network, net, asked.made_for)
    if undefined:
        said = f"{', '.join(undefined)}: no number at any point tried, and so not compared"
        click.echo(f"bpgen: {net}: {said}", err=True)
    write_module(file, text, Path(net), asked.force)
    click.echo(f"{file}: {text.count(chr(10))} lines")
