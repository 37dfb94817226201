/* cpus.h: lists of CPUs as taskset's: "0", "1,3-5". */
#ifndef COMPARE_CPUS_H
#define COMPARE_CPUS_H

#include <sched.h>
#include <stdbool.h>

bool cpus_has(const char *list, int cpu);
/** The list as a set; empty when it is no list. */
void cpus_set(const char *list, cpu_set_t *set);

#endif
