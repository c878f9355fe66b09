/* How the board begins: where its stack ends, and what runs first. Semihosting prints. */
#include <stdlib.h>

int main(void);
void initialise_monitor_handles(void);
void start(void);

void start(void)
{
    *(volatile unsigned *)0xE000ED88 |= 0xFu << 20; /* the unit of floating-point numbers */
    initialise_monitor_handles();
    exit(main());
}

struct vectors {
    void *stack;
    void (*reset)(void);
};

__attribute__((section(".vectors"), used)) static const struct vectors vectors = {
    (void *)0x20400000,
    start,
};
