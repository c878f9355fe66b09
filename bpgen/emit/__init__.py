"""Derivation -> the text of the module, or of the files, by a target. Python decides, templates lay
out.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from bpgen.derive import derive
from bpgen.ir import Network
from bpgen.once import once
from bpgen.record import Derivation
from bpgen.targets.numpy.allowed import NUMPY, PLANNED, Allowed, verified
from bpgen.targets.numpy.interface import refuse_letters
from bpgen.templating import template


@dataclass(frozen=True)
class _Target:
    """What files are made of: the parts that templates lay out, by the files' endings, and what a
    module may hold.
    """

    parts: Callable[[Derivation], Any]
    templates: Mapping[str, str]
    allowed: Allowed | None = None


def _numpy() -> _Target:
    from bpgen.targets.numpy.parts import Parts

    return _Target(Parts, {".py": "module.py.jinja"}, NUMPY)


def _planned() -> _Target:
    from bpgen.targets.numpy.planned_parts import PlannedParts

    return _Target(PlannedParts, {".py": "planned.py.jinja"}, PLANNED)


def _array_api() -> _Target:
    from bpgen.targets.array_api.allowed import ALLOWED
    from bpgen.targets.array_api.parts import Parts

    return _Target(Parts, {".py": "array_api.py.jinja"}, ALLOWED)


def _c() -> _Target:
    from bpgen.targets.c.parts import Parts

    return _Target(Parts, _C)


def _c_for_python() -> _Target:
    from bpgen.targets.c.parts import Asking

    return _Target(Asking, _C)


def _python_of_c() -> _Target:
    from bpgen.targets.c.allowed import ALLOWED
    from bpgen.targets.c.module import Module

    return _Target(Module, {".py": "c_module.py.jinja"}, ALLOWED)


FAST = "numpy, planned"
WITH_PYTHON = "c, with a module of Python"
_C = {".h": "c_header.h.jinja", ".c": "c_source.c.jinja"}
_TARGETS: Mapping[str, tuple[Callable[[], _Target], ...]] = {  # imported where they are asked for
    "numpy": (_numpy,),
    FAST: (_planned,),
    "array-api": (_array_api,),
    "c": (_c,),
    WITH_PYTHON: (_c_for_python, _python_of_c),
}


def emit(network: Network, target: str = "numpy") -> str:
    """The source text of the network's module."""
    return emitted(derive(network), target)


def emitted(derivation: Derivation, target: str = "numpy") -> str:
    """The source text of the module that computes a derivation.

    Raises NetError where a width is a letter, which only a derivation can be told in, or a tensor
    is called what the module calls its own.
    """
    return files_of(derivation, target)[".py"]


def files(network: Network, target: str = "numpy") -> Mapping[str, str]:
    """The texts of the network's files, by their endings: a module, or a header and a source."""
    return files_of(derive(network), target)


def files_of(derivation: Derivation, target: str = "numpy") -> Mapping[str, str]:
    """The same of a derivation."""
    return _emitted(derivation, target).files


def said_of(derivation: Derivation, target: str) -> str:
    """What is to be said of the files beside: of C, the memory that it takes."""
    return _emitted(derivation, target).said


def takes_of(derivation: Derivation, target: str) -> Mapping[str, int]:
    """The bytes of RAM that it takes, by what is done: of C."""
    return _emitted(derivation, target).takes


@dataclass(frozen=True)
class _Emitted:
    files: Mapping[str, str]
    said: str
    takes: Mapping[str, int]


@once
def _kept(derivation: Derivation) -> dict[str, _Emitted]:
    """What is emitted of it, by the target."""
    return {}


def _emitted(derivation: Derivation, target: str) -> _Emitted:
    kept = _kept(derivation)
    if target not in kept:
        refuse_letters(derivation.network)
        files: dict[str, str] = {}
        rows = [target_of() for target_of in _TARGETS[target]]
        every = [row.parts(derivation) for row in rows]
        for row, parts in zip(rows, every, strict=True):
            texts = {end: template(name).render(m=parts) for end, name in row.templates.items()}
            files |= {end: _ended(text, row.allowed) for end, text in texts.items()}
        first = every[0]
        kept[target] = _Emitted(files, getattr(first, "said", ""), getattr(first, "takes", {}))
    return kept[target]


def _ended(text: str, allowed: Allowed | None) -> str:
    text = text.rstrip("\n") + "\n"
    return verified(text, allowed) if allowed is not None else text
