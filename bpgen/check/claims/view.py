"""A point as a claim reads it: of one sample or of a batch, and how a vector lies in an array."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from bpgen.check.claims.names import Meaning
from bpgen.check.claims.points import Point
from bpgen.check.entrywise.order import starts
from bpgen.ir import BATCH, Index


@dataclass(frozen=True)
class Reading:
    """`columns`: a vector is a matrix of one column, samples stand side by side. `each`: gradients
    by what belongs to a sample are of its own loss, not of the mean of all. `paper`: nothing but a
    number is spread over other shapes.
    """

    words: str
    batch: bool = False
    columns: bool = False
    each: bool = False
    paper: bool = False


VECTORS = Reading("of one sample")
COLUMNS = Reading("of one sample", columns=True)
PAPER = Reading("of one sample", columns=True, paper=True)
SAMPLE = (VECTORS, COLUMNS)
BATCHES = (
    Reading("of a batch, a sample in each row", True),
    Reading("of a batch, a sample in each column", True, True),
    Reading("of a batch, a sample in each row, deltas those of its own loss", True, False, True),
    Reading("of a batch, a sample in each column, deltas those of its own loss", True, True, True),
)


OF_MEAN = ", deltas those of the mean, 1/N in them"


class Unfit(Exception):
    """What cannot be computed: shapes that do not go together."""


@dataclass(frozen=True)
class View:
    """A point in one reading; `few`: of what is told entry by entry, the first are enough."""

    point: Point
    reading: Reading
    few: bool = False

    def value(self, meaning: Meaning) -> Any:
        """What a name stands for, as an array of its own."""
        network = self.point.network
        info = network.tensors[meaning.tensor]
        array = self._stored(meaning)
        if meaning.matrix:
            return array.copy()
        array = array[tuple(slice(s, None) for s in starts(network, meaning.tensor))]
        if info.batched and not self.reading.batch:
            return self._sample(array[0])
        if self.reading.columns and np.ndim(array) == 2 and info.batched:
            return array.T.copy()
        if self.reading.columns and np.ndim(array) > 2 and info.batched:
            raise Unfit(f"{meaning.tensor} of several samples is no matrix")
        return self._sample(array) if not info.batched else self._row(array)

    def _row(self, array: Any) -> Any:
        return array[None].copy() if self.reading.columns else array.copy()

    def _sample(self, array: Any) -> Any:
        array = np.asarray(array)
        return array[:, None].copy() if self.reading.columns and array.ndim == 1 else array.copy()

    def _stored(self, meaning: Meaning) -> Any:
        if meaning.of is None:
            return self.point.stored(meaning.tensor)
        network, of = self.point.network, meaning.of
        if meaning.matrix and self.reading.batch:
            raise Unfit(f"the derivatives of {of} by {meaning.tensor} are of one sample")
        if meaning.matrix:
            return self.point.jacobian(meaning.tensor, of)
        own = network.tensors[meaning.tensor].batched
        if self.reading.batch and not own and of == network.sample_loss != network.loss:
            raise Unfit(f"{of} is of one sample, and {meaning.tensor} of all")
        if self.reading.each and own and of == (network.loss or ""):
            if network.sample_loss is None:
                raise Unfit("no sample has a loss of its own")
            of = network.sample_loss
        return self.point.gradient(meaning.tensor, of)

    def entry(self, meaning: Meaning, at: tuple[int, ...]) -> Any:
        """An entry by its place, of a batch the sample first. Before the first step of a recurrence
        stands where it starts, and gradients end with the last.
        """
        array = self._stored(meaning)
        of_sample = self._of_sample(meaning)
        array = array[0] if of_sample else array
        first = self._starts(meaning)
        if len(at) != array.ndim:
            raise Unfit(f"{meaning.tensor} has {array.ndim} indices, not {len(at)}")
        places = tuple(a + s for a, s in zip(at, first, strict=True))
        beyond = [k for k, (p, n) in enumerate(zip(places, array.shape, strict=True)) if p >= n]
        if beyond and meaning.of is not None and all(self._steps(meaning, k) for k in beyond):
            return 0
        if beyond or min(places, default=0) < 0:
            raise Unfit(f"{meaning.tensor}[{', '.join(map(str, at))}] is not there")
        return array[places]

    def entries(self, meaning: Meaning, at: Sequence[Any]) -> Any:
        """Entries by arrays of places; IndexError where one is not there."""
        array = self._stored(meaning)
        of_sample = self._of_sample(meaning)
        array = array[0] if of_sample else array
        first = self._starts(meaning)
        places = tuple(a + s for a, s in zip(at, first, strict=True))
        if len(at) != array.ndim or any(np.min(p, initial=0) < 0 for p in places):
            raise IndexError
        return array[tuple(np.broadcast_arrays(*places))]

    def _starts(self, meaning: Meaning) -> tuple[int, ...]:
        """Where the axes start at an entry, what is before the first step left out."""
        if meaning.matrix:
            return (0, 0)
        return starts(self.point.network, meaning.tensor)[self._of_sample(meaning) :]

    def _of_sample(self, meaning: Meaning) -> int:
        """1 where the axis of the samples is not told."""
        batched = self.point.network.tensors[meaning.tensor].batched
        return int(batched and not self.reading.batch and not meaning.matrix)

    def _steps(self, meaning: Meaning, k: int) -> bool:
        """Whether an axis counts the steps of a recurrence."""
        loops = {e.loop.index.size for e in self.point.network if e.loop is not None}
        axes = self.point.network.tensors[meaning.tensor].indices
        return axes[k + self._of_sample(meaning)].size in loops

    def _axes(self, meaning: Meaning) -> tuple[Index, ...]:
        """The axes that indices run along, in their order."""
        tensors = self.point.network.tensors
        if meaning.matrix:
            return tuple(tensors[t].indices[-1] for t in (meaning.of or "", meaning.tensor))
        return tensors[meaning.tensor].indices[self._of_sample(meaning) :]

    def size(self, meaning: Meaning, k: int) -> int:
        """The length of an axis that an index runs along."""
        axes = self._axes(meaning)
        if k >= len(axes):
            raise Unfit(f"{meaning.tensor} has {len(axes)} indices")
        size = axes[k].size
        return size if isinstance(size, int) else self.point.lengths[str(size)]

    @property
    def samples(self) -> int:
        """N, which of one sample would be 1, and a factor of it no factor."""
        if not self.reading.batch:
            raise Unfit(f"{BATCH} is the number of samples, and this is of one")
        return self.point.lengths[BATCH]

    def scalar(self, name: str, *arrays: Any) -> Any:
        return self.point.scalar(name, *arrays)

    def along(self, array: Any, axis: int | None) -> int:
        """The axis along which a softmax is taken: that of a vector."""
        column = self.reading.columns and np.ndim(array) == 2
        column = column and (self.reading.batch or np.shape(array)[1] == 1)
        return axis if axis is not None else (0 if column else -1)

    def top(self, array: Any, axis: int | None) -> Any:
        """What is taken from exponents of numbers, so that none overflows."""
        if np.asarray(array).dtype.kind == "O":
            return 0
        return np.max(array, axis=self.along(array, axis), keepdims=True)

    def one_hot(self, label: Any, units: Any) -> Any:
        """The unit vector of a label, of one sample or of each."""
        found = units[np.asarray(label, int)]
        if self.reading.columns:
            return found.T if found.ndim == 2 else found[:, None]
        return found
