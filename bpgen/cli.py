"""The command line. Answers go to stdout, errors to stderr; 0 is yes, 1 is no, 2 could not run."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any

import click

from bpgen import __version__
from bpgen.errors import NetError

FORMATS = ("latex", "tex", "markdown", "text")
SUFFIXES = {".tex": "tex", ".md": "markdown", ".txt": "text"}


def _answering(command: Callable[..., bool]) -> Callable[..., None]:
    """Turn True, False and NetError into the exit codes 0, 1 and 2."""

    @wraps(command)
    def run(*args: Any, **kwargs: Any) -> None:
        try:
            yes = command(*args, **kwargs)
        except NetError as error:
            click.echo(f"bpgen: {error}", err=True)
            raise SystemExit(2) from None
        raise SystemExit(0 if yes else 1)

    return run


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="bpgen")
def main() -> None:
    """A neural network's equations in; its derivation, its numpy module and the proof of both out."""


@main.command()
@click.argument("net", type=click.Path())
@click.option("-f", "--format", "fmt", type=click.Choice(FORMATS), help="Default: text, or what FILE's suffix says.")
@click.option("-n", "--notation", type=click.Choice(["matrix", "index", "components"]), default="matrix",
              show_default=True, help="Vectors and matrices, sums over indices, or every scalar.")  # fmt: skip
@click.option("-o", "--output", type=click.Path(), help="Write FILE instead of printing.")
@_answering
def derive(net: str, fmt: str | None, notation: str, output: str | None) -> bool:
    """Print the derivation of NET.py."""
    from bpgen.derive import derive as derivation_of
    from bpgen.load import load
    from bpgen.render import render
    from bpgen.write import write

    chosen = fmt or SUFFIXES.get(Path(output).suffix if output else "", "text")
    text = render(derivation_of(load(net)), fmt=chosen, notation=notation)
    if output:
        write(Path(output), text, Path(net))
    else:
        click.echo(text, nl=not text.endswith("\n"))
    return True


@main.command()
@click.argument("nets", nargs=-1, required=True, type=click.Path())
@click.option("-o", "--output", type=click.Path(), help="FILE, or DIR for several. Default: generated/<net>.py")
@click.option("--check", is_flag=True, help="Write nothing; exit 1 where a file is stale.")
@click.option("--diff", is_flag=True, help="Write nothing; print what would change, exit 1 where anything would.")
@click.option("--force", is_flag=True, help="Overwrite a file that bpgen did not write.")
@_answering
def emit(nets: tuple[str, ...], output: str | None, check: bool, diff: bool, force: bool) -> bool:
    """Write the numpy module of each NET.py."""
    from bpgen.emit import emit as source_of
    from bpgen.load import load
    from bpgen.write import difference, place, write_module

    fresh = True
    for net in nets:
        file = place(net, output, several=len(nets) > 1)
        text = source_of(load(net))
        if check or diff:
            changes = difference(file, text)
            fresh = fresh and not changes
            if changes:
                click.echo(changes if diff else f"{file}: stale; run `bpgen emit {net}`", nl=not diff)
        else:
            write_module(file, text, Path(net), force)
            click.echo(f"{file}: {text.count(chr(10))} lines")
    return fresh


@main.command()
@click.argument("files", nargs=-1, required=True, type=click.Path())
@click.option("--seed", default=0, show_default=True, help="Of the random points.")
@_answering
def check(files: tuple[str, ...], seed: int) -> bool:
    """Prove what emit writes for each NET.py (or an emitted module): by numbers, exactly, and by breaking it."""
    from bpgen.prove import prove

    right = True
    for file in files:
        report = prove(file, seed)
        right = right and report.ok
        click.echo(f"{file}\n{report}")
    return right
