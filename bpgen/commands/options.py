"""The options of the commands, as rows; a command is given all of its rows at once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click

from bpgen.commands.formats import FORMATS

Option = Callable[[Callable[..., Any]], Callable[..., Any]]


def given(*rows: Option) -> Option:
    """A command with these arguments and options, in their order."""

    def command(function: Callable[..., Any]) -> Callable[..., Any]:
        for row in reversed(rows):
            function = row(function)
        return function

    return command


def one_of(*names: str, values: tuple[str, ...], text: str) -> Option:
    """One of some words, the first unless told otherwise."""
    choice = click.Choice(values)
    return click.option(*names, type=choice, default=values[0], show_default=True, help=text)


def number(*names: str, least: int, most: int | None = None, default: int, text: str) -> Option:
    span = click.IntRange(least, most)
    return click.option(*names, type=span, default=default, show_default=True, help=text)


def flag(name: str, text: str) -> Option:
    return click.option(name, is_flag=True, help=text)


def path(*names: str, text: str) -> Option:
    return click.option(*names, type=click.Path(), help=text)


def several(name: str) -> Option:
    return click.argument(name, nargs=-1, required=True, type=click.Path())


DERIVE = (
    click.argument("net", type=click.Path()),
    click.option(
        "-f",
        "--format",
        "fmt",
        type=click.Choice(FORMATS),
        help="Default: latex, or what FILE's suffix says; text is for the terminal.",
    ),
    one_of(
        "-n",
        "--notation",
        values=("matrix", "index", "components"),
        text="Vectors and matrices, sums over indices, or every scalar.",
    ),
    one_of(
        "--steps",
        values=("short", "all"),
        text="One chain of equals for each gradient, or every factor by itself.",
    ),
    click.option(
        "--lesson/--no-lesson",
        default=None,
        help="Add what a teacher would: signs, sizes, cost, edge cases, mistakes, a step's length."
        " HTML of a short page has it where net.py has an example.",
    ),
    path("--values", text="Numbers of a worked example: a .json or .npz."),
    number("--digits", least=1, most=17, default=4, text="Significant digits of its numbers."),
    one_of(
        "--layers",
        values=("brackets", "parentheses", "plain"),
        text="How layers are written: z^[1], z^(1) or z_1.",
    ),
    flag(
        "--no-sections",
        "LaTeX without section headings, for a paper: FILE.tex is its body, for \\input.",
    ),
    click.option(
        "--prefix", help="Of LaTeX's labels: eq:PREFIX:delta2. Default: the network's name."
    ),
    flag(
        "--counter",
        "LaTeX numbers equations by the paper's counter: FILE.tex is its body, too.",
    ),
    click.option(
        "--width",
        help="Of a line of LaTeX for a paper: 345pt, 88mm, 3.5in. Default: 345pt, article's.",
    ),
    path("-o", "--output", text="Write FILE instead of printing; - prints, a PDF, too."),
    flag("--unchecked", "Print without reading the page back and evaluating it."),
)

EMIT = (
    several("nets"),
    one_of(
        "--target",
        values=("numpy", "array-api", "c"),
        text="A module of numpy, or one for torch, jax and numpy alike; or two files of C99.",
    ),
    flag("--fast", "Plan its arrays: with a workspace, nothing is allocated that grows with N."),
    flag(
        "--python", "Beside the files of C a module of numpy's interface, which computes by them."
    ),
    click.option(
        "--ram",
        type=click.IntRange(1),
        help="Refuse C that cannot train in so many bytes (floats, batches of 1).",
    ),
    path("-o", "--output", text="FILE, or DIR for several; - prints. Default: generated/<net>.py"),
    flag("--check", "Write nothing; exit 1 where a file is stale."),
    flag("--diff", "Write nothing; print what would change, exit 1 where anything would."),
    flag("--plan", "Print what a step of the planned module takes; write nothing."),
    flag("--force", "Overwrite a file that bpgen did not write."),
    flag("--unchecked", "Write without running it against its equations."),
)

CHECK = (
    several("files"),
    number("--seed", least=0, default=0, text="Of the random points."),
    click.option(
        "--claim",
        "claims",
        multiple=True,
        help='Is a line of your own right? "delta1 = (W2.T @ delta2) * a1 * (1 - a1)", a line of'
        " LaTeX, or a file of functions. Claims alone are looked at then.",
    ),
    flag("--fast", "Prove what emit --fast writes: the planned module."),
)
