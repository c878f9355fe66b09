/* toy_2_2_1: Two inputs, two hidden sigmoids, one sigmoid output, half the squared ...

   Written by bpgen; see toy_2_2_1.h. */
#include "toy_2_2_1.h"

#include <math.h>

typedef toy_2_2_1_real real;
#define R(number) ((real)(number))
#ifdef TOY_2_2_1_DOUBLE
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

/* 1 / (1 + exp(-z)); only exp of what is not positive is taken, so nothing overflows. */
static real sigmoid(real z)
{
    const real e = M(exp)(-M(fabs)(z));
    return (z < 0 ? e : 1) / (1 + e);
}

/* z * z. */
static real square(real z)
{
    return z * z;
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

void toy_2_2_1_init(toy_2_2_1_params *params, unsigned long seed)
{
    seed = draw(params->W1, 2 * 2, R(0.7071067811865476), seed);
    fill(params->b1, 2, 0);
    seed = draw(params->W2, 1 * 2, R(0.7071067811865476), seed);
    fill(params->b2, 1, 0);
}

void toy_2_2_1_forward(const toy_2_2_1_params *params, const real *x, int N,
                       toy_2_2_1_cache *cache, toy_2_2_1_work *work)
{
    real *a1 = cache->a1;
    real *a2 = cache->a2;
    real *z1 = work->forward.z1;
    real *z2 = work->forward.z2;
    const real *W1 = params->W1;
    const real *b1 = params->b1;
    const real *W2 = params->W2;
    const real *b2 = params->b2;
    /* (1) z1[n,i] = sum_j W1[i,j] x[n,j] + b1[i] */
    for (int n = 0; n < N; n++)
        for (int i = 0; i < 2; i++)
            z1[2 * n + i] = dot(W1 + 2 * i, x + 2 * n, 2) + b1[i];
    /* (2) a1[n,i] = sigmoid(z1[n,i]) */
    for (int n = 0; n < N; n++)
        for (int i = 0; i < 2; i++)
            a1[2 * n + i] = sigmoid(z1[2 * n + i]);
    /* (3) z2[n,i] = sum_j W2[i,j] a1[n,j] + b2[i] */
    for (int n = 0; n < N; n++)
        z2[n] = dot(W2, a1 + 2 * n, 2) + b2[0];
    /* (4) a2[n,i] = sigmoid(z2[n,i]) */
    for (int n = 0; n < N; n++)
        a2[n] = sigmoid(z2[n]);
}

real toy_2_2_1_loss(const toy_2_2_1_params *params, const real *x, const real *y, int N,
                    const toy_2_2_1_cache *cache, toy_2_2_1_work *work)
{
    (void)params;
    (void)x;
    real *ell = work->loss.ell;
    const real *a2 = cache->a2;
    /* (5) ell[n] = sum_i (a2[n,i] - y[n,i]) ** 2 / 2 */
    for (int n = 0; n < N; n++)
        ell[n] = square(a2[n] - y[n]) / 2;
    /* (15) L = sum_n ell[n] / N */
    real s = 0;
    for (int n = 0; n < N; n++)
        s += ell[n];
    real L = s / N;
    return L;
}

real toy_2_2_1_backward(const toy_2_2_1_params *params, const real *x, const real *y, int N,
                        const toy_2_2_1_cache *cache, toy_2_2_1_work *work,
                        toy_2_2_1_params *grads)
{
    real *dW2 = grads->W2;
    real *db2 = grads->b2;
    real *dW1 = grads->W1;
    real *db1 = grads->b1;
    real *ell = work->backward.ell;
    real *delta2 = work->backward.delta2;
    real *delta1 = work->backward.delta1;
    const real *W2 = params->W2;
    const real *a1 = cache->a1;
    const real *a2 = cache->a2;
    /* (5) ell[n] = sum_i (a2[n,i] - y[n,i]) ** 2 / 2 */
    for (int n = 0; n < N; n++)
        ell[n] = square(a2[n] - y[n]) / 2;
    /* (15) L = sum_n ell[n] / N */
    real s = 0;
    for (int n = 0; n < N; n++)
        s += ell[n];
    real L = s / N;
    /* (7) delta2[n,i] = (a2[n,i] - y[n,i]) a2[n,i] (1 - a2[n,i]) / N */
    for (int n = 0; n < N; n++)
        delta2[n] = (a2[n] - y[n]) * a2[n] * (1 - a2[n]) / R(N);
    /* (8) dW2[i,j] = sum_n delta2[n,i] a1[n,j] */
    fill(dW2, 2, 0);
    for (int n = 0; n < N; n++)
        add(dW2, delta2[n], a1 + 2 * n, 2);
    /* (9) db2[i] = sum_n delta2[n,i] */
    real s1 = 0;
    for (int n = 0; n < N; n++)
        s1 += delta2[n];
    db2[0] = s1;
    /* (11) delta1[n,i] = sum_j delta2[n,j] W2[j,i] a1[n,i] (1 - a1[n,i]) */
    fill(delta1, 2 * N, 0);
    for (int n = 0; n < N; n++)
        add(delta1 + 2 * n, delta2[n], W2, 2);
    for (int n = 0; n < N; n++)
        for (int i = 0; i < 2; i++)
            delta1[2 * n + i] = delta1[2 * n + i] * a1[2 * n + i] * (1 - a1[2 * n + i]);
    /* (12) dW1[i,j] = sum_n delta1[n,i] x[n,j] */
    fill(dW1, 4, 0);
    for (int i = 0; i < 2; i++)
        for (int n = 0; n < N; n++)
            add(dW1 + 2 * i, delta1[2 * n + i], x + 2 * n, 2);
    /* (13) db1[i] = sum_n delta1[n,i] */
    fill(db1, 2, 0);
    for (int n = 0; n < N; n++)
        for (int i = 0; i < 2; i++)
            db1[i] += delta1[2 * n + i];
    return L;
}

real toy_2_2_1_loss_and_grad(const toy_2_2_1_params *params, const real *x, const real *y, int N,
                             toy_2_2_1_cache *cache, toy_2_2_1_work *work, toy_2_2_1_params *grads)
{
    toy_2_2_1_forward(params, x, N, cache, work);
    return toy_2_2_1_backward(params, x, y, N, cache, work, grads);
}

void toy_2_2_1_descend(toy_2_2_1_params *params, const toy_2_2_1_params *grads, real rate)
{
    add(params->W1, -rate, grads->W1, 2 * 2);
    add(params->b1, -rate, grads->b1, 2);
    add(params->W2, -rate, grads->W2, 1 * 2);
    add(params->b2, -rate, grads->b2, 1);
}

void toy_2_2_1_step(toy_2_2_1_params *params, toy_2_2_1_params *velocity,
                    const toy_2_2_1_params *grads, real rate, real momentum)
{
    descend(params->W1, velocity->W1, grads->W1, 2 * 2, rate, momentum);
    descend(params->b1, velocity->b1, grads->b1, 2, rate, momentum);
    descend(params->W2, velocity->W2, grads->W2, 1 * 2, rate, momentum);
    descend(params->b2, velocity->b2, grads->b2, 1, rate, momentum);
}

#ifdef TOY_2_2_1_DESCEND
real toy_2_2_1_backward_descend(toy_2_2_1_params *params, const real *x, const real *y, int N,
                                const toy_2_2_1_cache *cache, toy_2_2_1_work *work, real rate)
{
    real *ell = work->backward_descend.ell;
    real *delta2 = work->backward_descend.delta2;
    real *delta1 = work->backward_descend.delta1;
    real *dW2 = work->backward_descend.scratch;
    real *db2 = work->backward_descend.scratch + 2;
    real *dW1 = work->backward_descend.scratch;
    real *db1 = work->backward_descend.scratch;
    const real *W2 = params->W2;
    const real *a1 = cache->a1;
    const real *a2 = cache->a2;
    /* (5) ell[n] = sum_i (a2[n,i] - y[n,i]) ** 2 / 2 */
    for (int n = 0; n < N; n++)
        ell[n] = square(a2[n] - y[n]) / 2;
    /* (15) L = sum_n ell[n] / N */
    real s = 0;
    for (int n = 0; n < N; n++)
        s += ell[n];
    real L = s / N;
    /* (7) delta2[n,i] = (a2[n,i] - y[n,i]) a2[n,i] (1 - a2[n,i]) / N */
    for (int n = 0; n < N; n++)
        delta2[n] = (a2[n] - y[n]) * a2[n] * (1 - a2[n]) / R(N);
    /* (8) dW2[i,j] = sum_n delta2[n,i] a1[n,j] */
    fill(dW2, 2, 0);
    for (int n = 0; n < N; n++)
        add(dW2, delta2[n], a1 + 2 * n, 2);
    /* (9) db2[i] = sum_n delta2[n,i] */
    real s1 = 0;
    for (int n = 0; n < N; n++)
        s1 += delta2[n];
    db2[0] = s1;
    add(params->b2, -rate, db2, 1);
    /* (11) delta1[n,i] = sum_j delta2[n,j] W2[j,i] a1[n,i] (1 - a1[n,i]) */
    fill(delta1, 2 * N, 0);
    for (int n = 0; n < N; n++)
        add(delta1 + 2 * n, delta2[n], W2, 2);
    for (int n = 0; n < N; n++)
        for (int i = 0; i < 2; i++)
            delta1[2 * n + i] = delta1[2 * n + i] * a1[2 * n + i] * (1 - a1[2 * n + i]);
    add(params->W2, -rate, dW2, 1 * 2);
    /* (12) dW1[i,j] = sum_n delta1[n,i] x[n,j] */
    fill(dW1, 4, 0);
    for (int i = 0; i < 2; i++)
        for (int n = 0; n < N; n++)
            add(dW1 + 2 * i, delta1[2 * n + i], x + 2 * n, 2);
    add(params->W1, -rate, dW1, 2 * 2);
    /* (13) db1[i] = sum_n delta1[n,i] */
    fill(db1, 2, 0);
    for (int n = 0; n < N; n++)
        for (int i = 0; i < 2; i++)
            db1[i] += delta1[2 * n + i];
    add(params->b1, -rate, db1, 2);
    return L;
}
#endif

#ifdef TOY_2_2_1_ADAM
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

void toy_2_2_1_step_adam(toy_2_2_1_params *params, toy_2_2_1_adam *state,
                         const toy_2_2_1_params *grads, real rate, real beta1, real beta2)
{
    state->of_mean += (1 - beta1) * (1 - state->of_mean);
    state->of_square += (1 - beta2) * (1 - state->of_square);
    average(params->W1, state->mean.W1, state->square.W1, grads->W1, 2 * 2, rate, beta1, beta2,
        state->of_mean, state->of_square);
    average(params->b1, state->mean.b1, state->square.b1, grads->b1, 2, rate, beta1, beta2,
        state->of_mean, state->of_square);
    average(params->W2, state->mean.W2, state->square.W2, grads->W2, 1 * 2, rate, beta1, beta2,
        state->of_mean, state->of_square);
    average(params->b2, state->mean.b2, state->square.b2, grads->b2, 1, rate, beta1, beta2,
        state->of_mean, state->of_square);
}
#endif
