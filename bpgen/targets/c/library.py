"""Functions that C has its own words for: of a number, and what begins, drops and moves numbers."""

from __future__ import annotations

from bpgen.functions import ROWS
from bpgen.targets.c.tiles import PRODUCTS
from bpgen.targets.c.windows import WINDOWS

# What C has its own words for.
OWN = {
    "sigmoid": (
        "z",
        "const real e = M(exp)(-M(fabs)(z));\n    return (z < 0 ? e : 1) / (1 + e);",
        "1 / (1 + exp(-z)); only exp of what is not positive is taken, so nothing overflows.",
    ),
    "square": ("z", "return z * z;", "z * z."),
    "larger": ("a, b", "return a > b || a != a ? a : b;", "The larger of two; nan where one is."),
    "smaller": ("a, b", "return a < b || a != a ? a : b;", "The smaller of two; nan where one is."),
    "normal_cdf": (
        "z",
        "return M(erfc)(z * R(-0.7071067811865476)) / 2;",
        "How much of the normal distribution is below z.",
    ),
    "normal_pdf": (
        "z",
        "return M(exp)(z * z / -2) * R(0.3989422804014327);",
        "The density of the normal distribution at z.",
    ),
}

LOOPS = {
    **PRODUCTS,
    **WINDOWS,
    "log_of_sum": """
/* The logarithm of a sum of exponentials: k are exp(m), the largest, and the others s * exp(m). Of
   1 + x it keeps the digits of x, as log1p does, by log, which is faster (Goldberg, 1991). */
static real log_of_sum(real m, real s, int k)
{
    const real x = s + (k > 1 ? k - 1 : 0), sum = 1 + x;
    return m + (sum == 1 ? x : M(log)(sum) * x / (sum - 1));
}""",
    "uniform": """
/* A number from 0 to below 1, the next of a sequence. */
static real uniform(unsigned long *seed)
{
    *seed = (*seed * 1664525UL + 1013904223UL) & 0xffffffffUL;
    return R(*seed >> 8) / R(16777216);
}""",
    "normal": """
/* A number of the normal distribution, from two of a sequence (Box and Muller, 1958). */
static real normal(unsigned long *seed)
{
    const real first = uniform(seed);
    return M(sqrt)(-2 * M(log)(1 - first)) * M(cos)(R(6.283185307179586) * uniform(seed));
}""",
    "dropout": """
/* 1 / keep with that probability, else 0; all ones without a seed, which moves on. */
static void dropout(real *mask, int count, real keep, unsigned long *seed)
{
    for (int i = 0; i < count; i++)
        mask[i] = !seed ? 1 : uniform(seed) < keep ? 1 / keep : 0;
}""",
    "draw": """
/* Numbers of the normal distribution with this spread; returned is the next seed. */
static unsigned long draw(real *w, int count, real spread, unsigned long seed)
{
    for (int i = 0; i < count; i++)
        w[i] = spread * normal(&seed);
    return seed;
}""",
    "fill": """
/* The same number everywhere. */
static INLINE void fill(real *w, int count, real number)
{
    for (int i = 0; i < count; i++)
        w[i] = number;
}""",
    "descend": """
/* Momentum as in PyTorch: the velocity is momentum * velocity + gradient. */
static void descend(real *w, real *v, const real *g, int count, real rate, real momentum)
{
    for (int i = 0; i < count; i++) {
        v[i] = momentum * v[i] + g[i];
        w[i] -= rate * v[i];
    }
}""",
}


def called(helper: str) -> str:
    """What C calls a helper: names that begin with a line are the compiler's own."""
    name = helper.lstrip("_")
    return f"{name}_part" if name != helper and name in ROWS else name


# A step of Adam for one parameter (Kingma and Ba, 2015), as in PyTorch.
AVERAGE = """
/* How far the averages m of gradients and v of their squares move a parameter. */
static void average(real *w, real *m, real *v, const real *g, int count, real rate, real beta1,
                    real beta2, real of_m, real of_v)
{
    for (int i = 0; i < count; i++) {
        m[i] += (1 - beta1) * (g[i] - m[i]);
        v[i] += (1 - beta2) * (g[i] * g[i] - v[i]);
        w[i] -= rate * (m[i] / of_m) / (M(sqrt)(v[i] / of_v) + R(1e-8));
    }
}
"""
