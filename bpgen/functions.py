"""What bpgen knows of each scalar function: one row, whatever prints, lowers, differentiates or
proves it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import sympy as sp
from sympy.codegen.cfunctions import expm1, log1p


def _function(name: str) -> type[sp.Function]:
    """A real scalar function whose derivatives are the `derivatives` column of its row."""

    def fdiff(self: sp.Function, argindex: int = 1) -> sp.Expr:
        return ROWS[name].derivatives[argindex - 1](*self.args)

    return type(name, (sp.Function,), {"fdiff": fdiff, "is_real": True, "__module__": __name__})


sigmoid = _function("sigmoid")
softplus = _function("softplus")
relu = _function("relu")
step = _function("step")
leaky_relu = _function("leaky_relu")
leaky_step = _function("leaky_step")
log_cosh = _function("log_cosh")


@dataclass(frozen=True)
class Row:
    """One scalar function.

    `numpy` is a call with `{0}`, `{1}` for its arguments; `helper` the source of the function it
    calls, where numpy has none. `definition` spells it in elementary terms: what it means, which
    the proofs go by. `derivatives` states one per argument where the stable spelling is not the one
    sympy would give (a test proves each equal to sympy's). `kink`: where its argument is 0 it has
    no derivative, and `convention` is printed.
    """

    function: Any
    numpy: str
    latex: str
    definition: Callable[..., sp.Expr] | None = None
    derivatives: tuple[Callable[..., sp.Expr], ...] = ()
    helper: str = ""
    kink: bool = False
    convention: str = ""
    text: str = ""
    mask: str = ""  # a boolean spelling, for use beside a real factor

    @property
    def name(self) -> str:
        return str(self.function.__name__)

    @property
    def plain(self) -> str:
        """How a comment writes it, in ASCII."""
        return self.text if self.text and self.text.isascii() else self.name

    @property
    def word(self) -> str:
        """How the terminal writes it."""
        return self.text or self.name


def _positive(z: sp.Expr, then: sp.Expr, other: sp.Expr) -> sp.Expr:
    return sp.Piecewise((then, z > 0), (other, True))


_SIGMOID = '''
def sigmoid(z: np.ndarray) -> np.ndarray:
    """1 / (1 + exp(-z)); only exp of what is not positive is taken, so nothing overflows."""
    e = np.exp(np.minimum(z, -z))
    return np.asarray(np.where(z >= 0, 1, e) / (1 + e))
'''
_SOFTPLUS = '''
def softplus(z: np.ndarray) -> np.ndarray:
    """log(1 + exp(z)); only exp of what is not positive is taken, so nothing overflows."""
    return np.asarray(np.maximum(z, 0) + np.log1p(np.exp(np.minimum(z, -z))))
'''
_STEP = '''
def step(z: np.ndarray) -> np.ndarray:
    """1 where z > 0, 0 elsewhere."""
    return np.asarray((z > 0).astype(z.dtype))
'''
_LOG_COSH = '''
def log_cosh(z: np.ndarray) -> np.ndarray:
    """log(cosh(z)); exact where it is small, and nothing overflows where it is large."""
    m = np.maximum(z, -z)
    near = np.log1p(2 * np.sinh(np.minimum(m, 1) / 2) ** 2)
    far = m + np.log1p(np.exp(-2 * m)) - 0.6931471805599453
    return np.asarray(np.where(m < 1, near, far))
'''
_LEAKY_RELU = '''
def leaky_relu(z: np.ndarray, slope: float) -> np.ndarray:
    """z where z > 0, slope * z elsewhere."""
    return np.asarray(np.where(z > 0, z, slope * z))
'''
_LEAKY_STEP = '''
def leaky_step(z: np.ndarray, slope: float) -> np.ndarray:
    """1 where z > 0, slope elsewhere."""
    return np.asarray(np.where(z > 0, z.dtype.type(1), z.dtype.type(slope)))
'''

_TABLE = (
    Row(sp.exp, "np.exp({0})", r"\exp"),
    Row(sp.log, "np.log({0})", r"\log"),
    Row(sp.tanh, "np.tanh({0})", r"\tanh", derivatives=(lambda z: 1 - sp.tanh(z) ** 2,)),
    Row(sp.sin, "np.sin({0})", r"\sin"),
    Row(sp.cos, "np.cos({0})", r"\cos"),
    Row(sp.tan, "np.tan({0})", r"\tan"),
    Row(sp.sinh, "np.sinh({0})", r"\sinh"),
    Row(sp.cosh, "np.cosh({0})", r"\cosh"),
    Row(sp.atan, "np.arctan({0})", r"\arctan", text="arctan"),
    Row(sp.asinh, "np.arcsinh({0})", r"\operatorname{arsinh}", text="arsinh"),
    Row(expm1, "np.expm1({0})", r"\operatorname{expm1}", lambda z: sp.exp(z) - 1),
    Row(log1p, "np.log1p({0})", r"\operatorname{log1p}", lambda z: sp.log(1 + z)),
    Row(
        sp.Abs,
        "np.abs({0})",
        r"\operatorname{abs}",
        kink=True,
        convention="|·|'(0) = 0",
        derivatives=(sp.sign,),
        text="abs",
    ),
    Row(
        sp.sign,
        "np.sign({0})",
        r"\operatorname{sign}",
        derivatives=(lambda z: sp.S.Zero,),
        kink=True,
    ),
    Row(
        sigmoid,
        "sigmoid({0})",
        r"\sigma",
        lambda z: 1 / (1 + sp.exp(-z)),
        (lambda z: sigmoid(z) * (1 - sigmoid(z)),),
        _SIGMOID,
        text="σ",
    ),
    Row(
        softplus,
        "softplus({0})",
        r"\zeta",
        lambda z: sp.log(1 + sp.exp(z)),
        (lambda z: sigmoid(z),),
        _SOFTPLUS,
        text="ζ",
    ),
    Row(
        log_cosh,
        "log_cosh({0})",
        r"\log\cosh",
        lambda z: sp.log(sp.cosh(z)),
        (lambda z: sp.tanh(z),),
        _LOG_COSH,
        text="log cosh",
    ),
    Row(
        relu,
        "np.maximum({0}, 0)",
        r"\operatorname{relu}",
        lambda z: _positive(z, z, sp.S.Zero),
        (lambda z: step(z),),
        kink=True,
        convention="relu'(0) = 0",
    ),
    Row(
        step,
        "step({0})",
        r"\mathbb{1}_{>0}",
        lambda z: _positive(z, sp.S.One, sp.S.Zero),
        (lambda z: sp.S.Zero,),
        _STEP,
        kink=True,
        mask="({0} > 0)",
    ),
    Row(
        leaky_relu,
        "leaky_relu({0}, {1})",
        r"\operatorname{lrelu}",
        lambda z, s: _positive(z, z, s * z),
        (lambda z, s: leaky_step(z, s), lambda z, s: z * (1 - step(z))),
        _LEAKY_RELU,
        kink=True,
        convention="lrelu'(0) is the slope of the negative side",
    ),
    Row(
        leaky_step,
        "leaky_step({0}, {1})",
        r"\operatorname{lrelu}'",
        lambda z, s: _positive(z, sp.S.One, s),
        (lambda z, s: sp.S.Zero, lambda z, s: 1 - step(z)),
        _LEAKY_STEP,
        kink=True,
    ),
)

ROWS: dict[str, Row] = {row.name: row for row in _TABLE}


def row(call: sp.Expr) -> Row | None:
    """The row of a call such as `tanh(z)`, or None where bpgen does not know the function."""
    found = ROWS.get(type(call).__name__)
    return found if found is not None and isinstance(call, found.function) else None
