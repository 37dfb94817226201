/* guard.h: bytes that end at the edge of memory: reading one past them is a crash. */
#ifndef TESTS_GUARD_H
#define TESTS_GUARD_H

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static inline size_t guard_pages(size_t n)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);

    return (n + page - 1) / page * page;
}

/* A copy of the `n` bytes whose end touches a page without access. Free with guard_free. */
static inline char *guard_copy(const void *bytes, size_t n)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE), room = guard_pages(n);
    char *map = mmap(NULL, room + page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    if (map == MAP_FAILED || mprotect(map + room, page, PROT_NONE) != 0)
        abort();
    if (n)
        memcpy(map + room - n, bytes, n);
    return map + room - n;
}

static inline void guard_free(char *copy, size_t n)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE), room = guard_pages(n);

    munmap(copy + n - room, room + page);
}

#endif
