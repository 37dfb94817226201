/* null.h: the parts of the do-nothing server: the bare loop in null.c, the delayed one in delay.c. */
#ifndef NULL_NULL_H
#define NULL_NULL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define NULL_BATCH 256
#define NULL_FDS_MAX (1 << 20)

/* When an answer goes out; all zero: at once. Times in nanoseconds. */
struct null_delay {
    enum {
        NULL_NONE,
        NULL_FIXED,
        NULL_EXP,
        NULL_UNIFORM
    } kind;
    int64_t low, high;     /* low alone for fixed, the mean for exp */
    int64_t stall, period; /* --stall STALL/PERIOD */
    uint64_t seed;
};

/* What one thread serves with. */
struct null_lane {
    int epoll, listener, number; /* numbered from 0 */
    const char *answer;
    size_t bytes;
    const struct null_delay *delay;
};

/** The program, as `proof-null` and as `proof null`. */
int null_main(int argc, char **argv);

void null_watch(int epoll, int fd, uint32_t events);
void null_accept(int epoll, int listener);
/** One line, then the end: 2 for a wrong call, 1 for what the system refuses. */
_Noreturn void null_quit(int status, const char *what, const char *why);

/** "fixed:5ms", "exp:5ms" or "uniform:1ms-9ms"; "1s/10s". False when it is none. */
bool null_delay_read(struct null_delay *d, const char *text);
bool null_stall_read(struct null_delay *d, const char *text);
_Noreturn void null_serve_delayed(const struct null_lane *lane);

#endif
