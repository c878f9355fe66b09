"""The functions that the library of C has not, from their sources in numpy: one number each."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator

from bpgen.functions import ROWS, SHARED
from bpgen.targets.c.library import LOOPS
from bpgen.targets.c.scalar import Reader

# What C has its own words for.
OWN = {
    "square": ("z", "return z * z;", "z * z."),
    "larger": ("a, b", "return a > b || a != a ? a : b;", "The larger of two; nan where one is."),
    "smaller": ("a, b", "return a < b || a != a ? a : b;", "The smaller of two; nan where one is."),
    "normal_cdf": (
        "z",
        "return M(erfc)(z * R(-0.7071067811865476)) / 2;",
        "How much of the normal distribution is below z.",
    ),
    "normal_pdf": (
        "z",
        "return M(exp)(z * z / -2) * R(0.3989422804014327);",
        "The density of the normal distribution at z.",
    ),
    "bell": ("z, c", "return M(exp)(-c * z * z);", "exp(-c * z**2)."),
}


def sources(called: Iterable[str]) -> list[str]:
    """The definitions of functions and of all that they call, the called before the callers."""
    found: dict[str, str] = {}
    for name in sorted({*called} - {*LOOPS}):
        _add(name, found)
    return [*found.values(), *(LOOPS[n].strip() for n in LOOPS if n in called)]


def _add(name: str, found: dict[str, str]) -> None:
    if name in found:
        return
    if name in OWN:
        arguments, body, said = OWN[name]
        found[name] = _function(name, arguments.split(", "), [body], said)
        return
    texts = {n: row.helper for n, row in ROWS.items() if row.helper} | SHARED
    if name not in texts:
        raise NotImplementedError(f"no helper {name}")
    text, called = of_numpy(texts[name])
    for other in sorted(called - {name}):
        _add(other, found)
    found[name] = text


def of_numpy(source: str) -> tuple[str, set[str]]:
    """A function of numpy's arrays as one of numbers, and what it calls."""
    function = _parsed(source)
    reader = Reader({})
    lines = [line for s in function.body[1:] for line in _statement(s, reader)]
    said = " ".join((ast.get_docstring(function) or "").split())
    arguments = [a.arg for a in function.args.args]
    return _function(function.name, arguments, lines, said), reader.helpers


def _parsed(source: str) -> ast.FunctionDef:
    (function,) = ast.parse(source.strip()).body
    assert isinstance(function, ast.FunctionDef)
    return function


def _statement(statement: ast.stmt, reader: Reader) -> Iterator[str]:
    if isinstance(statement, ast.Return):
        assert statement.value is not None
        yield f"return {reader.read(statement.value).text};"
    elif isinstance(statement, ast.Assign):
        (target,) = statement.targets
        yield from _assigned(target, statement.value, reader)
    else:
        raise NotImplementedError(ast.unparse(statement))


def _assigned(target: ast.expr, value: ast.expr, reader: Reader) -> Iterator[str]:
    if not isinstance(target, ast.Tuple):
        text = reader.read(value).text
        if text != ast.unparse(target):  # an argument, as an array
            yield f"const real {ast.unparse(target)} = {text};"
    elif isinstance(value, ast.Tuple):
        for one, of in zip(target.elts, value.elts, strict=True):
            yield from _assigned(one, of, reader)
    else:
        yield from _written_out(target, value, reader)


def _written_out(target: ast.Tuple, call: ast.expr, reader: Reader) -> Iterator[str]:
    """A function of several values, written out where it is called: by its arguments' own names."""
    assert isinstance(call, ast.Call)
    function = _parsed(SHARED[ast.unparse(call.func)])
    assert [ast.unparse(a) for a in call.args] == [a.arg for a in function.args.args]
    *before, last = function.body[1:]
    assert isinstance(last, ast.Return) and isinstance(last.value, ast.Tuple)
    named = {ast.unparse(t): v for t, v in zip(target.elts, last.value.elts, strict=True)}
    for statement in before:
        yield from _statement(statement, reader)
    for name, value in named.items():
        if ast.unparse(value) != name:
            yield from _assigned(ast.Name(name), value, reader)


def _function(name: str, arguments: list[str], lines: list[str], said: str) -> str:
    given = ", ".join(f"real {a}" for a in arguments)
    spoken = {w for line in lines for w in re.findall(r"\w+", line)}
    lines = [*(f"(void){a};" for a in arguments if a not in spoken), *lines]
    body = "\n".join(f"    {line}" for line in lines)
    return f"/* {said} */\nstatic real {name}({given})\n{{\n{body}\n}}"
