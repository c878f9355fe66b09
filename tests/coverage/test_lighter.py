"""A mark that is set is left out, wherever it stands; the others are set as before."""

from __future__ import annotations

import sys
from importlib import import_module
from pathlib import Path
from types import ModuleType

import pytest

from tests.coverage import lighter, marks

TEXT = """from functools import cached_property, lru_cache


class Pair:
    def __init__(self, value):
        self.value = value

    @property
    def half(self):
        if self.value:
            return self.value / 2
        return 0

    @cached_property
    def double(self):
        return 2 * self.value

    @classmethod
    def of(cls, value):
        return cls(value)

    @staticmethod
    def sum(one, other):
        def added():
            total = one + other
            return total

        return added()

    class Inner:
        def one(self):
            return 1


Pair.itself = Pair


@lru_cache(2)
def sign(value):
    if value < 0:
        return -1
    return 1
"""
WAYS = {
    "a function in a memo": lambda m, v: m.sign.__wrapped__(v),
    "a property": lambda m, v: m.Pair(v).half,
    "a value that is kept": lambda m, v: m.Pair(v).double,
    "a method of a class": lambda m, v: m.Pair.of(v).value,
    "a function within a function": lambda m, v: m.Pair.sum(v, 1),
    "a class within a class": lambda m, v: m.Pair.Inner().one(),
}


@pytest.fixture
def finder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> marks.Finder:
    (tmp_path / "lightened.py").write_text(TEXT)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "lightened", raising=False)
    found = marks.Finder("lightened")
    monkeypatch.setattr(sys, "meta_path", [found, *sys.meta_path])
    return found


def _marks(module: ModuleType) -> marks.Marks:
    said: marks.Marks = module.__dict__[marks.NAME]
    return said


@pytest.mark.parametrize("way", WAYS)
def test_a_mark_that_is_set_is_left_out(way: str, finder: marks.Finder) -> None:
    module, ask = import_module("lightened"), WAYS[way]
    _marks(module)[:] = [0] * len(_marks(module))
    said = [ask(module, value) for value in (1, 0)]
    assert any(_marks(module))  # else nothing would be left out
    ((module, code),) = finder.modules
    lighter.lighter(module, code)
    _marks(module)[:] = [0] * len(_marks(module))
    assert [ask(module, value) for value in (1, 0)] == said
    assert not any(_marks(module))


def test_the_others_are_set_as_before(finder: marks.Finder) -> None:
    module = import_module("lightened")
    module.sign(1), module.Pair(2).half
    before = [*_marks(module)]
    ((module, code),) = finder.modules
    code = lighter.lighter(module, code)
    code = lighter.lighter(module, code)  # and once more
    assert _marks(module) == before
    assert (module.sign(-1), module.Pair(0).half) == (-1, 0)
    assert sum(_marks(module)) == sum(before) + 2


def test_what_is_defined_elsewhere_is_left_as_it_is(finder: marks.Finder) -> None:
    module = import_module("lightened")
    ((module, code),) = finder.modules
    module.borrowed, before = import_module, import_module.__code__
    lighter.lighter(module, code)
    assert import_module.__code__ is before
