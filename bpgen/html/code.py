"""The functions of the emitted module that hold the mathematics, line by line: which equation each
line computes, and which tensors it speaks of.
"""

from __future__ import annotations

import ast
import io
import keyword
import re
import tokenize
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from bpgen.record import Derivation
from bpgen.targets.numpy.functions import FunctionText
from bpgen.targets.numpy.parts import Parts

_NUMBERED = re.compile(r"\s*# \((\d+)\) (?!to \()")  # the comment over a statement


@dataclass(frozen=True)
class Token:
    text: str
    kind: str = ""  # comment, string, word of Python, or name of a tensor


@dataclass(frozen=True)
class CodeLine:
    tokens: tuple[Token, ...]
    of: str = ""  # the number of the equation that it computes


def listing(derivation: Derivation) -> list[CodeLine]:
    """The lines of forward, loss and backward, and of the blocks."""
    known = {*derivation.network.tensors, *derivation.adjoint.values()}
    lines: list[CodeLine] = []
    for function in Parts(derivation).functions:
        text = _text(function)
        tokens, numbers = _tokens(text, known), _numbers(text)
        lines += [
            CodeLine(tuple(tokens.get(k, ())), numbers.get(k, "")) for k in range(1, len(text) + 1)
        ]
        lines.append(CodeLine(()))
    return lines[:-1]


def _text(function: FunctionText) -> list[str]:
    """A function as the module has it."""
    doc = f'    """{function.doc}"""'
    return [*function.signature, doc, *(f"    {line}" for line in function.body)]


def _numbers(text: list[str]) -> dict[int, str]:
    """The equation of each line, by the number in the comment above it: the comment, and all
    statements from there that write the same array.
    """
    found: dict[int, str] = {}
    written = {s.lineno: s for s in _statements(text)}
    number, name = "", ""
    for k, line in enumerate(text, start=1):
        numbered = _NUMBERED.match(line)
        if numbered:
            number, name = numbered[1], ""
        if number and line.lstrip().startswith("#"):
            found[k] = number
        elif k in written:
            name = name or _name(written[k])
            if _name(written[k]) != name:
                number = ""
            if number:
                last = written[k].end_lineno or k
                found.update(dict.fromkeys(range(k, last + 1), number))
    return found


def _statements(text: list[str]) -> Iterator[ast.stmt]:
    tree = ast.parse("\n".join(text))
    kinds = (ast.Assign, ast.AnnAssign, ast.AugAssign, ast.Expr, ast.Return)
    return (node for node in ast.walk(tree) if isinstance(node, kinds))


def _name(statement: ast.stmt) -> str:
    """The array that a statement writes: the target of an assignment, or what is added to."""
    node: ast.AST | None = None
    if isinstance(statement, ast.Assign):
        node = statement.targets[0]
    elif isinstance(statement, (ast.AnnAssign, ast.AugAssign)):
        node = statement.target
    elif isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Call):
        node = next(iter(statement.value.args), None)
    while isinstance(node, (ast.Subscript, ast.Attribute)):
        node = node.value
    return node.id if isinstance(node, ast.Name) else ""


def _tokens(text: list[str], known: Iterable[str]) -> dict[int, list[Token]]:
    """The lines in tokens, with the blanks between them."""
    found: dict[int, list[Token]] = {k: [] for k in range(1, len(text) + 1)}
    known, row, column = set(known), 1, 0
    for token in tokenize.generate_tokens(io.StringIO("\n".join(text)).readline):
        start, end = token.start, token.end
        if not token.string.strip():
            continue
        if start[0] != row:
            row, column = start[0], 0
        blank = text[row - 1][column : start[1]]
        if blank:
            found[row].append(Token(blank))
        found[row].append(Token(token.string, _kind(token, known)))
        row, column = end
    return found


def _kind(token: tokenize.TokenInfo, known: set[str]) -> str:
    if token.type == tokenize.COMMENT:
        return "comment"
    if token.type == tokenize.STRING:
        return "string"
    if token.type == tokenize.NAME and token.string in known:
        return "tensor"
    return "word" if keyword.iskeyword(token.string) else ""
