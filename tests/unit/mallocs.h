/* mallocs.h: counts the calls of malloc, calloc and realloc of this program, sanitized or not. Include
 * it in one file. */
#ifndef TESTS_MALLOCS_H
#define TESTS_MALLOCS_H

#include <stddef.h>

static _Atomic long mallocs;

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define MALLOCS_SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define MALLOCS_SANITIZED 1
#endif
#endif

#ifdef MALLOCS_SANITIZED
/* What the sanitizers call at each allocation (sanitizer/allocator_interface.h). */
void __sanitizer_malloc_hook(const volatile void *p, size_t size);
void __sanitizer_free_hook(const volatile void *p);

void __sanitizer_malloc_hook(const volatile void *p, size_t size)
{
    (void)p;
    (void)size;
    mallocs++;
}

void __sanitizer_free_hook(const volatile void *p)
{
    (void)p;
}
#else
void *__libc_malloc(size_t size);
void *__libc_realloc(void *p, size_t size);
void *__libc_calloc(size_t n, size_t size);

void *malloc(size_t size)
{
    mallocs++;
    return __libc_malloc(size);
}

void *realloc(void *p, size_t size)
{
    mallocs++;
    return __libc_realloc(p, size);
}

void *calloc(size_t n, size_t size)
{
    mallocs++;
    return __libc_calloc(n, size);
}
#endif

#endif
