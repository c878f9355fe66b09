"""The functions of a program as lines of the module."""

from __future__ import annotations

from dataclasses import dataclass

from bpgen.program.grammar import Argument
from bpgen.program.grammar import Function as Program
from bpgen.targets.numpy.layout import call
from bpgen.targets.numpy.statements import Statements

_ARGUMENTS = {
    "arrays": "Arrays",
    "array": "np.ndarray",
    "block": "int",
    "flag": "bool = False",
    "noise": "np.random.Generator | None",
}
_RETURNS = {"array": "np.ndarray", "arrays": "Arrays", "float": "float"}


@dataclass(frozen=True)
class Function:
    """One function of the module, as lines of text."""

    signature: tuple[str, ...]
    doc: str
    body: tuple[str, ...]


def function(of: Program, write: Statements) -> Function:
    """The lines of one function."""
    arguments = [_argument(a, of) for a in of.arguments]
    signature = call(f"def {of.name}", arguments, f" -> {_returns(of.returns)}:")
    return Function(tuple(signature), of.doc, tuple(write.lines(of.body)))


def _argument(argument: Argument, of: Program) -> str:
    asked = argument.kind == "noise" and not of.name.startswith("_")  # a block is always told
    return f"{argument.name}: {_ARGUMENTS[argument.kind]}{' = None' * asked}"


def _returns(kinds: tuple[str | tuple[str, ...], ...]) -> str:
    texts = [_RETURNS[k] if isinstance(k, str) else _returns(k) for k in kinds]
    return texts[0] if len(texts) == 1 else f"tuple[{', '.join(texts)}]"
