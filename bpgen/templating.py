"""Where the templates are: inside the installed package, or beside pyproject.toml in a checkout."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import jinja2

_PACKAGE = Path(__file__).resolve().parent


@cache
def _environment() -> jinja2.Environment:
    """Undefined names raise instead of printing nothing; blocks leave no blank lines behind."""
    import jinja2

    folders = [str(_PACKAGE / "templates"), str(_PACKAGE.parent / "templates")]
    return jinja2.Environment(
        loader=jinja2.FileSystemLoader(folders),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        autoescape=lambda name: name is not None and name.endswith(".html.jinja"),
    )


def template(name: str) -> jinja2.Template:
    """The template called `name`; the wheel's own folder comes first."""
    return _environment().get_template(name)
