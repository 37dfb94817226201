/* pairs.h: names and values for the tests that bind them. */
#ifndef TESTS_JSON_PAIRS_H
#define TESTS_JSON_PAIRS_H

#include <gimlet/str.h>

#define MAX_PAIRS 12

/* "k=v&k=v", split as it stands */
static inline size_t split(const char *text, gim_pair *pairs)
{
    gim_str rest = gim_str_of(text);
    size_t n = 0;

    while (rest.len && n < MAX_PAIRS) {
        gim_str pair = gim_str_cut(&rest, '&');

        pairs[n].key = gim_str_cut(&pair, '=');
        pairs[n++].value = pair;
    }
    return n;
}

#endif
