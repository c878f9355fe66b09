/* Trains the classifier by Adam on numbers that it draws itself, and prints the loss of every step.

   Both are as on any other machine: the same draws, and the same losses to single precision. */
#include <stdio.h>

#include "classifier.h"

enum { STEPS = 50 };

static classifier_params params, grads;
static classifier_adam state;
static classifier_cache cache;
static classifier_work work;
static float x[CLASSIFIER_N * 16];
static int y[CLASSIFIER_N];

static unsigned long drawn = 1;

/* The next number of -1/2 .. 1/2. */
static float draw(void)
{
    drawn = (drawn * 1664525ul + 1013904223ul) & 0xFFFFFFFFul;
    return (float)(drawn >> 8) / 16777216.0f - 0.5f;
}

int main(void)
{
    float *numbers = (float *)&params;
    for (unsigned i = 0; i < sizeof params / sizeof *numbers; i++)
        numbers[i] = draw();
    for (int t = 0; t < STEPS; t++) {
        for (int n = 0; n < CLASSIFIER_N; n++) {
            for (int j = 0; j < 16; j++)
                x[16 * n + j] = draw();
            y[n] = 2 * (x[16 * n] > 0) + (x[16 * n + 1] > 0);
        }
        float loss = classifier_loss_and_grad(&params, x, y, CLASSIFIER_N, &cache, &work, &grads);
        printf("%.9g\n", (double)loss);
        classifier_step_adam(&params, &state, &grads, 0.01f, 0.9f, 0.999f);
    }
    return 0;
}
