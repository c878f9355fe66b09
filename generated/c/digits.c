/* digits: Handwritten digits: one hidden layer, softmax, cross-entropy, a little ...

   Written by bpgen; see digits.h. */
#include "digits.h"

#include <math.h>
#ifdef BPGEN_CBLAS
#include <cblas.h>
#endif

typedef digits_real real;
#define R(number) ((real)(number))
#ifdef DIGITS_DOUBLE
#define M(function) function
#else
#define M(function) function##f
#endif
/* Where the numbers of a call are known, a loop is less than the call. */
#if defined BPGEN_SMALL && defined __GNUC__
#define INLINE inline __attribute__((always_inline))
#else
#define INLINE
#endif
#ifdef DIGITS_DOUBLE
#define GEMM cblas_dgemm
#else
#define GEMM cblas_sgemm
#endif

/* The larger of two; nan where one is. */
static real larger(real a, real b)
{
    return a > b || a != a ? a : b;
}

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
}

/* A row, so many times, added to another. */
static INLINE void add(real *y, real times, const real *x, int count)
{
    for (int i = 0; i < count; i++)
        y[i] += times * x[i];
}

/* An index of a product: how many values it has, and how far a step moves in c, a and b. */
typedef struct {
    int count, c, a, b;
} axis;

/* Of a tile: its columns, as many as a few registers hold, and what is copied at a time. */
enum { WIDE = 64 / sizeof(real), DEEP = 128 };

#ifndef BPGEN_SMALL
/* The smaller of two counts. */
static int least(int a, int b)
{
    return a < b ? a : b;
}
#endif

/* s + x * y, rounded once where that is as quick. */
#if defined FP_FAST_FMA && defined FP_FAST_FMAF
#define MADD(s, x, y) M(fma)(x, y, s)
#else
#define MADD(s, x, y) ((s) + (x) * (y))
#endif

/* Of a tile, the sums are registers only within its caller. */
#ifdef __GNUC__
#define INNER inline __attribute__((always_inline))
#else
#define INNER inline
#endif

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
}

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
}

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
}

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
}

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
#endif

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
}

/* The logarithm of a sum of exponentials: k are exp(m), the largest, and the others s * exp(m). Of
   1 + x it keeps the digits of x, as log1p does, by log, which is faster (Goldberg, 1991). */
static real log_of_sum(real m, real s, int k)
{
    const real x = s + (k > 1 ? k - 1 : 0), sum = 1 + x;
    return m + (sum == 1 ? x : M(log)(sum) * x / (sum - 1));
}

/* A number from 0 to below 1, the next of a sequence. */
static real uniform(unsigned long *seed)
{
    *seed = (*seed * 1664525UL + 1013904223UL) & 0xffffffffUL;
    return R(*seed >> 8) / R(16777216);
}

/* A number of the normal distribution, from two of a sequence (Box and Muller, 1958). */
static real normal(unsigned long *seed)
{
    const real first = uniform(seed);
    return M(sqrt)(-2 * M(log)(1 - first)) * M(cos)(R(6.283185307179586) * uniform(seed));
}

/* Numbers of the normal distribution with this spread; returned is the next seed. */
static unsigned long draw(real *w, int count, real spread, unsigned long seed)
{
    for (int i = 0; i < count; i++)
        w[i] = spread * normal(&seed);
    return seed;
}

/* The same number everywhere. */
static INLINE void fill(real *w, int count, real number)
{
    for (int i = 0; i < count; i++)
        w[i] = number;
}

/* Momentum as in PyTorch: the velocity is momentum * velocity + gradient. */
static void descend(real *w, real *v, const real *g, int count, real rate, real momentum)
{
    for (int i = 0; i < count; i++) {
        v[i] = momentum * v[i] + g[i];
        w[i] -= rate * v[i];
    }
}

void digits_init(digits_params *params, unsigned long seed)
{
    seed = draw(params->W1, 48 * 64, R(0.1767766952966369), seed);
    fill(params->b1, 48, 0);
    seed = draw(params->W2, 10 * 48, R(0.14433756729740643), seed);
    fill(params->b2, 10, 0);
}

void digits_forward(const digits_params *params, const real *x, int N, digits_cache *cache,
                    digits_work *work)
{
    (void)work;
    real *log_sum = cache->log_sum;
    real *z1 = cache->z1;
    real *h = cache->h;
    real *z = cache->z;
    real *p = cache->p;
    const real *W1 = params->W1;
    const real *b1 = params->b1;
    const real *W2 = params->W2;
    const real *b2 = params->b2;
    /* (1) z1[n,i] = sum_j W1[i,j] x[n,j] + b1[i] */
    for (int n = 0; n < N; n++)
        for (int i = 0; i < 48; i++)
            z1[48 * n + i] = b1[i];
    product(z1, x, W1, (axis){N, 48, 64, 0}, (axis){48, 1, 0, 64}, (axis){64, 0, 1, 1});
    /* (2) h[n,i] = relu(z1[n,i]) */
    for (int n = 0; n < N; n++)
        for (int i = 0; i < 48; i++)
            h[48 * n + i] = larger(z1[48 * n + i], 0);
    /* (3) z[n,i] = sum_j W2[i,j] h[n,j] + b2[i] */
    for (int n = 0; n < N; n++)
        for (int i = 0; i < 10; i++)
            z[10 * n + i] = b2[i];
    product(z, h, W2, (axis){N, 10, 48, 0}, (axis){10, 1, 0, 48}, (axis){48, 0, 1, 1});
    /* (4) p[n,i] = exp(z[n,i]) / sum_j exp(z[n,j]) */
    for (int n = 0; n < N; n++) {
        real m = -INFINITY, s = 0;
        for (int i = 0; i < 10; i++)
            m = larger(m, z[10 * n + i]);
        int k = 0;
        for (int i = 0; i < 10; i++) {
            const real d = z[10 * n + i] - (m == -INFINITY ? 0 : m);
            p[10 * n + i] = M(exp)(d);
            k += d == 0;
            s += d == 0 ? 0 : p[10 * n + i];
        }
        log_sum[n] = log_of_sum(m, s, k);
        s += k;
        for (int i = 0; i < 10; i++)
            p[10 * n + i] = s == 0 ? 0 : p[10 * n + i] / s;
    }
}

real digits_loss(const digits_params *params, const real *x, const int *y, int N,
                 const digits_cache *cache, digits_work *work)
{
    (void)x;
    real *ell = work->loss.ell;
    const real *log_sum = cache->log_sum;
    const real *W1 = params->W1;
    const real *W2 = params->W2;
    const real *z = cache->z;
    /* (5) ell[n] = -log(p[n,y[n]])
       (5) evaluated as s[n] - z[n,y[n]]
       (5) where s[n] = logsumexp_i z[n,i] */
    for (int n = 0; n < N; n++)
        ell[n] = -(z[10 * n + y[n]] - log_sum[n]);
    /* (6) L = sum_n ell[n] / N + sum_i,j 0.0001 W1[i,j] ** 2 + sum_i,j 0.0001 W2[i,j] ** 2 */
    real s = 0;
    for (int n = 0; n < N; n++)
        s += ell[n];
    real s1 = 0;
    for (int i = 0; i < 48; i++)
        for (int j = 0; j < 64; j++)
            s1 += W1[64 * i + j] * W1[64 * i + j];
    real s2 = 0;
    for (int i1 = 0; i1 < 10; i1++)
        for (int j2 = 0; j2 < 48; j2++)
            s2 += W2[48 * i1 + j2] * W2[48 * i1 + j2];
    real L = s / N + R(0.0001) * (s1 + s2);
    return L;
}

real digits_backward(const digits_params *params, const real *x, const int *y, int N,
                     const digits_cache *cache, digits_work *work, digits_params *grads)
{
    real *dW2 = grads->W2;
    real *db2 = grads->b2;
    real *dW1 = grads->W1;
    real *db1 = grads->b1;
    real *ell = work->backward.ell;
    real *delta = work->backward.delta;
    real *delta1 = work->backward.delta1;
    const real *log_sum = cache->log_sum;
    const real *z = cache->z;
    const real *W1 = params->W1;
    const real *W2 = params->W2;
    const real *z1 = cache->z1;
    const real *h = cache->h;
    const real *p = cache->p;
    /* (5) ell[n] = -log(p[n,y[n]])
       (5) evaluated as s[n] - z[n,y[n]]
       (5) where s[n] = logsumexp_i z[n,i] */
    for (int n = 0; n < N; n++)
        ell[n] = -(z[10 * n + y[n]] - log_sum[n]);
    /* (6) L = sum_n ell[n] / N + sum_i,j 0.0001 W1[i,j] ** 2 + sum_i,j 0.0001 W2[i,j] ** 2 */
    real s = 0;
    for (int n = 0; n < N; n++)
        s += ell[n];
    real s1 = 0;
    for (int i = 0; i < 48; i++)
        for (int j = 0; j < 64; j++)
            s1 += W1[64 * i + j] * W1[64 * i + j];
    real s2 = 0;
    for (int i1 = 0; i1 < 10; i1++)
        for (int j2 = 0; j2 < 48; j2++)
            s2 += W2[48 * i1 + j2] * W2[48 * i1 + j2];
    real L = s / N + R(0.0001) * (s1 + s2);
    /* (8) delta[n,i] = p[n,i] / N - [i = y[n]] / N */
    for (int n = 0; n < N; n++)
        for (int i = 0; i < 10; i++)
            delta[10 * n + i] = p[10 * n + i] / R(N);
    for (int n = 0; n < N; n++)
        delta[10 * n + y[n]] += -R(1) / R(N);
    /* (9) dW2[i,j] = sum_n delta[n,i] h[n,j] + 0.0002 W2[i,j] */
    for (int i = 0; i < 10; i++)
        for (int j = 0; j < 48; j++)
            dW2[48 * i + j] = R(0.0002) * W2[48 * i + j];
    product(dW2, delta, h, (axis){10, 48, 1, 0}, (axis){48, 1, 0, 1}, (axis){N, 0, 10, 48});
    /* (10) db2[i] = sum_n delta[n,i] */
    fill(db2, 10, 0);
    for (int n = 0; n < N; n++)
        for (int i = 0; i < 10; i++)
            db2[i] += delta[10 * n + i];
    /* (12) delta1[n,i] = sum_j delta[n,j] W2[j,i] step(z1[n,i]) */
    fill(delta1, 48 * N, 0);
    product(delta1, delta, W2, (axis){N, 48, 10, 0}, (axis){48, 1, 0, 1}, (axis){10, 0, 1, 48});
    for (int n = 0; n < N; n++)
        for (int i = 0; i < 48; i++)
            delta1[48 * n + i] = delta1[48 * n + i] * (z1[48 * n + i] > 0);
    /* (13) dW1[i,j] = sum_n delta1[n,i] x[n,j] + 0.0002 W1[i,j] */
    for (int i = 0; i < 48; i++)
        for (int j = 0; j < 64; j++)
            dW1[64 * i + j] = R(0.0002) * W1[64 * i + j];
    product(dW1, delta1, x, (axis){48, 64, 1, 0}, (axis){64, 1, 0, 1}, (axis){N, 0, 48, 64});
    /* (14) db1[i] = sum_n delta1[n,i] */
    fill(db1, 48, 0);
    for (int n = 0; n < N; n++)
        for (int i = 0; i < 48; i++)
            db1[i] += delta1[48 * n + i];
    return L;
}

real digits_loss_and_grad(const digits_params *params, const real *x, const int *y, int N,
                          digits_cache *cache, digits_work *work, digits_params *grads)
{
    digits_forward(params, x, N, cache, work);
    return digits_backward(params, x, y, N, cache, work, grads);
}

void digits_descend(digits_params *params, const digits_params *grads, real rate)
{
    add(params->W1, -rate, grads->W1, 48 * 64);
    add(params->b1, -rate, grads->b1, 48);
    add(params->W2, -rate, grads->W2, 10 * 48);
    add(params->b2, -rate, grads->b2, 10);
}

void digits_step(digits_params *params, digits_params *velocity, const digits_params *grads,
                 real rate, real momentum)
{
    descend(params->W1, velocity->W1, grads->W1, 48 * 64, rate, momentum);
    descend(params->b1, velocity->b1, grads->b1, 48, rate, momentum);
    descend(params->W2, velocity->W2, grads->W2, 10 * 48, rate, momentum);
    descend(params->b2, velocity->b2, grads->b2, 10, rate, momentum);
}

#ifdef DIGITS_DESCEND
real digits_backward_descend(digits_params *params, const real *x, const int *y, int N,
                             const digits_cache *cache, digits_work *work, real rate)
{
    real *ell = work->backward_descend.ell;
    real *delta = work->backward_descend.delta;
    real *delta1 = work->backward_descend.delta1;
    real *dW2 = work->backward_descend.scratch;
    real *db2 = work->backward_descend.scratch + 480;
    real *dW1 = work->backward_descend.scratch;
    real *db1 = work->backward_descend.scratch;
    const real *log_sum = cache->log_sum;
    const real *z = cache->z;
    const real *W1 = params->W1;
    const real *W2 = params->W2;
    const real *z1 = cache->z1;
    const real *h = cache->h;
    const real *p = cache->p;
    /* (5) ell[n] = -log(p[n,y[n]])
       (5) evaluated as s[n] - z[n,y[n]]
       (5) where s[n] = logsumexp_i z[n,i] */
    for (int n = 0; n < N; n++)
        ell[n] = -(z[10 * n + y[n]] - log_sum[n]);
    /* (6) L = sum_n ell[n] / N + sum_i,j 0.0001 W1[i,j] ** 2 + sum_i,j 0.0001 W2[i,j] ** 2 */
    real s = 0;
    for (int n = 0; n < N; n++)
        s += ell[n];
    real s1 = 0;
    for (int i = 0; i < 48; i++)
        for (int j = 0; j < 64; j++)
            s1 += W1[64 * i + j] * W1[64 * i + j];
    real s2 = 0;
    for (int i1 = 0; i1 < 10; i1++)
        for (int j2 = 0; j2 < 48; j2++)
            s2 += W2[48 * i1 + j2] * W2[48 * i1 + j2];
    real L = s / N + R(0.0001) * (s1 + s2);
    /* (8) delta[n,i] = p[n,i] / N - [i = y[n]] / N */
    for (int n = 0; n < N; n++)
        for (int i = 0; i < 10; i++)
            delta[10 * n + i] = p[10 * n + i] / R(N);
    for (int n = 0; n < N; n++)
        delta[10 * n + y[n]] += -R(1) / R(N);
    /* (9) dW2[i,j] = sum_n delta[n,i] h[n,j] + 0.0002 W2[i,j] */
    for (int i = 0; i < 10; i++)
        for (int j = 0; j < 48; j++)
            dW2[48 * i + j] = R(0.0002) * W2[48 * i + j];
    product(dW2, delta, h, (axis){10, 48, 1, 0}, (axis){48, 1, 0, 1}, (axis){N, 0, 10, 48});
    /* (10) db2[i] = sum_n delta[n,i] */
    fill(db2, 10, 0);
    for (int n = 0; n < N; n++)
        for (int i = 0; i < 10; i++)
            db2[i] += delta[10 * n + i];
    add(params->b2, -rate, db2, 10);
    /* (12) delta1[n,i] = sum_j delta[n,j] W2[j,i] step(z1[n,i]) */
    fill(delta1, 48 * N, 0);
    product(delta1, delta, W2, (axis){N, 48, 10, 0}, (axis){48, 1, 0, 1}, (axis){10, 0, 1, 48});
    for (int n = 0; n < N; n++)
        for (int i = 0; i < 48; i++)
            delta1[48 * n + i] = delta1[48 * n + i] * (z1[48 * n + i] > 0);
    add(params->W2, -rate, dW2, 10 * 48);
    /* (13) dW1[i,j] = sum_n delta1[n,i] x[n,j] + 0.0002 W1[i,j] */
    for (int i = 0; i < 48; i++)
        for (int j = 0; j < 64; j++)
            dW1[64 * i + j] = R(0.0002) * W1[64 * i + j];
    product(dW1, delta1, x, (axis){48, 64, 1, 0}, (axis){64, 1, 0, 1}, (axis){N, 0, 48, 64});
    add(params->W1, -rate, dW1, 48 * 64);
    /* (14) db1[i] = sum_n delta1[n,i] */
    fill(db1, 48, 0);
    for (int n = 0; n < N; n++)
        for (int i = 0; i < 48; i++)
            db1[i] += delta1[48 * n + i];
    add(params->b1, -rate, db1, 48);
    return L;
}
#endif

#ifdef DIGITS_ADAM
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

void digits_step_adam(digits_params *params, digits_adam *state, const digits_params *grads,
                      real rate, real beta1, real beta2)
{
    state->of_mean += (1 - beta1) * (1 - state->of_mean);
    state->of_square += (1 - beta2) * (1 - state->of_square);
    average(params->W1, state->mean.W1, state->square.W1, grads->W1, 48 * 64, rate, beta1, beta2,
        state->of_mean, state->of_square);
    average(params->b1, state->mean.b1, state->square.b1, grads->b1, 48, rate, beta1, beta2,
        state->of_mean, state->of_square);
    average(params->W2, state->mean.W2, state->square.W2, grads->W2, 10 * 48, rate, beta1, beta2,
        state->of_mean, state->of_square);
    average(params->b2, state->mean.b2, state->square.b2, grads->b2, 10, rate, beta1, beta2,
        state->of_mean, state->of_square);
}
#endif
