"""A claim as a person's own numpy: the functions of a file, run as net.py is run."""

from __future__ import annotations

import inspect
import sys
import traceback
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, redirect_stdout
from dataclasses import dataclass, field
from pathlib import Path
from types import FunctionType
from typing import Any

import numpy as np

from bpgen.check.claims.judge import Judge
from bpgen.check.claims.names import Meaning, Names
from bpgen.check.claims.points import Exact
from bpgen.check.claims.sides import Claim
from bpgen.check.claims.view import BATCHES, SAMPLE, Unfit, View
from bpgen.check.module import Numpy
from bpgen.check.overrides import overrides
from bpgen.check.residues.values import NotProved, OnKink
from bpgen.errors import NetError
from bpgen.ir import BATCH
from bpgen.surroundings import as_it_was, modules_beside

_FORM = "name a function as what it returns, such as delta1 or dW2, or backward"
_GROUPS = ("params", "cache")


@dataclass(frozen=True)
class Program:
    """The text of a file of functions."""

    path: str
    text: str
    _loaded_at: dict[int, dict[str, Any]] = field(default_factory=dict)

    @staticmethod
    def read(path: str) -> Program:
        try:
            return Program(path, Path(path).read_text(encoding="utf-8"))
        except (OSError, UnicodeDecodeError) as error:
            said = getattr(error, "strerror", None) or "it is not UTF-8 text"
            raise NetError(f"{path} cannot be read: {said}", "give a line, or a file") from None

    def claims(self, names: Names, judge: Judge) -> list[Claim]:
        """What its functions claim: each that is named like a quantity, or each gradient that
        `backward` returns.
        """
        own = {n: f for n, f in self._run().items() if self._is_own(f)}
        meant = [n for n in own if names.find(n) is not None]
        found = [self._claim(n, n, names.meant(n, self.path), names) for n in meant]
        for name in (*meant, *[n for n in own if n == "backward"]):
            for argument in _required(own[name]):
                if argument not in (*_GROUPS, BATCH):
                    names.meant(argument, f"{self.path}: {name}")
        if "backward" in own:
            found += self._of_backward(names, judge)
        if not found:
            raise NetError(f"{self.path}: no function is named like a gradient", _FORM)
        return found

    def _is_own(self, value: object) -> bool:
        return isinstance(value, FunctionType) and value.__code__.co_filename == self.path

    def _claim(self, function: str, key: str, meaning: Meaning, names: Names) -> Claim:
        def value(view: View) -> Any:
            returned = self._called(function, view, names)
            return returned[key] if isinstance(returned, dict) else returned

        name = names.gradient(meaning.tensor, meaning.of) if meaning.of is not None else key
        told = name if function == key else f"backward's {key}"
        of_batch = function == "backward" or _of_batch(self._run()[function])
        text = f"{self.path}: {told}"
        return Claim(text, lambda view: view.value(meaning), value, name, of_batch=of_batch)

    def _of_backward(self, names: Names, judge: Judge) -> Iterator[Claim]:
        """One claim for each gradient that backward returns."""
        found = self._returned(names, judge)
        if not isinstance(found, dict):
            raise NetError(f"{self.path}: backward returns no dict", "return {'W1': dW1, ...}")
        for key in found:
            meaning = names.meant(str(key), f"{self.path}: backward")
            yield self._claim("backward", key, Meaning(meaning.tensor, names.top), names)

    def _returned(self, names: Names, judge: Judge) -> object:
        """What backward returns in the first reading in which it runs."""
        said = ""
        for reading in (*SAMPLE, *BATCHES):
            try:
                view = View(next(judge.points(reading.batch)), reading)
                return self._called("backward", view, names)
            except (Unfit, NotProved) as error:
                said = str(error)
        raise NetError(f"backward cannot run: {said}", "its arguments are arrays", self.path)

    def _called(self, name: str, view: View, names: Names) -> Any:
        function = self._loaded(view)[name]
        given = [_given(a, view, names) for a in _required(function)]
        with _of_program(self.path), as_it_was(), redirect_stdout(sys.stderr):
            return function(*given)

    def _loaded(self, view: View) -> Mapping[str, Any]:
        """The functions, whose numpy computes with the scalars of a point."""
        point = view.point
        if id(point) not in self._loaded_at:
            space = self._loaded_at[id(point)] = self._run()
            table: dict[str, Any] = overrides(point.tape) if isinstance(point, Exact) else {}
            for key, value in [*space.items()]:
                if value is np:
                    space[key] = Numpy(table)
                elif callable(value) and getattr(np, name := _name(value), None) is value:
                    space[key] = table.get(name, value)
        return self._loaded_at[id(point)]

    def _run(self) -> dict[str, Any]:
        space: dict[str, Any] = {"__name__": "claims", "__file__": self.path}
        try:
            code = compile(self.text, self.path, "exec", dont_inherit=True)
        except (SyntaxError, ValueError) as error:
            place = f"{self.path}:{getattr(error, 'lineno', None) or 1}"
            said = getattr(error, "msg", None) or str(error)
            raise NetError(f"syntax error: {said}", "it must be a Python file", place) from None
        beside = modules_beside(self.path)
        with _refused(self.path), as_it_was(), beside, redirect_stdout(sys.stderr):
            exec(code, space)
        return space


def _of_batch(function: FunctionType) -> bool:
    """Whether a function speaks of several samples: it sums along an axis, or asks for a size."""
    code = function.__code__
    words = {n for c in code.co_consts if isinstance(c, tuple) for n in c}
    return bool({"len", "shape", BATCH} & {*code.co_names, *code.co_varnames}) or "axis" in words


def _name(value: object) -> str:
    return str(getattr(value, "__name__", ""))


def _required(function: Callable[..., Any]) -> list[str]:
    every = inspect.signature(function).parameters.values()
    return [p.name for p in every if p.default is p.empty and p.kind is p.POSITIONAL_OR_KEYWORD]


def _given(argument: str, view: View, names: Names) -> Any:
    """What an argument is by its name; of params and cache, all of them."""
    if argument == BATCH:
        return view.samples
    if argument in _GROUPS and names.find(argument) is None:
        role = {"params": ("param",), "cache": ("value", "input", "state")}[argument]
        every = names.network.tensors.values()
        return {
            t.name: view.value(Meaning(t.name)) for t in every if t.role in role and not t.block
        }
    return view.value(names.meant(argument, "the file"))


@contextmanager
def _of_program(path: str) -> Iterator[None]:
    """What a function raises at arguments of other shapes than it was written for."""
    try:
        yield
    except (OnKink, NotProved, NetError):
        raise
    except Exception as error:
        lines = [f.lineno for f in traceback.extract_tb(error.__traceback__) if f.filename == path]
        place = f"{path}:{lines[-1]}: " if lines else ""
        raise Unfit(f"{place}{type(error).__name__}: {error}") from None


@contextmanager
def _refused(path: str) -> Iterator[None]:
    try:
        yield
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        lines = [f.lineno for f in traceback.extract_tb(error.__traceback__) if f.filename == path]
        place = f"{path}:{lines[-1]}" if lines else path
        said = f"{type(error).__name__}: {error}"
        raise NetError(said, "the file stopped here", place) from None
