"""User text stays text in every format."""

import re

from hypothesis import given
from hypothesis import strategies as st

from bpgen.render import escape

_HARMLESS = re.compile(
    r"\\(?:textbackslash|textasciicircum|textasciitilde|textless|textgreater|textbar|textquotedbl|textasciigrave"
    r"|textquotesingle|textasteriskcentered|texteuro|text(?:periodcentered|times|endash|emdash|ellipsis|quote(?:dbl)?(?:left|right)))\{\}|\$\\[a-zA-Z]+\$|\\[{}$&#%_]|[-?!]\{\}|\{\[\}|\{\]\}"
)


@given(st.text())
def test_latex_has_no_command_of_the_users_own(text: str) -> None:
    rest = _HARMLESS.sub("", escape.latex(text))
    assert not set(rest) & set("\\{}$&#%_^~<>|\"`'[]*\n\r\t")


@given(st.text())
def test_latex_has_only_letters_that_pdflatex_can_set(text: str) -> None:
    assert all(ord(c) < 0x180 and c.isprintable() for c in escape.latex(text))


@given(st.text())
def test_markdown_has_no_markup(text: str) -> None:
    rest = re.sub(r"&#\d+;", "", escape.markdown(text))
    assert not set(rest) & set('\\`*_{}[]()<>+-!|~$^=:"@\n\r')


@given(st.text())
def test_the_terminal_gets_no_controls(text: str) -> None:
    assert all(c == " " or c.isprintable() for c in escape.plain(text))


@given(st.text(alphabet=st.characters(min_codepoint=97, max_codepoint=122), min_size=1))
def test_plain_words_are_left_alone(text: str) -> None:
    assert escape.latex(text) == escape.markdown(text) == escape.plain(text) == text


def test_an_attack_is_shown_and_not_run() -> None:
    assert (
        escape.latex("\\input{/etc/passwd} $x$ 50%")
        == r"\textbackslash{}input\{/etc/passwd\} \$x\$ 50\%"
    )
    assert escape.markdown("<script>") == "&#60;script&#62;"
    assert escape.latex("漢 é") == "?{} é"
    assert escape.latex("σ–e\u0301ta “∂”") == (
        r"$\sigma$\textendash{}éta \textquotedblleft{}$\partial$\textquotedblright{}"
    )
