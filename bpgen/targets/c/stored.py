"""The names of a function in C: arrays, what stands for others, indices and numbers of its own."""

from __future__ import annotations

import re
from dataclasses import dataclass

import sympy as sp

from bpgen.functions import ROWS, SHARED
from bpgen.ir import Index, spoken
from bpgen.program.grammar import Expr, Read
from bpgen.targets.c.library import LOOPS, OWN, called

Sizes = tuple[sp.Expr, ...]
_KEYWORDS = """
auto break case char const continue default do double else enum extern float for goto if inline int
long register restrict return short signed sizeof static struct switch typedef union unsigned void
volatile while
"""
_OF_MATH = """
acos acosh asin asinh atan atanh cos cosh erf erfc exp expm1 fabs gamma hypot j0 j1 jn log log1p pow
rint signgam sin sinh sqrt tan tanh y0 y1 yn
"""
_OF_THE_FILE = """
ALONE DEEP GEMM IF_SHARED INFINITY INLINE M MANY NAN PARALLEL R SHARED WIDE average axes beta1 beta2
cache grads inputs momentum params place places rate real seed state velocity work
"""
# What C, its mathematics and the file itself have names for.
_WORDS = f"{_KEYWORDS} {_OF_MATH} {_OF_THE_FILE}".split()
_HELPERS = (*LOOPS, *OWN, *SHARED, *(n for n, row in ROWS.items() if row.helper))
TAKEN = frozenset([*_WORDS, *map(called, _HELPERS)])
_BLOCK = re.compile(r"block\d*(_backward(_descend)?)?")


def _is_taken(name: str) -> bool:
    """Whether C has a function or a word of the name."""
    return name in TAKEN or bool(_BLOCK.fullmatch(name))


@dataclass(frozen=True)
class Stored:
    """An array in memory: how it is written, and the lengths of its axes, if they are not told by
    who reads it. One number may be a variable of the function's own.
    """

    text: str
    sizes: Sizes | None = None
    is_variable: bool = False


class Names:
    """The names of one function."""

    def __init__(self, reserved: set[str]) -> None:
        self.arrays: dict[str, Stored] = {}
        self.aliases: dict[str, Expr] = {}  # what only looks at other arrays
        self.indices: dict[Index, str] = {}
        self.taken = {*reserved}
        self.declared: set[str] = set()  # variables of the whole function

    def is_stored(self, array: Expr) -> bool:
        """Whether it is an array in memory, as it stands there."""
        return isinstance(array, Read) and array.name not in self.aliases

    def index(self, index: Index) -> str:
        """The variable that counts an index."""
        if index not in self.indices:
            self.indices[index] = self.local(spoken(index) or "i")
        return self.indices[index]

    def local(self, stem: str) -> str:
        """A name that nothing has."""
        name, k = stem, 0
        while name in self.taken or _is_taken(name):
            k += 1
            name = f"{stem}{k}"
        self.taken.add(name)
        return name


def own(name: str) -> str:
    """A user's name as a name of C."""
    return f"{name}_" if _is_taken(name) else name


def left(store: str, name: str) -> str:
    """What an array is called that holds what every block left under a name."""
    return f"{store}[{name}]"
