"""The command line. Answers go to stdout, errors to stderr; 0 is yes, 1 is no, 2 could not run."""

from __future__ import annotations

import sys
import warnings
from typing import Any, NoReturn

import click

from bpgen import __version__
from bpgen.commands import options
from bpgen.commands.options import given
from bpgen.errors import NetError
from bpgen.interrupts import heard

INTERRUPTED = 130


class Program(click.Group):
    """The program's one way out: whatever a command returns or raises becomes an exit code, and
    perhaps an error.
    """

    def main(self, *args: Any, **kwargs: Any) -> NoReturn:
        try:
            with heard(), warnings.catch_warnings():
                if not sys.flags.dev_mode:  # what comes of an infinity is judged, and told once
                    warnings.filterwarnings("ignore", "", RuntimeWarning, "numpy|bpgen")
                code = super().main(*args, **{**kwargs, "standalone_mode": False})
        except click.Abort as stop:  # what click makes of an interrupt, and of a file that ends
            code = _told(stop.__cause__ or stop)
        except (KeyboardInterrupt, Exception) as error:
            code = _told(error)
        sys.exit(code)


def _told(error: BaseException) -> int:
    """The exit code of what was raised, which is told."""
    if isinstance(error, KeyboardInterrupt | click.Abort):
        click.echo("bpgen: interrupted", err=True)
        return INTERRUPTED
    if sys.flags.dev_mode:
        raise error
    click.echo(f"bpgen: {_refusal(error)}", err=True)
    return 2


def _refusal(error: BaseException) -> NetError:
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
    from bpgen import shadows

    if (hidden := shadows.told(error)) is not None:
        return hidden
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
@given(*options.DERIVE)
def derive(**asked: Any) -> None:
    """Print the derivation of NET.py; a PDF is written to FILE, or to <net>.pdf.

    Its lines are read back and evaluated first, those of a long page as far as that takes little
    time; bpgen check proves any page.
    """
    from bpgen.commands.derive import Asked, run

    run(Asked(**asked))


@main.command()
@given(*options.EMIT)
def emit(**asked: Any) -> int:
    """Write the module of each NET.py, when it was run and agrees with its equations."""
    from bpgen.commands.emit import Asked, run

    return int(not run(Asked(**asked)))


@main.command()
@given(*options.CHECK)
def check(files: tuple[str, ...], seed: int, claims: tuple[str, ...], fast: bool) -> int:
    """Prove what emit writes for each NET.py (or an emitted module): by numbers, exactly, and by
    breaking it. Or answer claims of your own.
    """
    from bpgen.commands.check import run

    return int(not run(files, seed, claims, fast))
