"""C that was written, compiled and called with numpy's arrays: is it what its equations say?"""

from __future__ import annotations

import ctypes
import itertools
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from math import prod
from pathlib import Path
from typing import Any

import numpy as np

from bpgen.check.difference import Difference, differing
from bpgen.check.module import Array, Arrays
from bpgen.check.trial import Trial, trials
from bpgen.emit import emit
from bpgen.ir import Network, TensorInfo

COMPILERS = ("cc", "gcc", "clang")
FLAGS = ("-std=c99", "-Wall", "-Wextra", "-pedantic", "-Werror", "-O1")
POINTS = 2
SEED = 7


def compiler() -> str | None:
    """The C compiler at hand."""
    return next(filter(None, map(shutil.which, COMPILERS)), None)


class Library:
    """The functions of a pair of files, compiled with room for these lengths.

    Raises ValueError with the compiler's words where they are no C.
    """

    def __init__(
        self,
        files: Mapping[str, str],
        lengths: Mapping[str, int],
        dtype: Any = np.float64,
        flags: Sequence[str] = FLAGS,
        libraries: Sequence[str] = (),
    ) -> None:
        (self.name,) = re.findall(r"^(?:void|\w+) (\w+)_init\(", files[".h"], re.MULTILINE)
        self.lengths, self.dtype = lengths, np.dtype(dtype)
        with tempfile.TemporaryDirectory() as folder:
            for end, text in files.items():
                (Path(folder) / f"{self.name}{end}").write_text(text, encoding="utf-8")
            self.calls = ctypes.CDLL(str(self._compiled(Path(folder), flags, libraries)))
        self.sizes = {s: getattr(self.calls, f"size_of_{s}")() for s in ("params", "cache", "work")}

    def _compiled(self, folder: Path, flags: Sequence[str], libraries: Sequence[str]) -> Path:
        macro = self.name.upper()
        told = [f"-D{macro}_{n}={value}" for n, value in self.lengths.items()]
        told += [f"-D{macro}_ADAM", *[f"-D{macro}_DOUBLE"] * (self.dtype == np.float64)]
        measure = [
            f"int size_of_{s}(void);\nint size_of_{s}(void) {{ return sizeof({self.name}_{s}); }}"
            for s in ("params", "cache", "work")
        ]
        asked = folder / "sizes.c"
        asked.write_text("\n".join([f'#include "{self.name}.h"', *measure, ""]))
        file = folder / "net.so"
        line = [str(compiler()), *flags, *told, "-shared", "-fPIC", "-o", str(file)]
        line += [str(folder / f"{self.name}.c"), str(asked), "-lm", *libraries]
        done = subprocess.run(line, capture_output=True, text=True)
        if done.returncode:
            raise ValueError(done.stderr)
        return file

    def __call__(
        self,
        params: Arrays,
        inputs: Iterable[Array],
        rest: Sequence[Array],
        has_loss: bool,
        seed: int | None = None,
    ) -> tuple[float | None, Arrays]:
        """The loss, where there is one, and the gradients of all parameters."""
        flat = self._given(
            np.concatenate([np.zeros(0), *(np.ravel(params[n]) for n in sorted(params))])
        )
        grads = np.full(max(flat.size, 1), np.nan, self.dtype)
        memory = [np.full(self.sizes[s], 0xFF, np.uint8) for s in ("cache", "work")]  # nans
        given, late = [self._given(a) for a in inputs], [self._given(a) for a in rest]
        lengths = [*self.lengths.values()]
        seeds = [] if seed is None else [np.array([seed], np.uint)]
        loss = None
        if has_loss:  # by one call, which makes the three others
            arguments = (flat, *given, *late, *lengths, *seeds, *memory, grads)
            loss = self._call("loss_and_grad", *arguments, returns=True)
        else:
            self._call("forward", flat, *given, *lengths, *seeds, *memory)
            self._call("backward", flat, *given, *late, *lengths, *memory, grads)
        found, start = {}, 0
        for n in sorted(params):
            end = start + int(np.size(params[n]))
            found[n], start = grads[start:end].reshape(np.shape(params[n])), end
        return loss, found

    def _given(self, array: Array) -> Array:
        array = np.asarray(array)
        return np.ascontiguousarray(array, np.intc if array.dtype.kind in "iu" else self.dtype)

    def _call(self, name: str, *arguments: Any, returns: bool = False) -> Any:
        function = getattr(self.calls, f"{self.name}_{name}")
        real = ctypes.c_double if self.dtype == np.float64 else ctypes.c_float
        function.restype = real if returns else None
        return function(
            *(
                ctypes.c_void_p(a.ctypes.data) if isinstance(a, np.ndarray) else ctypes.c_int(a)
                for a in arguments
            )
        )


def difference(files: Mapping[str, str], network: Network, small: bool = True) -> Difference | None:
    """The smallest thing that differs from what the equations say, evaluated entry by entry."""
    for trial in trials(emit(network), network, POINTS, small):
        if network.role("noise"):  # C draws its own
            trial = replace(trial, drawn=drawn(network, trial.lengths))
        try:
            found = _differing(
                Library(files, {n: trial.lengths[n] for n in trial.network.lengths}), trial
            )
        except ValueError as error:
            return Difference("the C compiler", f"says {error}")
        if found:
            return min(found, key=lambda d: d.entries)
    return None


def drawn(network: Network, lengths: Mapping[str, int]) -> Arrays:
    """The noise that C draws: each tensor after the other, that of blocks block by block."""
    sequence = _uniform(SEED)
    found: Arrays = {}
    for tensors, times in _together(network):
        parts: dict[str, list[Array]] = {t.name: [] for t in tensors}
        for _, t in itertools.product(range(times), tensors):
            axes = t.indices[t.block :]
            shape = [i.size if isinstance(i.size, int) else lengths[str(i.size)] for i in axes]
            numbers = [next(sequence) for _ in range(prod(shape))]
            keep = float(t.keep or 1)
            parts[t.name].append(np.reshape(np.less(numbers, keep) / keep, shape))
        found |= {t.name: np.array(parts[t.name]) if t.block else parts[t.name][0] for t in tensors}
    return found


def _together(network: Network) -> Iterator[tuple[list[TensorInfo], int]]:
    """The noise that is drawn together, and how many times: alone, and that of each block."""
    noise = network.role("noise")
    yield [t for t in noise if not t.block], 1
    loops = dict.fromkeys(e.loop for e in network if e.loop is not None and e.loop.block)
    for loop in loops:
        assert isinstance(loop.index.size, int)
        read = {a.name for e in network if e.loop == loop for a in e.reads()}
        yield [t for t in noise if t.block and t.name in read], loop.index.size


def _uniform(seed: int) -> Iterator[float]:
    """The sequence of C's uniform."""
    while True:
        seed = (seed * 1664525 + 1013904223) % 2**32
        yield (seed >> 8) / 2**24


def _differing(library: Library, trial: Trial) -> list[Difference]:
    point, has_loss = trial.point, trial.network.loss is not None
    inputs = point.inputs.values()
    seed = SEED if trial.drawn else None
    loss, grads = library(point.params, inputs, [*point.rest.values()], has_loss, seed)
    wrong: list[Difference] = []
    if has_loss:
        name = str(trial.network.loss)
        meant = {name: trial.values(trial.meant)[name]}
        wrong += differing({name: np.asarray(loss)}, meant, lambda: trial.noise[0], "")
    slopes = {n: trial.slopes[n] for n in grads}
    return [*wrong, *differing(grads, slopes, lambda: trial.noise[1], "dL/d")]
