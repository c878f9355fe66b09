"""What a module by the standard may hold: arithmetic on arrays of any library."""

from __future__ import annotations

from dataclasses import replace

from bpgen.targets.numpy.allowed import NUMPY, words

_IMPORTS = {
    "import math",
    "from typing import Any",
    "from array_api_compat import array_namespace",
}
_MATH = words("atan asinh cos cosh exp expm1 log log1p prod sin sinh sqrt tan tanh")
_STANDARD = words(
    "__name__ abs add all any arange argmax asarray asinh astype at atan broadcast_to concat cos"
    " cosh dtype einsum empty exp expm1 finfo flip float64 full full_like inf int32 int64 isdtype"
    " log log1p max maximum mean min minimum mT moveaxis ones permute_dims real reshape"
    " result_type round bits sign sin sinh sqrt squeeze stack sum T tan tanh tensordot where"
    " zeros zeros_like"
)
_METHODS = words(
    "__array_namespace__ __name__ add at bits clone device index_add mT pop requires_grad set"
)

ALLOWED = replace(
    NUMPY,
    imports=NUMPY.imports | _IMPORTS,
    libraries={
        "np": NUMPY.libraries["np"] | words("generic memmap s_"),
        "math": _MATH,
        "xp": _STANDARD,
    },
    methods=NUMPY.methods | _METHODS,
    builtins=NUMPY.builtins | {"array_namespace", "hasattr"},
    nodes=NUMPY.nodes | {"ImportFrom", "Is", "SetComp"},
)
