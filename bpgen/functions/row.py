"""The grammar of a row: what may be known of a scalar function, and the functions themselves, which
sympy differentiates by their rows.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, cached_property
from inspect import signature
from typing import Any, Literal

import sympy as sp

_HERE = "bpgen.functions"


@dataclass(frozen=True)
class Convention:
    """What is taken for the slope of a function where it has none. It is said with formulas between
    dollars, in which `{slope}` is the function's derivative, `{at_0}` that at 0, and `{s}` the
    letter of what stands beside z, each as the page has it.
    """

    said: str
    of: str = ""  # the function; none: of no function alone


@dataclass(frozen=True)
class FunctionRow:
    """One scalar function.

    `call` is how numpy computes it, with `{0}`, `{1}` for its arguments; none: `helper` is the
    source of a function of its own. `symbol` is what paper calls it: a command of LaTeX, or an
    upright word, with the prime of a derivative. `definition` spells it in elementary terms: what
    it means, which the proofs go by. `derivatives` states one per argument where the stable
    spelling is not the one sympy would give (a test proves each equal to sympy's). `kink`: where
    its argument is 0 (or an end of its range) it has no derivative; `conventions`, in the row of
    the derivative, say what is taken there, and are printed. `slope_of`: the function whose
    derivative it is called, by that function's name with a prime.

    What the stable spellings know of it: `complement` is 1 less it, and `logarithm` its logarithm,
    each keeping the digits that the textbook's loses (a test holds both to the definition); `odd`:
    f(-z) is -f(z); `risk`: it overflows where its argument is large, or comes so near a bound that
    what is left of its distance has no digits.
    """

    function: Any
    symbol: str
    definition: Callable[..., sp.Expr] | None = None
    derivatives: tuple[Callable[..., sp.Expr], ...] = ()
    helper: str = ""
    call: str = ""
    kink: bool = False
    conventions: tuple[Convention, ...] = ()
    slope_of: str = ""
    text: str = ""
    mask: str = ""  # a boolean spelling, for use beside a real factor
    # The helper makes floats, or approximates: exact proofs go by the definition, to which tests
    # hold it.
    numeric: bool = False
    elementary: bool = False  # only code has a name for it: on paper it is its definition
    label: int | None = None  # which argument is a label, and is counted as labels are
    complement: Callable[[sp.Expr], sp.Expr] | None = None
    logarithm: Callable[[sp.Expr], sp.Expr] | None = None
    odd: bool = False
    risk: Literal["", "overflows", "saturates"] = ""
    reused: bool = False  # its derivative is told in its own value, which is kept for that
    unchanged_by: str = ""  # a function whose value it may be asked of, instead of its argument
    exact: bool = False  # a spelling of exp or log, to more digits, of which its definition is read

    @property
    def name(self) -> str:
        return str(self.function.__name__)

    @cached_property
    def numpy(self) -> str:
        """How code calls it, with `{0}`, `{1}` for its arguments."""
        return self.call or f"{self.name}({', '.join(f'{{{k}}}' for k in range(self.arity))})"

    @property
    def arity(self) -> int:
        if self.call or self.definition is None:
            return sum(f"{{{k}}}" in self.call for k in range(3))
        return len(signature(self.definition).parameters)

    @property
    def latex(self) -> str:
        """How LaTeX writes it."""
        if self.symbol.startswith("\\"):
            return self.symbol
        word = self.symbol.rstrip("'")
        return rf"\operatorname{{{word}}}{self.symbol[len(word) :]}"

    @property
    def letter(self) -> str:
        """What a tensor of net.py would be called that is printed alike: sigma, lrelu."""
        return self.symbol.replace("\\", "").rstrip("'")

    @property
    def plain(self) -> str:
        """How a comment writes it, in ASCII: one of the module's own as statements do."""
        return self.text if self.text.isascii() and self.text and not self.helper else self.name

    @property
    def word(self) -> str:
        """How the terminal writes it."""
        return self.text or self.name

    @property
    def reflects(self) -> bool:
        """Whether 1 less it is itself, at the opposite argument."""
        z = sp.Dummy(real=True)
        return self.complement is not None and bool(self.complement(-z) == self.function(z))


ROWS: dict[str, FunctionRow] = {}  # filled by the table, family by family


def function(name: str) -> type[sp.Function]:
    """A real scalar function whose derivatives are the `derivatives` column of its row; of a
    constant it is the constant that its `definition` says.
    """

    def of_constants(cls: type, *args: sp.Expr) -> sp.Expr | None:
        if all(a.is_number and a.is_comparable for a in args) and name != "masked":
            return ROWS[name].definition(*args)  # type: ignore[misc]
        return None

    def fdiff(self: sp.Function, argindex: int = 1) -> sp.Expr:
        return ROWS[name].derivatives[argindex - 1](*self.args)

    own = {
        "eval": classmethod(of_constants),
        "fdiff": fdiff,
        "is_real": True,
        "__module__": _HERE,
    }
    return type(name, (sp.Function,), own)


class Named(sp.Function):
    """A function that net.py only names, or one of its derivatives: f, f', f''.

    It has no row: nothing is known of it but that it has derivatives, and no code computes it.
    """

    is_real = True
    word: str
    order: int

    def fdiff(self, argindex: int = 1) -> sp.Expr:
        return by_name(self.word, self.order + 1)(*self.args)


@cache
def by_name(word: str, order: int = 0) -> type[Named]:
    """The function of a name, or a derivative of it: the same to whoever asks."""
    own = {"word": word, "order": order, "nargs": 1, "__module__": _HERE}
    return type(f"named {word}{'_' * order}", (Named,), own)


def positive(z: sp.Expr, then: sp.Expr, other: sp.Expr) -> sp.Expr:
    """One or the other, by the sign of z: for definitions."""
    return sp.Piecewise((then, z > 0), (other, True))
