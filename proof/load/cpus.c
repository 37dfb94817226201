/* cpus.c: lists of CPUs, of flags, of plans and of the kernel's files. */
#include "cpus.h"
#include <gimlet/str.h>

/* Takes the next "3" or "3-5" off the list. False: it is neither. */
static bool next_range(gim_str *rest, int64_t *first, int64_t *last)
{
    gim_str high = gim_str_cut(rest, ','), low = gim_str_cut(&high, '-');

    if (gim_str_to_int(low, first))
        return false;
    *last = *first;
    if (high.ptr && gim_str_to_int(high, last))
        return false;
    return *first >= 0 && *first <= *last;
}

bool cpus_has(const char *list, int cpu)
{
    gim_str rest = gim_str_of(list);
    int64_t first, last;

    while (rest.ptr && next_range(&rest, &first, &last)) {
        if (cpu >= first && cpu <= last)
            return true;
    }
    return false;
}

int cpus_set(const char *list, cpu_set_t *set)
{
    gim_str rest = gim_str_of(list);
    int64_t first, last;

    CPU_ZERO(set);
    while (rest.ptr) {
        if (!next_range(&rest, &first, &last) || last >= CPU_SETSIZE)
            return -1;
        for (; first <= last; first++)
            CPU_SET((size_t)first, set);
    }
    return 0;
}
