/* cpus.h: lists of CPUs as taskset's: "0", "1,3-5". */
#ifndef LOAD_CPUS_H
#define LOAD_CPUS_H

#include <sched.h>
#include <stdbool.h>

bool cpus_has(const char *list, int cpu);
/** The list as a set. 0; -1 when it is no list, or has a CPU from CPU_SETSIZE on. */
int cpus_set(const char *list, cpu_set_t *set);

#endif
