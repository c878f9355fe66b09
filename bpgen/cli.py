"""The command line. Answers go to stdout, errors to stderr; 0 is yes, 1 is no, 2 could not run."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import click

from bpgen import __version__
from bpgen.errors import NetError
from bpgen.progress import shown

if TYPE_CHECKING:
    from bpgen.check.claims import Answers
    from bpgen.check.report import Report
    from bpgen.record import Derivation

FORMATS = ("latex", "tex", "markdown", "text", "pdf", "html")
SUFFIXES = {
    ".tex": "tex",
    ".md": "markdown",
    ".txt": "text",
    ".pdf": "pdf",
    ".html": "html",
    "": "latex",
}
LATEX = ("latex", "tex", "pdf")
SUFFIX = {**{fmt: suffix for suffix, fmt in SUFFIXES.items()}, "latex": ".tex"}
OPENED = ("pdf", "html")  # by a program that goes by the suffix
INTERRUPTED = 130


class Program(click.Group):
    """The program's one way out: whatever a command returns or raises becomes an exit code, and
    perhaps an error.
    """

    def main(self, *args: Any, **kwargs: Any) -> NoReturn:
        try:
            code = super().main(*args, **{**kwargs, "standalone_mode": False})
        except (click.Abort, KeyboardInterrupt):
            click.echo("bpgen: interrupted", err=True)
            code = INTERRUPTED
        except Exception as error:
            if sys.flags.dev_mode:
                raise
            click.echo(f"bpgen: {_refusal(error)}", err=True)
            code = 2
        sys.exit(code)


def _refusal(error: Exception) -> NetError:
    """Any error as the one that users see."""
    if isinstance(error, NetError):
        return error
    if isinstance(error, click.UsageError):
        return NetError(
            error.format_message(), f"see {error.ctx.command_path if error.ctx else 'bpgen'} --help"
        )
    if isinstance(error, RecursionError):
        return NetError(
            "a formula is nested too deeply", "give its parts names: one variable for each step"
        )
    if isinstance(error, OSError):
        return NetError(f"the answer cannot be written: {error.strerror}", "write it elsewhere")
    remedy = "a defect of bpgen: report it; python -X dev -m bpgen says where"
    return NetError(f"{type(error).__name__}: {error}", remedy)


@click.group(
    cls=Program, no_args_is_help=False, context_settings={"help_option_names": ["-h", "--help"]}
)
@click.version_option(__version__, prog_name="bpgen")
def main() -> None:
    """A neural network's equations in; its derivation, its numpy module and the proof of
    both out.
    """


@main.command()
@click.argument("net", type=click.Path())
@click.option(
    "-f",
    "--format",
    "fmt",
    type=click.Choice(FORMATS),
    help="Default: latex, or what FILE's suffix says; text is for the terminal.",
)
@click.option(
    "-n",
    "--notation",
    type=click.Choice(["matrix", "index", "components"]),
    default="matrix",
    show_default=True,
    help="Vectors and matrices, sums over indices, or every scalar.",
)
@click.option(
    "--steps",
    type=click.Choice(["short", "all"]),
    default="short",
    show_default=True,
    help="One chain of equals for each gradient, or every factor by itself.",
)
@click.option(
    "--lesson",
    is_flag=True,
    help="Add what a teacher would: signs, sizes, cost, edge cases, mistakes, a step's length.",
)
@click.option("--values", type=click.Path(), help="Numbers of a worked example: a .json or .npz.")
@click.option(
    "--digits",
    type=click.IntRange(1, 17),
    default=4,
    show_default=True,
    help="Significant digits of its numbers.",
)
@click.option(
    "--layers",
    type=click.Choice(["brackets", "parentheses", "plain"]),
    default="brackets",
    show_default=True,
    help="How layers are written: z^[1], z^(1) or z_1.",
)
@click.option(
    "--no-sections",
    is_flag=True,
    help="LaTeX without section headings, for a paper: FILE.tex is its body, for \\input.",
)
@click.option(
    "--prefix",
    help="Of LaTeX's labels: eq:PREFIX:delta2. Default: the network's name.",
)
@click.option(
    "--counter",
    is_flag=True,
    help="LaTeX numbers equations by the paper's counter: FILE.tex is its body, too.",
)
@click.option(
    "--width",
    help="Of a line of LaTeX for a paper: 345pt, 88mm, 3.5in. Default: 345pt, article's.",
)
@click.option("-o", "--output", type=click.Path(), help="Write FILE instead of printing.")
@click.option(
    "--unchecked", is_flag=True, help="Print without reading the page back and evaluating it."
)
def derive(
    net: str,
    fmt: str | None,
    notation: str,
    steps: str,
    lesson: bool,
    values: str | None,
    digits: int,
    layers: str,
    no_sections: bool,
    prefix: str | None,
    counter: bool,
    width: str | None,
    output: str | None,
    unchecked: bool,
) -> int:
    """Print the derivation of NET.py; a PDF is written to FILE, or to <net>.pdf.

    Of up to 24 equations every line is evaluated first; bpgen check proves any page.
    """
    from bpgen.derive import derive as derivation_of
    from bpgen.load import with_example
    from bpgen.render import render
    from bpgen.render.style import Style, checked_prefix, measure

    fmt = _format(fmt, output, no_sections or counter or width is not None)
    if fmt not in LATEX and (no_sections or prefix or counter):
        raise NetError(f"{fmt} has no labels or sections", "leave them to -f latex, tex or pdf")
    if fmt != "latex" and width is not None:
        raise NetError(f"{fmt} is no part of a paper", "leave --width to -f latex")
    style = Style(
        _columns(output),
        checked_prefix(prefix),
        not no_sections,
        counter,
        layers,
        measure(width),
    )
    made = "tex" if fmt == "pdf" else fmt
    network, example = with_example(net)
    derivation = derivation_of(network)
    worked, drawn = None, False
    if example is not None or values is not None:
        from bpgen.worked import at_example

        worked = at_example(derivation, example, values)
    elif lesson or fmt == "html":
        from bpgen.worked.drawn import at_drawn

        worked, drawn = at_drawn(derivation), True
    told = [notation]
    if fmt == "html":
        from bpgen.html import notations, page

        told = notations(derivation, notation)
        text = page(
            derivation,
            notation=notation,
            steps=steps,
            worked=worked,
            digits=digits,
            lesson=lesson,
            drawn=drawn,
            layers=layers,
        )
    else:
        text = render(
            derivation,
            fmt=made,
            notation=notation,
            steps=steps,
            style=style,
            worked=worked,
            digits=digits,
            lesson=lesson,
        )
    if not unchecked:
        _refuse_false(derivation, told, steps, net, lesson)
    _publish(text, fmt, output, net)
    return 0


def _refuse_false(
    derivation: Derivation, notations: list[str], steps: str, net: str, lesson: bool
) -> None:
    """Every line that is to be printed is evaluated; what cannot be read back is told."""
    from bpgen.page_gate import refuse_false

    found = (refuse_false(derivation, n, steps, net, lesson) for n in notations)
    unread = ", ".join(dict.fromkeys(filter(None, found)))
    if unread:
        click.echo(f"bpgen: {net}: not read back, and so not proved: {unread}", err=True)


def _format(asked: str | None, output: str | None, paper: bool) -> str:
    """What is asked for, or what the suffix of the file says: .tex is a document, or the body that
    goes into a paper.
    """
    suffix = Path(output or "").suffix
    said = SUFFIXES.get(suffix, asked) if suffix else asked
    if asked and asked != said and {asked, said} & {*OPENED}:
        fact = f"{output} is no name for {asked}"
        raise NetError(fact, f"end it in {SUFFIX[asked]}, or leave out -f {asked}")
    if asked:
        return asked
    if suffix not in SUFFIXES:
        known = ", ".join(filter(None, SUFFIXES))
        raise NetError(
            f"{output}: no format is called {suffix}", f"end it in {known}, or give --format"
        )
    return "latex" if paper and suffix == ".tex" else SUFFIXES[suffix]


def _publish(text: str, fmt: str, output: str | None, net: str) -> None:
    """Write a page to its file, or print it; a PDF always has a file, whose name is printed."""
    from bpgen.load import module_name
    from bpgen.write import write

    if fmt == "pdf":
        from bpgen.pdf import compiled

        output = output or f"{module_name(net)}.pdf"
        write(Path(output), compiled(text), Path(net))
        click.echo(output)
    elif output:
        write(Path(output), text, Path(net))
    else:
        click.echo(text, nl=not text.endswith("\n"))


def _columns(output: str | None) -> int:
    """How wide text is: as the terminal where it is printed on one, never wider than a page."""
    from bpgen.render.style import NARROWEST, WIDEST

    if output or not sys.stdout.isatty():
        return WIDEST
    return max(NARROWEST, min(WIDEST, shutil.get_terminal_size().columns))


@main.command()
@click.argument("nets", nargs=-1, required=True, type=click.Path())
@click.option(
    "-o",
    "--output",
    type=click.Path(),
    help="FILE, or DIR for several. Default: generated/<net>.py",
)
@click.option("--check", is_flag=True, help="Write nothing; exit 1 where a file is stale.")
@click.option(
    "--diff",
    is_flag=True,
    help="Write nothing; print what would change, exit 1 where anything would.",
)
@click.option("--force", is_flag=True, help="Overwrite a file that bpgen did not write.")
@click.option("--unchecked", is_flag=True, help="Write without running it against its equations.")
def emit(
    nets: tuple[str, ...],
    output: str | None,
    check: bool,
    diff: bool,
    force: bool,
    unchecked: bool,
) -> int:
    """Write the numpy module of each NET.py, when it was run and agrees with its equations."""
    from bpgen.emit import emit as source_of
    from bpgen.load import load
    from bpgen.write import destinations, difference, write_module

    fresh = True
    for net, file in zip(nets, destinations(nets, output), strict=True):
        network = load(net)
        text = source_of(network)
        if check or diff:
            changes = difference(file, text)
            fresh = fresh and not changes
            if changes:
                click.echo(
                    changes if diff else f"{file}: stale; run `bpgen emit {net}`", nl=not diff
                )
        else:
            if not unchecked:
                from bpgen.gate import refuse_wrong

                undefined = refuse_wrong(text, network, net)
                if undefined:
                    what = ", ".join(undefined)
                    said = f"{what}: no number at any point tried, and so not compared"
                    click.echo(f"bpgen: {net}: {said}", err=True)
            write_module(file, text, Path(net), force)
            click.echo(f"{file}: {text.count(chr(10))} lines")
    return int(not fresh)


@main.command()
@click.argument("files", nargs=-1, required=True, type=click.Path())
@click.option(
    "--seed",
    type=click.IntRange(min=0),
    default=0,
    show_default=True,
    help="Of the random points.",
)
@click.option(
    "--claim",
    "claims",
    multiple=True,
    help='Is a line of your own right? "delta1 = (W2.T @ delta2) * a1 * (1 - a1)", a line of LaTeX,'
    " or a file of functions. Claims alone are looked at then.",
)
def check(files: tuple[str, ...], seed: int, claims: tuple[str, ...]) -> int:
    """Prove what emit writes for each NET.py (or an emitted module): by numbers, exactly, and by
    breaking it. Or answer claims of your own.
    """
    right = True
    for file in files:
        with shown(sys.stderr, file):
            report = _checked(file, seed, claims)
        right = right and report.ok
        click.echo(f"{file}\n{report}")
    return int(not right)


def _checked(file: str, seed: int, claims: tuple[str, ...]) -> Report | Answers:
    if claims:
        from bpgen.claims import answered

        return answered(file, claims, seed)
    from bpgen.prove import prove

    return prove(file, seed)
