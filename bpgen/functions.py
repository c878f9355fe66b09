"""What bpgen knows of each scalar function: one row, whatever prints, lowers, differentiates or
proves it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

import sympy as sp
from sympy.codegen.cfunctions import expm1, log1p

from bpgen import error_function, helpers


def _function(name: str) -> type[sp.Function]:
    """A real scalar function whose derivatives are the `derivatives` column of its row; of a
    constant it is the constant that its `definition` says.
    """

    def of_constants(cls: type, *args: sp.Expr) -> sp.Expr | None:
        if all(a.is_number and a.is_comparable for a in args) and name != "masked":
            return ROWS[name].definition(*args)  # type: ignore[misc]
        return None

    def fdiff(self: sp.Function, argindex: int = 1) -> sp.Expr:
        return ROWS[name].derivatives[argindex - 1](*self.args)

    return type(
        name,
        (sp.Function,),
        {
            "eval": classmethod(of_constants),
            "fdiff": fdiff,
            "is_real": True,
            "__module__": __name__,
        },
    )


sigmoid = _function("sigmoid")
softplus = _function("softplus")
relu = _function("relu")
step = _function("step")
leaky_relu = _function("leaky_relu")
leaky_step = _function("leaky_step")
log_add_exp = _function("log_add_exp")
share = _function("share")
log1mexp = _function("log1mexp")
log_cosh = _function("log_cosh")
sech = _function("sech")
elu = _function("elu")
elu_slope = _function("elu_slope")
clip = _function("clip")
inside = _function("inside")
huber = _function("huber")
erf = _function("erf")  # sympy's own turns erfc(-z) into 2 - erfc(z), which loses what is small
erfc = _function("erfc")
normal_cdf = _function("normal_cdf")
normal_pdf = _function("normal_pdf")
normal_cdf_tanh = _function("normal_cdf_tanh")
normal_pdf_tanh = _function("normal_pdf_tanh")
hard_sigmoid = _function("hard_sigmoid")
hypotenuse = _function("hypotenuse")
cauchy = _function("cauchy")
log1p_square = _function("log1p_square")
bell = _function("bell")
xlogx = _function("xlogx")
xlogy = _function("xlogy")
xlog1py = _function("xlog1py")
zero_times = _function("zero_times")
zero_over = _function("zero_over")
masked = _function("masked")
at_most = _function("at_most")
unless = _function("unless")
unless_slope = _function("unless_slope")


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
    own = {"word": word, "order": order, "nargs": 1, "__module__": __name__}
    return type(f"named {word}{'_' * order}", (Named,), own)


@dataclass(frozen=True)
class Row:
    """One scalar function.

    `numpy` is a call with `{0}`, `{1}` for its arguments; `helper` the source of the function it
    calls, where numpy has none. `symbol` is what paper calls it: a command of LaTeX, or an upright
    word, with the prime of a derivative. `definition` spells it in elementary terms: what it means,
    which the proofs go by. `derivatives` states one per argument where the stable spelling is not
    the one sympy would give (a test proves each equal to sympy's). `kink`: where its argument is 0
    (or an end of its range) it has no derivative; `convention`, in the row of the derivative, says
    what is taken there, and is printed.
    """

    function: Any
    numpy: str
    symbol: str
    definition: Callable[..., sp.Expr] | None = None
    derivatives: tuple[Callable[..., sp.Expr], ...] = ()
    helper: str = ""
    kink: bool = False
    convention: str = ""
    text: str = ""
    mask: str = ""  # a boolean spelling, for use beside a real factor
    compares: bool = False  # its numpy text binds less than a sum
    # The helper makes floats, or approximates: exact proofs go by the definition, to which tests
    # hold it.
    numeric: bool = False
    elementary: bool = False  # only code has a name for it: on paper it is its definition
    label: int | None = None  # which argument is a label, and is counted as labels are

    @property
    def name(self) -> str:
        return str(self.function.__name__)

    @property
    def arity(self) -> int:
        return sum(f"{{{k}}}" in self.numpy for k in range(3))

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
        """How a comment writes it, in ASCII."""
        return self.text if self.text and self.text.isascii() else self.name

    @property
    def word(self) -> str:
        """How the terminal writes it."""
        return self.text or self.name


def _positive(z: sp.Expr, then: sp.Expr, other: sp.Expr) -> sp.Expr:
    return sp.Piecewise((then, z > 0), (other, True))


def _gelu_argument(z: sp.Expr) -> sp.Expr:
    """u in gelu's form with a tanh, z (1 + tanh(u / 2)) / 2."""
    return sp.sqrt(8 / sp.pi) * (z + _GELU_CUBE * z**3)


def _gelu_slope(z: sp.Expr) -> sp.Expr:
    return sp.sqrt(8 / sp.pi) * (1 + 3 * _GELU_CUBE * z**2)


_GELU_CUBE = sp.Rational("0.044715")

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
    Row(sp.asinh, "np.arcsinh({0})", "arsinh", text="arsinh"),
    Row(expm1, "np.expm1({0})", "expm1", lambda z: sp.exp(z) - 1),
    Row(log1p, "np.log1p({0})", "log1p", lambda z: sp.log(1 + z)),
    Row(
        sp.Abs,
        "np.abs({0})",
        "abs",
        kink=True,
        derivatives=(sp.sign,),
        text="abs",
    ),
    Row(
        sp.sign,
        "np.sign({0})",
        "sign",
        derivatives=(lambda z: sp.S.Zero,),
        kink=True,
        convention="|·|'(0) = 0",
    ),
    Row(
        sigmoid,
        "sigmoid({0})",
        r"\sigma",
        lambda z: 1 / (1 + sp.exp(-z)),
        (lambda z: sigmoid(z) * (1 - sigmoid(z)),),
        helpers.SIGMOID,
        text="σ",
    ),
    Row(
        softplus,
        "softplus({0})",
        r"\zeta",
        lambda z: sp.log(1 + sp.exp(z)),
        (lambda z: sigmoid(z),),
        helpers.SOFTPLUS,
        text="ζ",
    ),
    Row(
        log_add_exp,
        "log_add_exp({0}, {1})",
        "logaddexp",
        lambda y, z: sp.log(sp.exp(y) + sp.exp(z)),
        (lambda y, z: share(y, z), lambda y, z: share(z, y)),
        helpers.LOG_ADD_EXP,
        numeric=True,
        text="logaddexp",
    ),
    Row(
        share,
        "share({0}, {1})",
        "share",
        lambda y, z: 1 / (1 + sp.exp(z - y)),
        (lambda y, z: share(y, z) * share(z, y), lambda y, z: -share(y, z) * share(z, y)),
        helpers.SHARE,
        numeric=True,
    ),
    Row(
        log1mexp,
        "log1mexp({0})",
        "log1mexp",
        lambda z: sp.log(1 - sp.exp(z)),
        (lambda z: sp.exp(z) / expm1(z),),
        helpers.LOG1MEXP,
        numeric=True,
        elementary=True,
    ),
    Row(
        log_cosh,
        "log_cosh({0})",
        r"\log\cosh",
        lambda z: sp.log(sp.cosh(z)),
        (lambda z: sp.tanh(z),),
        helpers.LOG_COSH,
        text="log cosh",
    ),
    Row(
        sech,
        "sech({0})",
        "sech",
        lambda z: 1 / sp.cosh(z),
        (lambda z: -sech(z) * sp.tanh(z),),
        helpers.SECH,
    ),
    Row(
        relu,
        "np.maximum({0}, 0)",
        "relu",
        lambda z: _positive(z, z, sp.S.Zero),
        (lambda z: step(z),),
        kink=True,
    ),
    Row(
        step,
        "step({0})",
        r"\mathbb{1}_{>0}",
        lambda z: _positive(z, sp.S.One, sp.S.Zero),
        (lambda z: sp.S.Zero,),
        helpers.STEP,
        kink=True,
        convention="relu'(0) = 0",
        mask="({0} > 0)",
    ),
    Row(
        leaky_relu,
        "leaky_relu({0}, {1})",
        "lrelu",
        lambda z, s: _positive(z, z, s * z),
        (lambda z, s: leaky_step(z, s), lambda z, s: z * (1 - step(z))),
        helpers.LEAKY_RELU,
        kink=True,
    ),
    Row(
        leaky_step,
        "leaky_step({0}, {1})",
        "lrelu'",
        lambda z, s: _positive(z, sp.S.One, s),
        (lambda z, s: sp.S.Zero, lambda z, s: 1 - step(z)),
        helpers.LEAKY_STEP,
        kink=True,
        convention="lrelu'(0) is the slope of the negative side",
    ),
    Row(
        elu,
        "elu({0}, {1})",
        "elu",
        lambda z, a: _positive(z, z, a * (sp.exp(z) - 1)),
        (lambda z, a: elu_slope(z, a), lambda z, a: expm1(-relu(-z))),
        helpers.ELU,
        kink=True,
    ),
    Row(
        elu_slope,
        "elu_slope({0}, {1})",
        "elu'",
        lambda z, a: _positive(z, sp.S.One, a * sp.exp(z)),
        (lambda z, a: elu_slope(z, a) - step(z), lambda z, a: sp.exp(-relu(-z)) * (1 - step(z))),
        helpers.ELU_SLOPE,
        kink=True,
        convention="elu'(0) is s, the slope of the negative side",
        text="elu'",
    ),
    Row(
        clip,
        "np.minimum(np.maximum({0}, {1}), {2})",
        "clip",
        lambda z, low, high: sp.Min(sp.Max(z, low), high),
        (
            lambda z, low, high: inside(z, low, high),
            lambda z, low, high: 1 - step(z - low),
            lambda z, low, high: step(z - high),
        ),
        kink=True,
    ),
    Row(
        inside,
        "inside({0}, {1}, {2})",
        "inside",
        lambda z, low, high: _positive(
            z - low, _positive(high - z, sp.S.One, sp.S.Zero), sp.S.Zero
        ),
        (lambda z, low, high: sp.S.Zero,) * 3,
        helpers.INSIDE,
        kink=True,
        convention="clip' is 0 at both ends",
        mask="(({0} > {1}) & ({0} < {2}))",
    ),
    Row(
        hard_sigmoid,
        "hard_sigmoid({0})",
        "hardsigmoid",
        lambda z: sp.Min(sp.Max(z + 3, 0), 6) / 6,
        (lambda z: inside(z, -3, 3) / 6,),
        helpers.HARD_SIGMOID,
        kink=True,
    ),
    Row(
        huber,
        "huber({0}, {1})",
        "huber",
        lambda z, d: sp.Piecewise((z**2 / 2, sp.Abs(z) <= d), (d * (sp.Abs(z) - d / 2), True)),
        (lambda z, d: clip(z, -d, d), lambda z, d: relu(sp.Abs(z) - d)),
        helpers.HUBER,
    ),
    Row(
        xlogx,
        "xlogx({0})",
        "xlogx",
        lambda z: z * sp.log(z),
        (lambda z: 1 + sp.log(z),),
        helpers.XLOGX,
    ),
    Row(
        xlogy,
        "xlogy({0}, {1})",
        "xlogy",
        lambda z, y: z * sp.log(y),
        (lambda z, y: sp.log(y), lambda z, y: z / y),
        helpers.XLOGY,
    ),
    Row(
        xlog1py,
        "xlog1py({0}, {1})",
        "xlog1py",
        lambda z, y: z * sp.log(1 + y),
        (lambda z, y: log1p(y), lambda z, y: z / (1 + y)),
        helpers.XLOG1PY,
    ),
    Row(
        zero_times,
        "zero_times({0}, {1})",
        "zerotimes",
        lambda z, y: z * y,
        (lambda z, y: y, lambda z, y: z),
        helpers.ZERO_TIMES,
        elementary=True,
    ),
    Row(
        zero_over,
        "zero_over({0}, {1})",
        "zeroover",
        lambda z, y: z / y,
        (lambda z, y: 1 / y, lambda z, y: -zero_over(z, y) / y),
        helpers.ZERO_OVER,
        elementary=True,
    ),
    Row(
        erf,
        "erf({0})",
        "erf",
        lambda z: sp.erf(z),
        (lambda z: 2 * sp.exp(-(z**2)) / sp.sqrt(sp.pi),),
        error_function.ERF,
        numeric=True,
    ),
    Row(
        erfc,
        "erfc({0})",
        "erfc",
        lambda z: 1 - sp.erf(z),
        (lambda z: -2 * sp.exp(-(z**2)) / sp.sqrt(sp.pi),),
        error_function.ERFC,
        numeric=True,
    ),
    Row(
        normal_cdf,
        "normal_cdf({0})",
        r"\Phi",
        lambda z: (1 + sp.erf(z / sp.sqrt(2))) / 2,
        (lambda z: normal_pdf(z),),
        error_function.NORMAL_CDF,
        text="Φ",
        numeric=True,
    ),
    Row(
        normal_pdf,
        "normal_pdf({0})",
        r"\varphi",
        lambda z: sp.exp(-(z**2) / 2) / sp.sqrt(2 * sp.pi),
        (lambda z: -z * normal_pdf(z),),
        error_function.NORMAL_PDF,
        text="φ",
        numeric=True,
    ),
    Row(
        normal_cdf_tanh,
        "normal_cdf_tanh({0})",
        r"\tilde\Phi",
        lambda z: (1 + sp.tanh(_gelu_argument(z) / 2)) / 2,
        (lambda z: normal_pdf_tanh(z, normal_cdf_tanh(z)),),
        helpers.NORMAL_CDF_TANH,
        text="Φ~",
        numeric=True,
    ),
    Row(
        normal_pdf_tanh,
        "normal_pdf_tanh({0}, {1})",
        r"\tilde\varphi",
        lambda z, p: p * (1 - p) * _gelu_slope(z),
        (
            lambda z, p: p * (1 - p) * 6 * _GELU_CUBE * sp.sqrt(8 / sp.pi) * z,
            lambda z, p: (1 - 2 * p) * _gelu_slope(z),
        ),
        helpers.NORMAL_PDF_TANH,
        text="φ~",
        numeric=True,
    ),
    Row(
        bell,
        "bell({0}, {1})",
        "bell",
        lambda z, rate: sp.exp(-rate * z**2),
        (
            lambda z, rate: -2 * rate * z * bell(z, rate),
            lambda z, rate: -(z**2) * bell(z, rate),
        ),
        error_function.BELL,
        numeric=True,
        elementary=True,
    ),
    Row(
        hypotenuse,
        "hypotenuse({0}, {1})",
        r"\operatorname{hypotenuse}",
        lambda z, c: sp.sqrt(c + z**2),
        (lambda z, c: z / hypotenuse(z, c), lambda z, c: 1 / (2 * hypotenuse(z, c))),
        helpers.HYPOTENUSE,
        numeric=True,
        elementary=True,
    ),
    Row(
        cauchy,
        "cauchy({0}, {1})",
        r"\operatorname{cauchy}",
        lambda z, c: 1 / (c + z**2),
        (lambda z, c: -2 * z * cauchy(z, c) ** 2, lambda z, c: -(cauchy(z, c) ** 2)),
        helpers.CAUCHY,
        numeric=True,
        elementary=True,
    ),
    Row(
        log1p_square,
        "log1p_square({0})",
        r"\operatorname{log1psquare}",
        lambda z: sp.log(1 + z**2),
        (lambda z: 2 * z * cauchy(z, 1),),
        helpers.LOG1P_SQUARE,
        numeric=True,
        elementary=True,
    ),
    Row(
        masked,
        "np.where({1}, {0}, -np.inf)",
        "masked",
        lambda z, keep: z + sp.log(sp.Piecewise((1, sp.Ne(keep, 0)), (0, True))),
        (lambda z, keep: sp.S.One, lambda z, keep: sp.S.Zero),
    ),
    Row(  # of two indices: 1 or 0, which no number that is learned moves
        at_most,
        "{0} <= {1}",
        r"at\,most",
        lambda i, j: sp.Piecewise((1, i <= j), (0, True)),
        (lambda i, j: sp.S.Zero, lambda i, j: sp.S.Zero),
        compares=True,
    ),
    Row(
        unless,
        "np.where({1} == {2}, 0, {0})",
        "unless",
        lambda z, label, left_out: sp.Piecewise((z, sp.Ne(label, left_out)), (0, True)),
        (
            lambda z, label, left_out: unless_slope(z, label, left_out),
            lambda z, label, left_out: sp.S.Zero,
            lambda z, label, left_out: sp.S.Zero,
        ),
        label=2,
    ),
    Row(
        unless_slope,
        "unless_slope({0}, {1}, {2})",
        "unless'",
        lambda z, label, left_out: sp.Piecewise((1, sp.Ne(label, left_out)), (0, True)),
        (lambda z, label, left_out: sp.S.Zero,) * 3,
        helpers.UNLESS_SLOPE,
        text="unless'",
        numeric=True,
        label=2,
    ),
)

NOTHING = (xlogx, xlogy, xlog1py, zero_times, zero_over)  # 0 where their first argument is

ROWS: dict[str, Row] = {row.name: row for row in _TABLE}


def row(call: sp.Expr) -> Row | None:
    """The row of a call such as `tanh(z)`, or None where bpgen does not know the function."""
    found = ROWS.get(type(call).__name__)
    return found if found is not None and isinstance(call, found.function) else None


def is_elementary(call: sp.Expr) -> bool:
    """Whether only code has a name for what is applied."""
    found = row(call)
    return found is not None and found.elementary


def defined(call: sp.Expr) -> sp.Expr:
    """A call, as its function's definition."""
    known = ROWS[type(call).__name__].definition
    return known(*call.args) if known is not None else call


def on_paper(expr: sp.Expr) -> sp.Expr:
    """An expression without the functions that only code has a name for."""
    for known in _TABLE:
        if known.elementary and expr.has(known.function):
            expr = expr.replace(known.function, known.definition)
    return expr
