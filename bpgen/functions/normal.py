"""The error function and the normal distribution."""

from __future__ import annotations

import sympy as sp

from bpgen.functions import error_function, helpers
from bpgen.functions.row import FunctionRow, function

erf = function("erf")  # sympy's own turns erfc(-z) into 2 - erfc(z), which loses what is small
erfc = function("erfc")
log_erfc = function("log_erfc")
erfc_hazard = function("erfc_hazard")
normal_cdf = function("normal_cdf")
normal_pdf = function("normal_pdf")
normal_cdf_tanh = function("normal_cdf_tanh")
normal_pdf_tanh = function("normal_pdf_tanh")
bell = function("bell")

_GELU_CUBE = sp.Rational("0.044715")


def _gelu_argument(z: sp.Expr) -> sp.Expr:
    """u in gelu's form with a tanh, z (1 + tanh(u / 2)) / 2."""
    return sp.sqrt(8 / sp.pi) * (z + _GELU_CUBE * z**3)


def _gelu_slope(z: sp.Expr) -> sp.Expr:
    return sp.sqrt(8 / sp.pi) * (1 + 3 * _GELU_CUBE * z**2)


TABLE = (
    FunctionRow(
        erf,
        "erf",
        lambda z: sp.erf(z),
        (lambda z: 2 * sp.exp(-(z**2)) / sp.sqrt(sp.pi),),
        error_function.ERF,
        numeric=True,
        complement=lambda z: erfc(z),
        odd=True,
        risk="saturates",
    ),
    FunctionRow(
        erfc,
        "erfc",
        lambda z: 1 - sp.erf(z),
        (lambda z: -2 * sp.exp(-(z**2)) / sp.sqrt(sp.pi),),
        error_function.ERFC,
        numeric=True,
        complement=lambda z: erf(z),
        logarithm=lambda z: log_erfc(z),
        risk="saturates",
    ),
    FunctionRow(
        log_erfc,
        r"\log\operatorname{erfc}",
        lambda z: sp.log(erfc(z)),
        (lambda z: -erfc_hazard(z),),
        error_function.LOG_ERFC,
        numeric=True,
        elementary=True,
    ),
    FunctionRow(  # of the normal distribution, cut off at 0: its density over what is above z
        erfc_hazard,
        "hazard",
        lambda z: 2 * sp.exp(-(z**2)) / (sp.sqrt(sp.pi) * erfc(z)),
        (lambda z: erfc_hazard(z) * (erfc_hazard(z) - 2 * z),),
        error_function.ERFC_HAZARD,
        numeric=True,
        elementary=True,
    ),
    FunctionRow(
        normal_cdf,
        r"\Phi",
        lambda z: (1 + sp.erf(z / sp.sqrt(2))) / 2,
        (lambda z: normal_pdf(z),),
        error_function.NORMAL_CDF,
        text="Φ",
        numeric=True,
        complement=lambda z: normal_cdf(-z),
        risk="saturates",
        reused=True,
    ),
    FunctionRow(
        normal_pdf,
        r"\varphi",
        lambda z: sp.exp(-(z**2) / 2) / sp.sqrt(2 * sp.pi),
        (lambda z: -z * normal_pdf(z),),
        error_function.NORMAL_PDF,
        text="φ",
        numeric=True,
    ),
    FunctionRow(
        normal_cdf_tanh,
        r"\tilde\Phi",
        lambda z: (1 + sp.tanh(_gelu_argument(z) / 2)) / 2,
        (lambda z: normal_pdf_tanh(z, normal_cdf_tanh(z)),),
        helpers.NORMAL_CDF_TANH,
        text="Φ~",
        numeric=True,
        reused=True,
    ),
    FunctionRow(
        normal_pdf_tanh,
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
    FunctionRow(
        bell,
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
)
FUNCTIONS = tuple(row.function for row in TABLE)
