/* random.c: splitmix64, the smallest generator that passes the usual tests, and the two
 * distributions that the bootstrap, the shuffles and the simulations in the tests need. The state is
 * one number, so every use has its own and is repeatable. */
#include "stats.h"
#include <math.h>

#define TURN 6.283185307179586

uint64_t stats_random(uint64_t *state)
{
    uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);

    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}

double stats_uniform(uint64_t *state)
{
    return (double)(stats_random(state) >> 11) * 0x1p-53;
}

/* Box and Muller's; its second value is not kept. */
double stats_normal(uint64_t *state)
{
    double r = sqrt(-2 * log(1 - stats_uniform(state)));

    return r * cos(TURN * stats_uniform(state));
}
