"""`bpgen derive`: the page of a net.py, read back before it is printed."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import click

from bpgen.commands.formats import LATEX, format_of
from bpgen.derive import derive as derivation_of
from bpgen.errors import NetError
from bpgen.lesson import sections
from bpgen.load import module_name, with_example
from bpgen.record import Derivation
from bpgen.render import render
from bpgen.render.style import NARROWEST, WIDEST, Style, checked_prefix, measure
from bpgen.worked import Worked, at_example
from bpgen.worked.example import Example
from bpgen.write import PRINTED, write

TAUGHT = 24  # equations of a page that has a lesson though nobody asked for one


@dataclass(frozen=True)
class Asked:
    """The arguments of the command line, by their names."""

    net: str
    fmt: str | None
    notation: str
    steps: str
    lesson: bool | None  # None: as the format has it
    values: str | None
    digits: int
    layers: str
    no_sections: bool
    prefix: str | None
    counter: bool
    width: str | None
    output: str | None
    unchecked: bool

    @property
    def for_paper(self) -> bool:
        """Whether it is to be a part of another document."""
        return self.no_sections or self.counter or self.width is not None


@dataclass(frozen=True)
class Numbers:
    """Those of an example, or drawn ones."""

    worked: Worked | None = None
    drawn: bool = False


def run(asked: Asked) -> None:
    fmt = format_of(asked.fmt, asked.output, asked.for_paper)
    style = _style(asked, fmt)
    network, example = with_example(asked.net)
    derivation = derivation_of(network)
    numbers = _numbers(asked, fmt, derivation, example)
    taught = replace(asked, lesson=is_lesson(asked, fmt, derivation, example))
    try:
        text, unread = _made(taught, fmt, style, derivation, numbers)
    except NetError as error:
        if asked.lesson or not taught.lesson:
            raise
        text, unread = _made(replace(asked, lesson=False), fmt, style, derivation, numbers)
        click.echo(f"bpgen: {asked.net}: the lesson is left out: {error.fact}", err=True)
    if unread:
        said = f"bpgen: {asked.net}: not read back, and so not proved: {unread}"
        click.echo(said, err=True)
    _publish(text, fmt, asked)


def is_lesson(asked: Asked, fmt: str, derivation: Derivation, example: Example | None) -> bool:
    """What is asked for; where nothing is, HTML with an example has a lesson, where the page is
    short enough for one to be read back in no time. A lesson that nobody asked for costs nobody the
    page: it is left out where it is refused.
    """
    if asked.lesson is not None:
        return asked.lesson
    if fmt != "html" or example is None:
        return False
    from bpgen.gates.page import is_long

    return not is_long(derivation, TAUGHT)


def _made(
    asked: Asked, fmt: str, style: Style, derivation: Derivation, numbers: Numbers
) -> tuple[str, str]:
    """The page, and what of it cannot be read back."""
    text = _page(asked, fmt, style, derivation, numbers)
    if asked.unchecked:
        return text, ""
    unread = dict.fromkeys(filter(None, _proved(asked, fmt, derivation, numbers)))
    return text, ", ".join(unread)


def _style(asked: Asked, fmt: str) -> Style:
    if fmt not in LATEX and (asked.no_sections or asked.prefix or asked.counter):
        raise NetError(f"{fmt} has no labels or sections", "leave them to -f latex, tex or pdf")
    if fmt != "latex" and asked.width is not None:
        raise NetError(f"{fmt} is no part of a paper", "leave --width to -f latex")
    return Style(
        _columns(asked.output),
        checked_prefix(asked.prefix),
        not asked.no_sections,
        asked.counter,
        asked.layers,
        measure(asked.width),
    )


def _columns(output: str | None) -> int:
    """How wide text is: as the terminal where it is printed on one, never wider than a page."""
    if (output or PRINTED) != PRINTED or not sys.stdout.isatty():
        return WIDEST
    return max(NARROWEST, min(WIDEST, shutil.get_terminal_size().columns))


def _numbers(asked: Asked, fmt: str, derivation: Derivation, example: Example | None) -> Numbers:
    """What is given; where nothing is, and numbers are needed, what is drawn."""
    if example is not None or asked.values is not None:
        return Numbers(at_example(derivation, example, asked.values))
    if asked.lesson or fmt == "html":
        from bpgen.worked.drawn import at_drawn

        return Numbers(at_drawn(derivation), drawn=True)
    return Numbers()


def _page(asked: Asked, fmt: str, style: Style, derivation: Derivation, numbers: Numbers) -> str:
    if fmt == "html":
        from bpgen.html import page

        return page(
            derivation,
            notation=asked.notation,
            steps=asked.steps,
            worked=numbers.worked,
            digits=asked.digits,
            lesson=bool(asked.lesson),
            drawn=numbers.drawn,
            layers=asked.layers,
        )
    return render(
        derivation,
        fmt="tex" if fmt == "pdf" else fmt,
        notation=asked.notation,
        steps=asked.steps,
        style=style,
        worked=numbers.worked,
        digits=asked.digits,
        lesson=sections if asked.lesson else None,
    )


def _proved(asked: Asked, fmt: str, derivation: Derivation, numbers: Numbers) -> Iterator[str]:
    """Every line that is to be printed is evaluated; what cannot be read back is told."""
    notations = [asked.notation]
    if fmt == "html":
        from bpgen.html import notations as told_in

        notations = told_in(derivation, asked.notation)
    from bpgen.gates.page import refuse_false

    for notation in notations:
        yield refuse_false(derivation, notation, asked.steps, asked.net, bool(asked.lesson))
    if asked.lesson and numbers.worked is not None:
        from bpgen.gates.lesson import refuse_wrong

        yield refuse_wrong(derivation, numbers.worked, asked.digits, asked.net)


def _publish(text: str, fmt: str, asked: Asked) -> None:
    """Print a page, or write it to its file; a PDF has a file, whose name is printed, unless `-`
    is asked for.
    """
    content: str | bytes = text if text.endswith("\n") else f"{text}\n"
    output = asked.output or PRINTED
    if fmt == "pdf":
        from bpgen.commands.pdf import compiled

        content, output = compiled(text), asked.output or f"{module_name(asked.net)}.pdf"
    if output == PRINTED:
        click.echo(content, nl=False)
        return
    write(Path(output), content, Path(asked.net))
    if fmt == "pdf":
        click.echo(output)
