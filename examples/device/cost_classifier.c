/* Prints what the classifier costs on the board: the bytes of a step's structs, and the instructions
   of a loss with its gradients and of a step of descent, each for one sample.

   qemu -icount shift=0 takes a nanosecond for each instruction; the counter of the board counts 40. */
#include <stdio.h>

#include "classifier.h"

enum { TIMES = 100, TICK = 40 };

static classifier_params params, grads;
static classifier_cache cache;
static classifier_work work;
static float x[16];
static int y[1];

struct counter {
    unsigned control, reload, value;
};

static volatile struct counter *const counter = (volatile struct counter *)0xE000E010;

static void nothing(void) {}

static void learn(void)
{
    classifier_loss_and_grad(&params, x, y, 1, &cache, &work, &grads);
}

static void move(void)
{
    classifier_descend(&params, &grads, 0.5f);
}

/* The instructions of so many calls: it counts down, 24 bits of it. */
static unsigned counted(void (*call)(void))
{
    const unsigned begin = counter->value;
    for (int i = 0; i < TIMES; i++)
        call();
    return ((begin - counter->value) & 0xFFFFFF) * TICK;
}

int main(void)
{
    float *numbers = (float *)&params;
    for (unsigned i = 0; i < sizeof params / sizeof *numbers; i++)
        numbers[i] = (float)(i % 7) / 8 - 0.375f;
    for (int j = 0; j < 16; j++)
        x[j] = (float)(j % 5) / 4 - 0.5f;
    counter->reload = 0xFFFFFF;
    counter->value = 0;
    counter->control = 5; /* on, by the clock of the processor */
    const unsigned calls = counted(nothing);
    printf("%u\n", (unsigned)(sizeof params + sizeof grads + sizeof cache + sizeof work));
    printf("%u\n", (counted(learn) - calls) / TIMES);
    printf("%u\n", (counted(move) - calls) / TIMES);
    return 0;
}
