"""What is found of an object is found once."""

from __future__ import annotations

from dataclasses import dataclass, replace

import pytest

from bpgen.once import once


@dataclass(frozen=True)
class Number:
    value: int

    @once
    def halves(self) -> list[int]:
        asked.append(self.value)
        return [self.value // 2] if self.value % 2 == 0 else []


asked: list[int] = []


@once
def root(number: Number) -> float:
    asked.append(number.value)
    if number.value < 0:
        raise ValueError("none")
    return float(number.value**0.5)


@pytest.fixture(autouse=True)
def _nothing_asked() -> None:
    asked.clear()


def test_once_of_each_object() -> None:
    four, other = Number(4), Number(4)
    assert four.halves() is four.halves() and root(four) == root(four) == 2.0
    assert asked == [4, 4]
    assert other.halves() is not four.halves() and asked == [4, 4, 4]


def test_what_is_kept_is_no_field() -> None:
    four = Number(4)
    assert root(four) == 2.0
    assert four == Number(4) and repr(four) == repr(Number(4)) and hash(four) == hash(Number(4))
    assert root(replace(four, value=9)) == 3.0


def test_a_failure_is_not_kept() -> None:
    none = Number(-1)
    for _ in range(2):
        with pytest.raises(ValueError, match="none"):
            root(none)
    assert asked == [-1, -1]
