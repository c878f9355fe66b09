/* digits: Handwritten digits: one hidden layer, softmax, cross-entropy, a little ...

   Written by bpgen; the numbers in the comments of digits.c are those of its derivation. n is
   the sample: the loss is the mean over the N samples of a batch, one a row. Arrays are flat,
   the last axis the fastest. Nothing is allocated and nothing is global: all memory is the
   caller's.

   Bytes of floats, for N = 1: parameters 14440, gradients 14440, velocity 14440, cache 468,
   work 236; 44024 to train, and 15144 to predict, beside 8192 on the stack without
   -DBPGEN_SMALL. */
#ifndef DIGITS_HEADER
#define DIGITS_HEADER

#ifdef DIGITS_DOUBLE
typedef double digits_real;
#else
typedef float digits_real;
#endif

#ifndef DIGITS_N
#define DIGITS_N 1 /* samples in a batch, at most */
#endif

/* The parameters, in the order of their names; gradients and velocities have the same form. */
typedef struct {
    digits_real W1[48 * 64];
    digits_real W2[10 * 48];
    digits_real b1[48];
    digits_real b2[10];
} digits_params;

/* What forward leaves for loss and backward. */
typedef struct {
    digits_real log_sum[DIGITS_N];
    digits_real z1[DIGITS_N * 48];
    digits_real h[DIGITS_N * 48];
    digits_real z[DIGITS_N * 10];
    digits_real p[DIGITS_N * 10];
} digits_cache;

/* Memory of which nothing outlives a call. */
typedef union {
    struct {
        digits_real ell[DIGITS_N];
    } loss;
    struct {
        digits_real ell[DIGITS_N];
        digits_real delta[DIGITS_N * 10];
        digits_real delta1[DIGITS_N * 48];
    } backward;
#ifdef DIGITS_DESCEND
    struct {
        digits_real ell[DIGITS_N];
        digits_real delta[DIGITS_N * 10];
        digits_real delta1[DIGITS_N * 48];
        digits_real scratch[3072];
    } backward_descend;
#endif
} digits_work;

/* Nothing is checked: x holds N * 64 numbers; y holds N labels, 0 .. 9. */

/* Fresh parameters, drawn from a seed: not the numbers that numpy draws from it. */
void digits_init(digits_params *params, unsigned long seed);

/* Leaves its output in cache->p. */
void digits_forward(const digits_params *params, const digits_real *x, int N, digits_cache *cache,
                    digits_work *work);

/* The loss of the batch that left this cache. */
digits_real digits_loss(const digits_params *params, const digits_real *x, const int *y, int N,
                        const digits_cache *cache, digits_work *work);

/* The gradients of the loss, from the cache that forward left. Returned is the loss. */
digits_real digits_backward(const digits_params *params, const digits_real *x, const int *y, int N,
                            const digits_cache *cache, digits_work *work, digits_params *grads);

/* The loss of a batch and its gradients, from one forward pass. */
digits_real digits_loss_and_grad(const digits_params *params, const digits_real *x, const int *y,
                                 int N, digits_cache *cache, digits_work *work,
                                 digits_params *grads);

/* A step of gradient descent, which remembers nothing. */
void digits_descend(digits_params *params, const digits_params *grads, digits_real rate);

/* A step of gradient descent with momentum; the velocity begins as zeros. */
void digits_step(digits_params *params, digits_params *velocity, const digits_params *grads,
                 digits_real rate, digits_real momentum);

#ifdef DIGITS_DESCEND
/* Backward and gradient descent in one, which keeps no gradients: 27432 bytes to train. Returned is
   the loss. */
digits_real digits_backward_descend(digits_params *params, const digits_real *x, const int *y,
                                    int N, const digits_cache *cache, digits_work *work,
                                    digits_real rate);
#endif

#ifdef DIGITS_ADAM
/* The averages that Adam keeps, and how much of them is there by now: all begin as zeros. */
typedef struct {
    digits_params mean, square;
    digits_real of_mean, of_square;
} digits_adam;

/* A step of Adam, as in PyTorch: rate 0.001, beta1 0.9, beta2 0.999. */
void digits_step_adam(digits_params *params, digits_adam *state, const digits_params *grads,
                      digits_real rate, digits_real beta1, digits_real beta2);
#endif

#endif
