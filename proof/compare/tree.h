/* tree.h: the processes below one, as they are now. */
#ifndef COMPARE_TREE_H
#define COMPARE_TREE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct tree_process {
    pid_t pid, parent;
    char state;      /* of /proc/PID/stat: 'R', 'S', 'Z' ... */
    int64_t dead_ns; /* CPU time of its children that ended and were waited for, in whole ticks */
    bool in;         /* private */
};

struct tree {
    struct tree_process root;  /* pid 0: it is gone */
    struct tree_process *list; /* its descendants, without itself */
    size_t n, cap;
};

/** Reads /proc. Free the tree in any case. */
void tree_read(struct tree *t, pid_t root);
void tree_free(struct tree *t);

#endif
