"""C that was written, compiled and called with numpy's arrays."""

from __future__ import annotations

import ctypes
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import Any

import numpy as np

from bpgen.check.module import Array, Arrays
from bpgen.targets.c.stored import own

COMPILERS = ("cc", "gcc", "clang")
FLAGS = ("-std=c99", "-Wall", "-Wextra", "-pedantic", "-Werror", "-O1")
RATE = 0.0625  # of a step
Texts = Mapping[str, str]  # a header and a source by their endings
Shape = tuple[int, ...]


def compiler() -> str | None:
    """The C compiler at hand."""
    return next(filter(None, map(shutil.which, COMPILERS)), None)


def command(*more: str) -> tuple[str, ...]:
    """The C compiler at hand, told to take C99 alone, and more."""
    return (str(compiler()), *FLAGS, *more)


@dataclass(frozen=True)
class Source:
    """A pair of files, the lengths that it is to have room for, and the shapes of the outputs that
    are to be looked at, and of the inputs whose gradients are.
    """

    texts: Texts
    lengths: Mapping[str, int]
    outputs: Mapping[str, Shape]
    of: Mapping[str, Shape]

    @property
    def name(self) -> str:
        """What its functions begin with."""
        (name,) = re.findall(r"^(?:void|\w+) (\w+)_init\(", self.texts[".h"], re.MULTILINE)
        return str(name)

    @property
    def structs(self) -> tuple[str, ...]:
        """The structs that its functions are given memory for."""
        asks = f"}} {self.name}_inputs;" in self.texts[".h"]
        return ("params", "cache", "work", *["inputs"] * asks)

    def told(self, double: bool) -> list[str]:
        """What the compiler is told of it."""
        macro = self.name.upper()
        lengths = [f"-D{macro}_{n}={value}" for n, value in self.lengths.items()]
        return [*lengths, f"-D{macro}_ADAM", f"-D{macro}_DESCEND", *[f"-D{macro}_DOUBLE"] * double]

    @property
    def descends(self) -> bool:
        """Whether it can do without memory for gradients."""
        return f"{self.name}_backward_descend(" in self.texts[".h"]

    @property
    def looks(self) -> str:
        """Functions that say how large structs are, and where an output or a gradient stands."""
        n, structs = self.name, self.structs
        heads = {f"int {n}_size_of_{s}(void)": f"sizeof({n}_{s})" for s in structs}
        heads |= {
            f"const void *{n}_{s}_{k}(const {n}_{s} *from)": f"from->{own(array)}"
            for s, arrays in (("cache", self.outputs), ("inputs", self.of))
            if s in structs
            for k, array in enumerate(arrays)
        }
        lines = [f"{head};\n{head} {{ return {value}; }}" for head, value in heads.items()]
        return "\n".join([f'#include "{self.name}.h"', *lines, ""])


@dataclass(frozen=True)
class Found:
    """What came out: the loss, where there is one, outputs, and the gradients of all parameters,
    and of the inputs where they are asked for. `moves`: whether parameters move as they do by
    these, where none are kept; `is_one`: whether all functions that give the loss give the same.
    """

    loss: float | None
    outputs: Arrays
    grads: Arrays
    moves: bool
    is_one: bool


@dataclass(frozen=True)
class Library:
    """The functions of a source that is compiled."""

    source: Source
    calls: ctypes.CDLL
    dtype: np.dtype[Any]

    @property
    def sizes(self) -> dict[str, int]:
        """The bytes of structs."""
        n, structs = self.source.name, self.source.structs
        return {s: getattr(self.calls, f"{n}_size_of_{s}")() for s in structs}

    def __call__(
        self,
        params: Arrays,
        inputs: Iterable[Array],
        rest: Sequence[Array],
        has_loss: bool,
        seed: int | None = None,
    ) -> Found:
        """What it computes at a point; `rest` are targets, or the gradients given for outputs."""
        flat = self._given(
            np.concatenate([np.zeros(0), *(np.ravel(params[n]) for n in sorted(params))])
        )
        grads = np.full(max(flat.size, 1), np.nan, self.dtype)
        _, *structs = self.sizes.values()
        cache, work, *asked = (np.full(size, 0xFF, np.uint8) for size in structs)  # nans
        given, late = [self._given(a) for a in inputs], [self._given(a) for a in rest]
        lengths = [*self.source.lengths.values()]
        seeds = [] if seed is None else [np.array([seed], np.uint)]
        of_loss = (flat, *given, *late, *lengths, cache, work)
        losses: list[float] = []
        if has_loss:  # by one call, which makes forward and backward
            arguments = (flat, *given, *late, *lengths, *seeds, cache, work, grads, *asked)
            losses += [self._call("loss_and_grad", *arguments, returns=True)]
            losses += [self._call("loss", *of_loss, returns=True)]
        else:
            self._call("forward", flat, *given, *lengths, *seeds, cache, work)
            self._call("backward", flat, *given, *late, *lengths, cache, work, grads, *asked)
        found, start = {}, 0
        for n in sorted(params):
            end = start + int(np.size(params[n]))
            found[n], start = grads[start:end].reshape(np.shape(params[n])), end
        for memory in asked:
            found |= self._within("inputs", memory, self.source.of)
        moved = flat.copy()
        self._call("descend", moved, grads, RATE)
        if self.source.descends:
            last = self._call("backward_descend", *of_loss, RATE, returns=has_loss)
            losses += [last] * has_loss
        moves = not self.source.descends or np.array_equal(flat, moved, equal_nan=True)
        outputs = self._within("cache", cache, self.source.outputs)
        is_one = np.array_equal(losses, losses[:1] * len(losses), equal_nan=True)
        return Found(losses[0] if losses else None, outputs, found, moves, is_one)

    def _within(self, struct: str, memory: Array, shapes: Mapping[str, Shape]) -> Arrays:
        """The arrays of a struct in memory: outputs that forward left, gradients of inputs."""
        found: Arrays = {}
        for k, (name, shape) in enumerate(shapes.items()):
            where = getattr(self.calls, f"{self.source.name}_{struct}_{k}")
            where.restype = ctypes.c_void_p
            start = where(ctypes.c_void_p(memory.ctypes.data)) - memory.ctypes.data
            there = memory[start : start + prod(shape) * self.dtype.itemsize]
            found[name] = there.view(self.dtype).reshape(shape)
        return found

    def _given(self, array: Array) -> Array:
        array = np.asarray(array)
        return np.ascontiguousarray(array, np.intc if array.dtype.kind in "iu" else self.dtype)

    def _call(self, name: str, *arguments: Any, returns: bool = False) -> Any:
        function = getattr(self.calls, f"{self.source.name}_{name}")
        real = ctypes.c_double if self.dtype == np.float64 else ctypes.c_float
        function.restype = real if returns else None

        def told(a: Any) -> Any:
            if isinstance(a, np.ndarray):
                return ctypes.c_void_p(a.ctypes.data)
            return real(a) if isinstance(a, float) else ctypes.c_int(a)

        return function(*map(told, arguments))


def library(
    texts: Texts,
    lengths: Mapping[str, int],
    dtype: Any = np.float64,
    by: Sequence[str] = (),
    outputs: Mapping[str, Shape] | None = None,
    more: Sequence[str] = (),
) -> Library:
    """A pair of files, compiled with room for these lengths."""
    return libraries([Source(texts, lengths, outputs or {}, {})], dtype, by, more)[0]


def libraries(
    sources: Sequence[Source], dtype: Any, by: Sequence[str] = (), more: Sequence[str] = ()
) -> list[Library]:
    """Sources of different names, by one call of a compiler, that at hand unless told `by` which
    command; `more` is for its linker.

    Raises ValueError with the compiler's words where they are no C.
    """
    double = np.dtype(dtype) == np.float64
    with tempfile.TemporaryDirectory() as place:
        folder, units = Path(place), []
        for source in sources:
            for end, text in source.texts.items():
                (folder / f"{source.name}{end}").write_text(text, encoding="utf-8")
            units.append(str(folder / f"{source.name}.c"))
        units.append(str(folder / "looks of nets.c"))
        looks = "\n".join(source.looks for source in sources)
        Path(units[-1]).write_text(looks, encoding="utf-8")
        told = [flag for source in sources for flag in source.told(double)]
        line = [*(by or command()), *told, "-shared", "-fPIC", "-o", str(folder / "nets.so")]
        done = subprocess.run([*line, *units, "-lm", *more], capture_output=True, text=True)
        if done.returncode:
            raise ValueError(done.stderr)
        calls = ctypes.CDLL(str(folder / "nets.so"))
    return [Library(source, calls, np.dtype(dtype)) for source in sources]
