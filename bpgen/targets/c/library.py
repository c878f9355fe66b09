"""Functions that C has its own words for: of a number, along rows, and what begins, drops and moves
numbers.
"""

from __future__ import annotations

from bpgen.functions import ROWS

# What C has its own words for.
OWN = {
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
    "dot": """
/* The sum of the products of two rows: eight sums at a time. */
static real dot(const real *a, const real *b, int count)
{
    real s[8] = {0};
    int i = 0;
    for (; i + 8 <= count; i += 8)
        for (int k = 0; k < 8; k++)
            s[k] += a[i + k] * b[i + k];
    for (; i < count; i++)
        s[0] += a[i] * b[i];
    return ((s[0] + s[4]) + (s[1] + s[5])) + ((s[2] + s[6]) + (s[3] + s[7]));
}""",
    "add": """
/* A row, so many times, added to another. */
static void add(real *y, real times, const real *x, int count)
{
    for (int i = 0; i < count; i++)
        y[i] += times * x[i];
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
static void fill(real *w, int count, real number)
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
