"""Sums of products as functions of C: along rows, and by tiles that a few registers hold."""

from __future__ import annotations

PANEL = 64 * 128  # bytes that products copy at a time: rows of WIDE numbers, DEEP of them

# The called before the callers.
PRODUCTS = {
    "PARALLEL": """
#ifdef BPGEN_OPENMP
#define PARALLEL _Pragma("omp parallel for")
#define IF_SHARED _Pragma("omp parallel for if (shared)")
#else
#define PARALLEL
#define IF_SHARED
#endif""",
    "dot": """
/* The sum of the products of two rows: eight sums at a time, where code may be more. */
static real dot(const real *a, const real *b, int count)
{
    real s = 0;
    int i = 0;
#ifndef BPGEN_SMALL
    real t[8] = {0};
    for (; i + 8 <= count; i += 8)
        for (int k = 0; k < 8; k++)
            t[k] += a[i + k] * b[i + k];
    s = ((t[0] + t[4]) + (t[1] + t[5])) + ((t[2] + t[6]) + (t[3] + t[7]));
#endif
    for (; i < count; i++)
        s += a[i] * b[i];
    return s;
}""",
    "add": """
/* A row, so many times, added to another. */
static INLINE void add(real *y, real times, const real *x, int count)
{
    for (int i = 0; i < count; i++)
        y[i] += times * x[i];
}""",
    "axis": """
/* An index of a product: how many values it has, and how far a step moves in c, a and b. */
typedef struct {
    int count, c, a, b;
} axis;

/* Of a tile: its columns, as many as a few registers hold, and what is copied at a time. */
enum { WIDE = 64 / sizeof(real), DEEP = 128 };""",
    "least": """
#ifndef BPGEN_SMALL
/* The smaller of two counts. */
static int least(int a, int b)
{
    return a < b ? a : b;
}
#endif""",
    "MADD": """
/* s + x * y, rounded once where that is as quick. */
#if defined FP_FAST_FMA && defined FP_FAST_FMAF
#define MADD(s, x, y) M(fma)(x, y, s)
#else
#define MADD(s, x, y) ((s) + (x) * (y))
#endif""",
    "INNER": """
/* Of a tile, the sums are registers only within its caller. */
#ifdef __GNUC__
#define INNER inline __attribute__((always_inline))
#else
#define INNER inline
#endif""",
    "tile": """
#ifndef BPGEN_SMALL
/* Four rows of a product, at the columns of a tile, that stand in b and c one after another. */
static INNER void tile(real *c, int down, const real *a, const real *b, int row, axis k)
{
    real s0[WIDE], s1[WIDE], s2[WIDE], s3[WIDE];
    for (int j = 0; j < WIDE; j++) {
        s0[j] = c[j];
        s1[j] = c[down + j];
        s2[j] = c[2 * down + j];
        s3[j] = c[3 * down + j];
    }
    for (int i = 0; i < k.count; i++) {
        const real *x = a + i * k.a, *y = b + i * k.b;
        const real x0 = x[0], x1 = x[row], x2 = x[2 * row], x3 = x[3 * row];
        for (int j = 0; j < WIDE; j++) {
            s0[j] = MADD(s0[j], x0, y[j]);
            s1[j] = MADD(s1[j], x1, y[j]);
            s2[j] = MADD(s2[j], x2, y[j]);
            s3[j] = MADD(s3[j], x3, y[j]);
        }
    }
    for (int j = 0; j < WIDE; j++) {
        c[j] = s0[j];
        c[down + j] = s1[j];
        c[2 * down + j] = s2[j];
        c[3 * down + j] = s3[j];
    }
}""",
    "strip": """
/* One row of the same. */
static INNER void strip(real *c, const real *a, const real *b, axis k)
{
    real s[WIDE];
    for (int j = 0; j < WIDE; j++)
        s[j] = c[j];
    for (int i = 0; i < k.count; i++) {
        const real *y = b + i * k.b;
        const real x = a[i * k.a];
        for (int j = 0; j < WIDE; j++)
            s[j] = MADD(s[j], x, y[j]);
    }
    for (int j = 0; j < WIDE; j++)
        c[j] = s[j];
}""",
    "rows": """
/* All rows of a product, at the columns of a tile: beside c where it has no room for a whole one;
   the first columns may be there already. */
static void rows(real *c, const real *a, const real *b, axis m, axis n, int first, axis k)
{
    const int whole = first == 0 && n.count == WIDE && n.c == 1;
    for (int i = 0; i < m.count; i += 4) {
        const int count = least(m.count - i, 4);
        const real *from = a + i * m.a;
        real *to = c + i * m.c;
        if (count == 4 && whole) {
            tile(to, m.c, from, b, m.a, k);
            continue;
        }
        real s[4 * WIDE] = {0};
        if (count == 4)
            tile(s, WIDE, from, b, m.a, k);
        else
            for (int r = 0; r < count; r++)
                strip(s + r * WIDE, from + r * m.a, b, k);
        for (int r = 0; r < count; r++)
            for (int j = first; j < n.count; j++)
                to[r * m.c + j * n.c] += s[r * WIDE + j];
    }
}""",
    "copied": """
/* The same, of columns that do not stand in b one after another: they are copied, a part of the sum
   at a time. */
static void copied(real *c, const real *a, const real *b, axis m, axis n, axis k)
{
    for (int q = 0; q < k.count; q += DEEP) {
        const axis some = {least(k.count - q, DEEP), 0, k.a, WIDE};
        real panel[DEEP * WIDE];
        for (int i = 0; i < some.count; i++) {
            const real *from = b + (q + i) * k.b;
            real *to = panel + i * WIDE;
            for (int j = 0; j < n.count; j++)
                to[j] = from[j * n.b];
            for (int j = n.count; j < WIDE; j++)
                to[j] = 0;
        }
        rows(c, a + q * k.a, panel, m, n, 0, some);
    }
}""",
    "tiled": """
/* c[m][n] += the sum over k of a[m][k] * b[n][k]: by tiles. */
static void tiled(real *c, const real *a, const real *b, axis m, axis n, axis k)
{
    axis part = n;
    for (int j = 0; j < n.count; j += WIDE) {
        const int first = n.b == 1 && n.count >= WIDE ? j - least(j, n.count - WIDE) : 0;
        const int begin = j - first;
        part.count = least(n.count - begin, WIDE);
        if (n.b == 1 && part.count == WIDE)
            rows(c + begin * n.c, a, b + begin, m, part, first, k);
        else
            copied(c + j * n.c, a, b + j * n.b, m, part, k);
    }
}
#endif""",
    "product": """
/* c[m][n] += the sum over k of a[m][k] * b[n][k]. */
static INLINE void product(real *c, const real *a, const real *b, axis m, axis n, axis k)
{
#ifdef BPGEN_CBLAS
    const int a_in_rows = k.a == 1 && m.a >= k.count, a_turned = m.a == 1 && k.a >= m.count;
    const int b_in_rows = n.b == 1 && k.b >= n.count, b_turned = k.b == 1 && n.b >= k.count;
    const int fits = n.c == 1 && m.c >= n.count && (a_in_rows || a_turned);
    if (fits && (b_in_rows || b_turned) && (double)m.count * n.count * k.count > 1e6) {
        GEMM(CblasRowMajor, a_in_rows ? CblasNoTrans : CblasTrans,
             b_in_rows ? CblasNoTrans : CblasTrans, m.count, n.count, k.count, 1, a,
             a_in_rows ? m.a : k.a, b, b_in_rows ? k.b : n.b, 1, c, m.c);
        return;
    }
#endif
    if (m.count < 3 && k.a == 1 && k.b == 1) {
        for (int i = 0; i < m.count; i++)
            for (int j = 0; j < n.count; j++)
                c[i * m.c + j * n.c] += dot(a + i * m.a, b + j * n.b, k.count);
        return;
    }
#ifdef BPGEN_SMALL
    for (int q = 0; q < k.count; q++)
        for (int i = 0; i < m.count; i++) {
            const real x = a[i * m.a + q * k.a];
            for (int j = 0; j < n.count; j++)
                c[i * m.c + j * n.c] += x * b[j * n.b + q * k.b];
        }
#else
    tiled(c, a, b, m, n, k);
#endif
}""",
}
