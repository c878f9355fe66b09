/* digits: Handwritten digits: one hidden layer, softmax, cross-entropy, a little ...

   Written by bpgen; see digits.h. */
#include "digits.h"

#include <math.h>

typedef digits_real real;
#define R(number) ((real)(number))
#ifdef DIGITS_DOUBLE
#define M(function) function
#else
#define M(function) function##f
#endif

/* The larger of two; nan where one is. */
static real larger(real a, real b)
{
    return a > b || a != a ? a : b;
}

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
}

/* A row, so many times, added to another. */
static void add(real *y, real times, const real *x, int count)
{
    for (int i = 0; i < count; i++)
        y[i] += times * x[i];
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
static void fill(real *w, int count, real number)
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
    real *z1 = cache->z1;
    real *h = cache->h;
    real *z = cache->z;
    real *p = cache->p;
    real *t = work->forward.t;
    const real *W1 = params->W1;
    const real *b1 = params->b1;
    const real *W2 = params->W2;
    const real *b2 = params->b2;
    /* (1) z1[n,i] = sum_j W1[i,j] x[n,j] + b1[i] */
    for (int n = 0; n < N; n++)
        for (int i = 0; i < 48; i++)
            z1[48 * n + i] = dot(W1 + 64 * i, x + 64 * n, 64) + b1[i];
    /* (2) h[n,i] = relu(z1[n,i]) */
    for (int n = 0; n < N; n++)
        for (int i = 0; i < 48; i++)
            h[48 * n + i] = larger(z1[48 * n + i], 0);
    /* (3) z[n,i] = sum_j W2[i,j] h[n,j] + b2[i] */
    for (int n = 0; n < N; n++)
        for (int i = 0; i < 10; i++)
            z[10 * n + i] = dot(W2 + 48 * i, h + 48 * n, 48) + b2[i];
    /* (5) p[n,i] = exp(z[n,i]) / sum_j exp(z[n,j]) */
    for (int n = 0; n < N; n++) {
        real m = -INFINITY;
        for (int i = 0; i < 10; i++)
            m = larger(m, z[10 * n + i]);
        real s = 0;
        int k = 0;
        for (int i = 0; i < 10; i++) {
            const real d = z[10 * n + i] - (m == -INFINITY ? 0 : m);
            k += d == 0;
            s += d == 0 ? 0 : M(exp)(d);
        }
        t[n] = m + M(log1p)(s + (k > 1 ? k - 1 : 0));
    }
    for (int n = 0; n < N; n++)
        for (int i = 0; i < 10; i++)
            p[10 * n + i] = t[n] == -INFINITY ? 0 : M(exp)(z[10 * n + i] - t[n]);
}

real digits_loss(const digits_params *params, const real *x, const int *y, int N,
                 const digits_cache *cache, digits_work *work)
{
    (void)x;
    real *t = work->loss.t;
    real *ell = work->loss.ell;
    const real *W1 = params->W1;
    const real *W2 = params->W2;
    const real *z = cache->z;
    /* (6) ell[n] = -log(p[n,y[n]])
       (6) evaluated as s[n] - z[n,y[n]] */
    for (int n = 0; n < N; n++) {
        real m = -INFINITY;
        for (int i = 0; i < 10; i++)
            m = larger(m, z[10 * n + i]);
        real s = 0;
        int k = 0;
        for (int i = 0; i < 10; i++) {
            const real d = z[10 * n + i] - (m == -INFINITY ? 0 : m);
            k += d == 0;
            s += d == 0 ? 0 : M(exp)(d);
        }
        t[n] = m + M(log1p)(s + (k > 1 ? k - 1 : 0));
    }
    for (int n = 0; n < N; n++)
        ell[n] = -(z[10 * n + y[n]] - t[n]);
    /* (7) L = sum_n ell[n] / N + sum_i,j 0.0001 W1[i,j] ** 2 + sum_i,j 0.0001 W2[i,j] ** 2 */
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

void digits_backward(const digits_params *params, const real *x, const int *y, int N,
                     const digits_cache *cache, digits_work *work, digits_params *grads)
{
    real *dW2 = grads->W2;
    real *db2 = grads->b2;
    real *dW1 = grads->W1;
    real *db1 = grads->b1;
    real *delta = work->backward.delta;
    real *delta1 = work->backward.delta1;
    const real *W1 = params->W1;
    const real *W2 = params->W2;
    const real *z1 = cache->z1;
    const real *h = cache->h;
    const real *p = cache->p;
    /* (10) delta[n,i] = p[n,i] / N - [i = y[n]] / N */
    for (int n = 0; n < N; n++)
        for (int i = 0; i < 10; i++)
            delta[10 * n + i] = p[10 * n + i] / R(N);
    for (int n = 0; n < N; n++)
        delta[10 * n + y[n]] += -1 / R(N);
    /* (11) dW2[i,j] = sum_n delta[n,i] h[n,j] + 0.0002 W2[i,j] */
    for (int i = 0; i < 10; i++)
        for (int j = 0; j < 48; j++)
            dW2[48 * i + j] = R(0.0002) * W2[48 * i + j];
    for (int i = 0; i < 10; i++)
        for (int n = 0; n < N; n++)
            add(dW2 + 48 * i, delta[10 * n + i], h + 48 * n, 48);
    /* (12) db2[i] = sum_n delta[n,i] */
    for (int i = 0; i < 10; i++) {
        real s = 0;
        for (int n = 0; n < N; n++)
            s += delta[10 * n + i];
        db2[i] = s;
    }
    /* (14) delta1[n,i] = sum_j delta[n,j] W2[j,i] step(z1[n,i]) */
    for (int n = 0; n < N; n++) {
        for (int i = 0; i < 48; i++) {
            real s = 0;
            for (int j = 0; j < 10; j++)
                s += W2[48 * j + i] * delta[10 * n + j];
            delta1[48 * n + i] = s * (z1[48 * n + i] > 0);
        }
    }
    /* (15) dW1[i,j] = sum_n delta1[n,i] x[n,j] + 0.0002 W1[i,j] */
    for (int i = 0; i < 48; i++)
        for (int j = 0; j < 64; j++)
            dW1[64 * i + j] = R(0.0002) * W1[64 * i + j];
    for (int i = 0; i < 48; i++)
        for (int n = 0; n < N; n++)
            add(dW1 + 64 * i, delta1[48 * n + i], x + 64 * n, 64);
    /* (16) db1[i] = sum_n delta1[n,i] */
    for (int i = 0; i < 48; i++) {
        real s = 0;
        for (int n = 0; n < N; n++)
            s += delta1[48 * n + i];
        db1[i] = s;
    }
}

void digits_step(digits_params *params, digits_params *velocity, const digits_params *grads,
                 real rate, real momentum)
{
    descend(params->W1, velocity->W1, grads->W1, 48 * 64, rate, momentum);
    descend(params->b1, velocity->b1, grads->b1, 48, rate, momentum);
    descend(params->W2, velocity->W2, grads->W2, 10 * 48, rate, momentum);
    descend(params->b2, velocity->b2, grads->b2, 10, rate, momentum);
}
