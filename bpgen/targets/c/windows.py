"""Sums of products over several indices as functions of C: those of windows, which are not copied.

Rows, columns and what is summed are up to three indices each. Where they stand is listed, so that a
tile goes on where an index begins anew.
"""

from __future__ import annotations

LISTED = 64 * 256 + 12 * (256 + 256 + 16)  # bytes of what is copied, and of three lists of places

# The called before the callers.
WINDOWS = {
    "axes": """
/* Up to three indices as one, the last the fastest. */
typedef struct {
    int count;
    axis of[3];
} axes;

/* A place in c, a and b; and places one after another. */
typedef struct {
    int c, a, b;
} place;
typedef struct {
    int count;
    const place *at;
} places;

/* How many rows, and numbers of a sum, are listed at a time; and whether threads share columns. */
enum { MANY = 256 };
enum { ALONE, SHARED };""",
    "steps": """
/* How many values the indices have. */
static INLINE int steps(const axis *x, int indices)
{
    int count = 1;
    for (int i = 0; i < indices; i++)
        count *= x[i].count;
    return count;
}""",
    "reached": """
/* Where so many steps lead. */
static INLINE place reached(const axis *x, int indices, int step)
{
    place found = {0, 0, 0};
    for (int i = indices - 1; i >= 0; i--) {
        const int here = i > 0 ? step % x[i].count : step;
        step = i > 0 ? step / x[i].count : 0;
        found.c += here * x[i].c;
        found.a += here * x[i].a;
        found.b += here * x[i].b;
    }
    return found;
}""",
    "SMALL": """
#ifdef BPGEN_SMALL
/* c[m][n] += the sum over k of a[m][k] * b[n][k]: loops, of the least code. */
static INLINE void windows(real *c, const real *a, const real *b, axes m, axes n, axes k,
                           int shared)
{
    const int outer = n.count - 1;
    const axis inner = n.of[outer];
    (void)shared;
    for (int q = 0; q < steps(k.of, k.count); q++)
        for (int i = 0; i < steps(m.of, m.count); i++) {
            const place sum = reached(k.of, k.count, q), row = reached(m.of, m.count, i);
            const real x = a[row.a + sum.a];
            for (int p = 0; p < steps(n.of, outer); p++) {
                const place begin = reached(n.of, outer, p);
                for (int j = 0; j < inner.count; j++)
                    c[row.c + begin.c + j * inner.c] += x * b[sum.b + begin.b + j * inner.b];
            }
        }
}
#else""",
    "listed": """
/* So many places, one after another. */
static void listed(place *at, const axes *x, int begin, int count)
{
    const axis last = x->of[x->count - 1];
    for (int i = 0; i < count;) {
        const int outer = (begin + i) / last.count, first = begin + i - outer * last.count;
        const int end = least(count, i + last.count - first);
        const place from = reached(x->of, x->count - 1, outer);
        for (int here = first; i < end; i++, here++) {
            at[i].c = from.c + here * last.c;
            at[i].a = from.a + here * last.a;
            at[i].b = from.b + here * last.b;
        }
    }
}""",
    "patch": """
/* Up to four rows of a product, at columns that stand in b one after another, and in c if they are
   `in_row`. What is k * k2.a is not written as a step: so that compilers see vectors. */
static void patch(real *c, const real *a, const real *b, places m, places n, int in_row, places k1,
                  axis k2)
{
    real s0[WIDE] = {0}, s1[WIDE] = {0}, s2[WIDE] = {0}, s3[WIDE] = {0};
    const int r0 = m.at[0].a;
    const int r1 = m.count > 1 ? m.at[1].a - r0 : 0;
    const int r2 = m.count > 2 ? m.at[2].a - r0 : 0;
    const int r3 = m.count > 3 ? m.at[3].a - r0 : 0;
    for (int i = 0; i < k1.count; i++)
        for (int k = 0; k < k2.count; k++) {
            const real *x = a + r0 + k1.at[i].a + k * k2.a, *y = b + k1.at[i].b + k * k2.b;
            const real x0 = x[0], x1 = x[r1], x2 = x[r2], x3 = x[r3];
            for (int j = 0; j < WIDE; j++) {
                s0[j] += x0 * y[j];
                s1[j] += x1 * y[j];
                s2[j] += x2 * y[j];
                s3[j] += x3 * y[j];
            }
        }
    if (m.count == 4 && in_row) {
        real *z = c + n.at[0].c;
        for (int j = 0; j < WIDE; j++) {
            z[m.at[0].c + j] += s0[j];
            z[m.at[1].c + j] += s1[j];
            z[m.at[2].c + j] += s2[j];
            z[m.at[3].c + j] += s3[j];
        }
    } else {
        const real *s[4] = {s0, s1, s2, s3};
        for (int i = 0; i < m.count; i++)
            for (int j = 0; j < n.count; j++)
                c[m.at[i].c + n.at[j].c] += s[i][j];
    }
}""",
    "patches": """
/* All rows of a product, at the columns of a tile. */
static void patches(real *c, const real *a, const real *b, places m, places n, int in_row,
                    places k1, axis k2)
{
    places four = m;
    for (int i = 0; i < m.count; i += 4, four.at += 4) {
        four.count = least(m.count - i, 4);
        patch(c, a, b, four, n, in_row, k1, k2);
    }
}""",
    "gathered": """
/* Columns of b, copied so that they stand one after another; zeros where a tile has more. */
static void gathered(real *to, const real *b, places n, places k1, axis k2)
{
    for (int i = 0; i < k1.count; i++, to += k2.count * WIDE) {
        for (int j = 0; j < n.count; j++) {
            const real *from = b + k1.at[i].b + n.at[j].b;
            for (int k = 0; k < k2.count; k++)
                to[k * WIDE + j] = from[k * k2.b];
        }
        for (int j = n.count; j < WIDE; j++)
            for (int k = 0; k < k2.count; k++)
                to[k * WIDE + j] = 0;
    }
}""",
    "columns": """
/* The same, a part of the sum at a time; what does not stand in b one after another is copied. */
static void columns(real *c, const real *a, const real *b, places m, places n, const axes *k)
{
    int in_c = n.count == WIDE, in_b = in_c;
    for (int j = 0; j < n.count; j++) {
        in_c = in_c && n.at[j].c == n.at[0].c + j;
        in_b = in_b && n.at[j].b == n.at[0].b + j;
    }
    const int indices = k->count - 1, times = steps(k->of, indices);
    const axis k2 = k->of[indices];
    const int deep = least(k2.count, MANY), most = deep > 0 ? MANY / deep : 1;
    for (int i = 0; i < times; i += most)
        for (int q = 0; q < k2.count; q += deep) {
            place at[MANY];
            const places outer = {least(times - i, most), at};
            axis inner = {least(k2.count - q, deep), 0, k2.a, k2.b};
            for (int p = 0; p < outer.count; p++) {
                at[p] = reached(k->of, indices, i + p);
                at[p].a += q * k2.a;
                at[p].b += q * k2.b;
            }
            if (in_b) {
                patches(c, a, b + n.at[0].b, m, n, in_c, outer, inner);
                continue;
            }
            real copy[MANY * WIDE];
            gathered(copy, b, n, outer, inner);
            inner.b = WIDE;
            for (int p = 0; p < outer.count; p++)
                at[p].b = p * inner.count * WIDE;
            patches(c, a, copy, m, n, in_c, outer, inner);
        }
}""",
    "windows": """
/* c[m][n] += the sum over k of a[m][k] * b[n][k]. */
static void windows(real *c, const real *a, const real *b, axes m, axes n, axes k, int shared)
{
    const int height = steps(m.of, m.count), width = steps(n.of, n.count);
    (void)shared;
    for (int i = 0; i < height; i += MANY) {
        place at[MANY];
        const places some = {least(height - i, MANY), at};
        listed(at, &m, i, some.count);
        IF_SHARED for (int j = 0; j < width; j += WIDE) {
            place here[WIDE];
            const places tiled = {least(width - j, WIDE), here};
            listed(here, &n, j, tiled.count);
            columns(c, a, b, some, tiled, &k);
        }
    }
}
#endif""",
}
