"""The parts of an emitted module, as the template lays them out."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import ClassVar

from bpgen.formulas.helpers import names_in
from bpgen.functions import ROWS, SHARED
from bpgen.program.grammar import Function
from bpgen.raising.empty import needs_one
from bpgen.raising.equation import order_of
from bpgen.raising.functions import functions
from bpgen.record import Derivation
from bpgen.targets.numpy.doors import NUMPY, Words, doors
from bpgen.targets.numpy.expressions import Expressions
from bpgen.targets.numpy.functions import FunctionText, function
from bpgen.targets.numpy.interface import Interface
from bpgen.targets.numpy.statements import Statements


class Parts(Interface):
    """What the template prints of one derivation; another target has printers of its own."""

    expressions: ClassVar[type[Expressions]] = Expressions
    statements: ClassVar[type[Statements]] = Statements
    words: ClassVar[Words] = NUMPY

    def __init__(self, derivation: Derivation) -> None:
        super().__init__(derivation.network)
        self.derivation = derivation
        self._expressions = self.expressions(order_of(derivation))

    @cached_property
    def functions(self) -> list[FunctionText]:
        write = self.statements(self._expressions)
        return [function(f, write) for f in self.program]

    @cached_property
    def program(self) -> Sequence[Function]:
        """The functions of the mathematics, before they are text."""
        return functions(self.derivation)

    @property
    def _called(self) -> set[str]:
        """The functions of the module that those of the mathematics, and pack, speak of."""
        return {"_check", *(self._expressions.used if self.functions else ())}

    @property
    def helpers(self) -> list[str]:
        """The functions that the library does not have, and those that refuse wrong arguments,
        where they are used, in the order of the table.
        """
        called = self._called
        found: dict[str, str] = {}
        for name, source in self.sources.items():  # callers before the called
            if name in called:
                found[name] = source.strip()
                called |= names_in(source)
        return list(found.values())

    @property
    def sources(self) -> dict[str, str]:
        """The source of each such function by its name."""
        return self.elementary | doors(self.words, self.refuses_empty)

    @property
    def elementary(self) -> dict[str, str]:
        """What the library has no function for."""
        rows = {name: row.helper for name, row in ROWS.items() if row.helper}
        return rows | _ALONG_AXIS | SHARED

    @property
    def refuses_empty(self) -> bool:
        """Whether the network has no value where a length known at run time is 0."""
        return needs_one((f.evaluated for f in self.derivation.forward), self.network.tensors)


_ALONG_AXIS = {
    "logsumexp": '''
def logsumexp(z: np.ndarray, last: int = 1) -> np.ndarray:
    """log(sum(exp(z))) over the last axes; the largest is taken out, so nothing overflows."""
    axes = tuple(range(-last, 0))
    largest, _, log = _above_largest(z, axes)
    return np.asarray(np.squeeze(largest + log, axis=axes))
''',
    "first_largest": '''
def first_largest(z: np.ndarray, last: int = 1) -> np.ndarray:
    """1 at the first of the largest over the last axes, 0 elsewhere."""
    flat = z.reshape(*z.shape[:-last], int(np.prod(z.shape[-last:])))
    first = np.arange(flat.shape[-1]) == flat.argmax(axis=-1)[..., None]
    return np.asarray(first.reshape(z.shape).astype(z.dtype))
''',
    "windows": '''
def windows(
    x: np.ndarray, sizes: int | tuple[int, ...], axes: int | tuple[int, ...]
) -> np.ndarray:
    """A view of every window that slides along the axes; the windows' own axes come last."""
    return np.lib.stride_tricks.sliding_window_view(x, sizes, axes)
''',
    "dropout": '''
def dropout(
    rng: np.random.Generator | None,
    shape: tuple[int, ...],
    keep: float,
    dtype: np.dtype,
) -> np.ndarray:
    """1 / keep with that probability, else 0; all ones where rng is None."""
    if rng is None:
        return np.ones(shape, dtype)
    if not isinstance(rng, np.random.Generator):
        needs = "np.random.default_rng(seed)"
        raise TypeError(f"rng is {type(rng)}: give {needs}")
    return np.asarray((rng.random(shape) < keep).astype(dtype) / keep)
''',
    "softmax": '''
def softmax(z: np.ndarray) -> np.ndarray:
    """exp(z) / sum(exp(z)) along the last axis; the largest is taken out, so nothing overflows. 0
    where all of z are minus infinity.
    """
    largest = z.max(axis=-1, keepdims=True)
    e = np.exp(z - np.where(largest == -np.inf, 0, largest))
    total = e.sum(axis=-1, keepdims=True)
    return np.asarray(e / (total + (total == 0)))
''',
    "log_softmax": '''
def log_softmax(z: np.ndarray) -> np.ndarray:
    """z - log(sum(exp(z))) along the last axis; the largest is taken out, so no digit is lost."""
    _, below, log = _above_largest(z, (-1,))
    return np.asarray(below - log)
''',
    "_above_largest": '''
def _above_largest(
    z: np.ndarray, axes: tuple[int, ...]
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The largest m of z along the axes, z - m, and log(sum(exp(z - m))), exact where that is
    small. Of minus infinities alone m is one and nothing is taken out.
    """
    largest = z.max(axis=axes, keepdims=True)
    below = z - np.where(largest == -np.inf, 0, largest)
    ones = (below == 0).astype(z.dtype)
    count = np.maximum(ones.sum(axis=axes, keepdims=True), 1)
    others = (np.exp(below) - ones).sum(axis=axes, keepdims=True)
    return largest, below, np.log1p(others + (count - 1))
''',
}
