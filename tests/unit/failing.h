/* failing.h: malloc, calloc and realloc that fail when a test says so. The program is linked with
 * --wrap for the three (tests/meson.build: failing_malloc), so that what is asked of them by our code
 * comes here, sanitized or not; what libraries ask of them inside does not. */
#ifndef TESTS_FAILING_H
#define TESTS_FAILING_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

void *__real_malloc(size_t size);
void *__real_calloc(size_t n, size_t size);
void *__real_realloc(void *p, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_realloc(void *p, size_t size);

static _Atomic long failing_at;   /* the call that fails, counted from 1; 0: none */
static _Atomic long failing_seen; /* calls since failing_from */
static size_t failing_spared;     /* a size that never fails: the client's copy of a request */
static _Atomic bool failing_on;   /* those behind it fail, too */

/** From now on the `n`th call fails, and with `on` each after it. */
static inline void failing_from(long n, bool on)
{
    failing_seen = 0;
    failing_on = on;
    failing_at = n;
}

/** None fails any more. Was there one that did? */
static inline bool failing_end(void)
{
    bool did = failing_at && failing_seen >= failing_at;

    failing_at = 0;
    return did;
}

static inline bool fails(size_t size)
{
    long at = failing_at, now;

    if (!at || size == failing_spared)
        return false;
    now = ++failing_seen;
    return now == at || (failing_on && now > at);
}

void *__wrap_malloc(size_t size)
{
    return fails(size) ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t n, size_t size)
{
    return fails(n * size) ? NULL : __real_calloc(n, size);
}

void *__wrap_realloc(void *p, size_t size)
{
    return fails(size) ? NULL : __real_realloc(p, size);
}

#endif
