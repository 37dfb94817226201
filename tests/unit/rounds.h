/* rounds.h: how many inputs a test generates: what it asks for, times $ROUNDS (the nightly run's). */
#ifndef TESTS_ROUNDS_H
#define TESTS_ROUNDS_H

#include <stdlib.h>

static inline unsigned long rounds_of(unsigned long n)
{
    const char *times = getenv("ROUNDS");
    unsigned long factor = times ? strtoul(times, NULL, 10) : 1;

    return n * (factor ? factor : 1);
}

#endif
