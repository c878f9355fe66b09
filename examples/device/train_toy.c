/* Trains the toy of 2 inputs, 2 hidden units and 1 output by gradient descent, and prints the loss
   of every step. */
#include <stdio.h>

#include "toy_2_2_1.h"

enum { STEPS = 50 };

static toy_2_2_1_params params, grads;
static toy_2_2_1_cache cache;
static toy_2_2_1_work work;
static const float x[TOY_2_2_1_N * 2] = {0, 0, 0, 1, 1, 0, 1, 1};
static const float y[TOY_2_2_1_N] = {0, 1, 1, 0};

int main(void)
{
    float *numbers = (float *)&params;
    for (unsigned i = 0; i < sizeof params / sizeof *numbers; i++)
        numbers[i] = (float)(i % 5) / 4 - 0.5f;
    for (int t = 0; t < STEPS; t++) {
        float loss = toy_2_2_1_loss_and_grad(&params, x, y, TOY_2_2_1_N, &cache, &work, &grads);
        printf("%.9g\n", (double)loss);
        toy_2_2_1_descend(&params, &grads, 0.5f);
    }
    return 0;
}
