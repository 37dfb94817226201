/* cpus.c: lists of CPUs, asked one CPU at a time: there are few, and no set has to be kept. */
#include "cpus.h"
#include <gimlet/str.h>

bool cpus_has(const char *list, int cpu)
{
    gim_str rest = gim_str_of(list);

    while (rest.ptr) {
        gim_str high = gim_str_cut(&rest, ','), low = gim_str_cut(&high, '-');
        int64_t a, b;

        if (gim_str_to_int(gim_str_trim(low), &a))
            return false;
        if (!high.ptr || gim_str_to_int(gim_str_trim(high), &b))
            b = a;
        if (cpu >= a && cpu <= b)
            return true;
    }
    return false;
}

void cpus_set(const char *list, cpu_set_t *set)
{
    CPU_ZERO(set);
    for (int i = 0; i < CPU_SETSIZE; i++) {
        if (cpus_has(list, i))
            CPU_SET((size_t)i, set);
    }
}
