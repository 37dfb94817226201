/* must.h: what all targets say when a promise is broken, and the input in a block of just its size. */
#ifndef FUZZ_MUST_H
#define FUZZ_MUST_H

#include <gimlet/str.h>
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/** Ends the program with the words of the promise unless it holds. */
#define must(holds)                                                                                \
    do {                                                                                           \
        if (!(holds)) {                                                                            \
            fprintf(stderr, "%s:%d: must hold: %s\n", __FILE__, __LINE__, #holds);                 \
            abort();                                                                               \
        }                                                                                          \
    } while (0)

/** The bytes in a block of just their size, so that ASan sees a byte read too far: to be freed. */
static inline char *fuzz_copy(const uint8_t *bytes, size_t n)
{
    char *copy = malloc(n ? n : 1);

    must(copy != NULL);
    return n ? memcpy(copy, bytes, n) : copy;
}

/** Takes one byte off the front; 0 when there is none. */
static inline unsigned fuzz_byte(const uint8_t **data, size_t *size)
{
    if (!*size)
        return 0;
    (*size)--;
    return *(*data)++;
}

#endif
