"""The functions of a program as lines of the module."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from bpgen.program.grammar import Argument, Function
from bpgen.program.names import is_block
from bpgen.targets.numpy.layout import call
from bpgen.targets.numpy.statements import Statements


@dataclass(frozen=True)
class FunctionText:
    """One function of the module, as lines of text."""

    signature: tuple[str, ...]
    doc: str
    body: tuple[str, ...]


def function(of: Function, write: Statements) -> FunctionText:
    """The lines of one function."""
    arguments = [text for a in of.arguments for text in _argument(a, of, write.types)]
    returns = _returns(of.returns, write.types)
    signature = call(f"def {of.name}", arguments, f" -> {returns}:")
    return FunctionText(tuple(signature), of.doc, tuple(write.body(of)))


def _argument(argument: Argument, of: Function, types: Mapping[str, str]) -> list[str]:
    asked = argument.kind == "noise" and not is_block(of)  # which is always told
    by_name = ["*"] * (argument.kind == "workspace")  # from here on
    return [*by_name, f"{argument.name}: {types[argument.kind]}{' = None' * asked}"]


def _returns(kinds: tuple[str | tuple[str, ...], ...], types: Mapping[str, str]) -> str:
    texts = [types[k] if isinstance(k, str) else _returns(k, types) for k in kinds]
    return texts[0] if len(texts) == 1 else f"tuple[{', '.join(texts)}]"
