/* toy_2_2_1: Two inputs, two hidden sigmoids, one sigmoid output, half the squared ...

   Written by bpgen; the numbers in the comments of toy_2_2_1.c are those of its derivation. n
   is the sample: the loss is the mean over the N samples of a batch, one a row. Arrays are
   flat, the last axis the fastest. Nothing is allocated and nothing is global: all memory is
   the caller's.

   Bytes of floats, for N = 1: parameters 36, gradients 36, velocity 36, cache 12, work 16; 136
   to train, and 64 to predict. */
#ifndef TOY_2_2_1_HEADER
#define TOY_2_2_1_HEADER

#ifdef TOY_2_2_1_DOUBLE
typedef double toy_2_2_1_real;
#else
typedef float toy_2_2_1_real;
#endif

#ifndef TOY_2_2_1_N
#define TOY_2_2_1_N 1 /* samples in a batch, at most */
#endif

/* The parameters, in the order of their names; gradients and velocities have the same form. */
typedef struct {
    toy_2_2_1_real W1[2 * 2];
    toy_2_2_1_real W2[2];
    toy_2_2_1_real b1[2];
    toy_2_2_1_real b2[1];
} toy_2_2_1_params;

/* What forward leaves for loss and backward. */
typedef struct {
    toy_2_2_1_real a1[TOY_2_2_1_N * 2];
    toy_2_2_1_real a2[TOY_2_2_1_N];
} toy_2_2_1_cache;

/* Memory of which nothing outlives a call. */
typedef union {
    struct {
        toy_2_2_1_real z1[TOY_2_2_1_N * 2];
        toy_2_2_1_real z2[TOY_2_2_1_N];
    } forward;
    struct {
        toy_2_2_1_real ell[TOY_2_2_1_N];
    } loss;
    struct {
        toy_2_2_1_real ell[TOY_2_2_1_N];
        toy_2_2_1_real delta2[TOY_2_2_1_N];
        toy_2_2_1_real delta1[TOY_2_2_1_N * 2];
    } backward;
#ifdef TOY_2_2_1_DESCEND
    struct {
        toy_2_2_1_real ell[TOY_2_2_1_N];
        toy_2_2_1_real delta2[TOY_2_2_1_N];
        toy_2_2_1_real delta1[TOY_2_2_1_N * 2];
        toy_2_2_1_real scratch[4];
    } backward_descend;
#endif
} toy_2_2_1_work;

/* Nothing is checked: x holds N * 2 numbers; y holds N * 1 numbers. */

/* Fresh parameters, drawn from a seed: not the numbers that numpy draws from it. */
void toy_2_2_1_init(toy_2_2_1_params *params, unsigned long seed);

/* Leaves its output in cache->a2. */
void toy_2_2_1_forward(const toy_2_2_1_params *params, const toy_2_2_1_real *x, int N,
                       toy_2_2_1_cache *cache, toy_2_2_1_work *work);

/* The loss of the batch that left this cache. */
toy_2_2_1_real toy_2_2_1_loss(const toy_2_2_1_params *params, const toy_2_2_1_real *x,
                              const toy_2_2_1_real *y, int N, const toy_2_2_1_cache *cache,
                              toy_2_2_1_work *work);

/* The gradients of the loss, from the cache that forward left. Returned is the loss. */
toy_2_2_1_real toy_2_2_1_backward(const toy_2_2_1_params *params, const toy_2_2_1_real *x,
                                  const toy_2_2_1_real *y, int N, const toy_2_2_1_cache *cache,
                                  toy_2_2_1_work *work, toy_2_2_1_params *grads);

/* The loss of a batch and its gradients, from one forward pass. */
toy_2_2_1_real toy_2_2_1_loss_and_grad(const toy_2_2_1_params *params, const toy_2_2_1_real *x,
                                       const toy_2_2_1_real *y, int N, toy_2_2_1_cache *cache,
                                       toy_2_2_1_work *work, toy_2_2_1_params *grads);

/* A step of gradient descent, which remembers nothing. */
void toy_2_2_1_descend(toy_2_2_1_params *params, const toy_2_2_1_params *grads,
                       toy_2_2_1_real rate);

/* A step of gradient descent with momentum; the velocity begins as zeros. */
void toy_2_2_1_step(toy_2_2_1_params *params, toy_2_2_1_params *velocity,
                    const toy_2_2_1_params *grads, toy_2_2_1_real rate, toy_2_2_1_real momentum);

#ifdef TOY_2_2_1_DESCEND
/* Backward and gradient descent in one, which keeps no gradients: 80 bytes to train. Returned is
   the loss. */
toy_2_2_1_real toy_2_2_1_backward_descend(toy_2_2_1_params *params, const toy_2_2_1_real *x,
                                          const toy_2_2_1_real *y, int N,
                                          const toy_2_2_1_cache *cache, toy_2_2_1_work *work,
                                          toy_2_2_1_real rate);
#endif

#ifdef TOY_2_2_1_ADAM
/* The averages that Adam keeps, and how much of them is there by now: all begin as zeros. */
typedef struct {
    toy_2_2_1_params mean, square;
    toy_2_2_1_real of_mean, of_square;
} toy_2_2_1_adam;

/* A step of Adam, as in PyTorch: rate 0.001, beta1 0.9, beta2 0.999. */
void toy_2_2_1_step_adam(toy_2_2_1_params *params, toy_2_2_1_adam *state,
                         const toy_2_2_1_params *grads, toy_2_2_1_real rate, toy_2_2_1_real beta1,
                         toy_2_2_1_real beta2);
#endif

#endif
