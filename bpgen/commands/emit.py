"""`bpgen emit`: the module of each net.py, run before it is written."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import click

from bpgen.derive import derive
from bpgen.emit import FAST, WITH_PYTHON, files_of, said_of, takes_of
from bpgen.errors import NetError
from bpgen.gates.module import refuse_wrong, refuse_wrong_files
from bpgen.ir import Network
from bpgen.load import load
from bpgen.write import PRINTED, destinations, difference, write_module


@dataclass(frozen=True)
class Asked:
    """The arguments of the command line, by their names."""

    nets: tuple[str, ...]
    target: str
    fast: bool
    python: bool
    ram: int | None
    output: str | None
    check: bool
    diff: bool
    plan: bool
    force: bool
    unchecked: bool

    @property
    def made_for(self) -> str:
        """The target, by the name that emit has for it."""
        for option, does, target, remedy, made in _ADDED:
            if getattr(self, option):
                if self.target != target:
                    raise NetError(f"--{option} {does}, and --target is {self.target}", remedy)
                return made
        return self.target

    def again(self, net: str) -> str:
        """The command that writes the files of one network."""
        told = ["--target", self.target] if self.target != "numpy" else []
        told += (f"--{option}" for option, *_ in _ADDED if getattr(self, option))
        told += ["-o", self.output] if self.output is not None else []
        return shlex.join(["bpgen", "emit", *told, net])


_ADDED = (  # what options make of a target
    ("fast", "plans the arrays of numpy", "numpy", "leave one of the two out", FAST),
    ("python", "adds a module that computes by C", "c", "give --target c, too", WITH_PYTHON),
)
_INSTEAD = {  # what a module is that stands where the plain one would, with its functions
    FAST: ", planned",
    "array-api": ", for the arrays of any library",
    WITH_PYTHON: ", which computes by C",
}


def run(asked: Asked) -> bool:
    """Whether nothing is stale, where that is asked; else everything is written."""
    if asked.plan:
        return _planned(asked)
    if asked.ram is not None and asked.target != "c":
        fact = f"--ram is the memory of a device, and --target is {asked.target}"
        raise NetError(fact, "give --target c, too")
    fresh = True
    if asked.output == PRINTED:
        _refuse_unprintable(asked)
    places = destinations(asked.nets, asked.output, ".c" if asked.target == "c" else ".py")
    for net, place in zip(asked.nets, places, strict=True):
        network = load(net)
        if asked.target == "c" and place.stem != network.name:
            fact = f"{place} includes {network.name}.h, and its header would be called otherwise"
            raise NetError(fact, f"give a folder, or {place.with_name(network.name + '.c')}")
        derivation = derive(network)
        found = files_of(derivation, asked.made_for)
        if asked.ram is not None:
            _refuse_larger(net, takes_of(derivation, asked.made_for), asked.ram)
        texts = {place.with_suffix(end): text for end, text in found.items()}
        if asked.check or asked.diff:
            for file, text in texts.items():
                fresh = _is_fresh(net, file, text, asked) and fresh
        else:
            _write(net, texts, network, asked)
            _say(place, said_of(derivation, asked.made_for))
    return fresh


def _refuse_unprintable(asked: Asked) -> None:
    """What is not one text, or is none to print."""
    reasons = {
        f"they are {len(asked.nets)} networks": len(asked.nets) > 1,
        "C is more than one file": asked.target == "c",
        "--check and --diff compare a file": asked.check or asked.diff,
    }
    for reason, holds in reasons.items():
        if holds:
            raise NetError(f"-o - prints one module, and {reason}", "give -o a file or a folder")


def _planned(asked: Asked) -> bool:
    """The plan of each, printed."""
    from bpgen.plans import plan, text

    if asked.check or asked.diff or asked.output is not None or asked.target != "numpy":
        fact = "--plan prints what a planned module takes, and writes and compares nothing"
        raise NetError(fact, "leave out --target, -o, --check and --diff")
    for net in asked.nets:
        click.echo(text(plan(load(net))), nl=False)
    return True


def _refuse_larger(net: str, takes: Mapping[str, int], ram: int) -> None:
    """What a device has no room for, whatever way it is trained there."""
    *ways, predicts = takes.items()
    if min(size for _, size in ways) > ram:
        (first, size), *others = ways
        said = ", ".join([f"{size} bytes of RAM {first}", *(f"{s} {way}" for way, s in others)])
        fact = f"{net}: takes {said}, and --ram is {ram}"
        raise NetError(fact, f"make layers smaller or fewer; {predicts[0]} it takes {predicts[1]}")


def _is_fresh(net: str, file: Path, text: str, asked: Asked) -> bool:
    changes = difference(file, text)
    if changes:
        again = f"{file}: stale; run `{asked.again(net)}`"
        click.echo(changes if asked.diff else again, nl=not asked.diff)
    return not changes


def _write(net: str, texts: Mapping[Path, str], network: Network, asked: Asked) -> None:
    said = "" if asked.unchecked else _run(net, texts, network, asked)
    if said:
        click.echo(f"bpgen: {net}: {said}", err=True)
    if asked.output == PRINTED:
        (text,) = texts.values()
        click.echo(text, nl=False)
        return
    for file, text in texts.items():
        write_module(file, text, Path(net), asked.force)
        instead = _INSTEAD.get(asked.made_for, "") if file.suffix == ".py" else ""
        click.echo(f"{file}: {text.count(chr(10))} lines{instead}")


def _say(place: Path, said: str) -> None:
    if said:
        click.echo(f"{place}: {said[0].lower()}{said[1:]}")


def _run(net: str, texts: Mapping[Path, str], network: Network, asked: Asked) -> str:
    """What is to be said of files that were run and are not wrong."""
    if asked.target == "c":
        files = {f.suffix: text for f, text in texts.items()}
        return refuse_wrong_files(files, network, net, asked.made_for)
    (text,) = texts.values()
    undefined = refuse_wrong(text, network, net, asked.made_for)
    if not undefined:
        return ""
    return f"{', '.join(undefined)}: no number at any point tried, and so not compared"
