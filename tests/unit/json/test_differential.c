/* test_differential.c: our answer to "is this JSON" against jansson's, on the rows and on seeds
 * that are mutated by a generator with a fixed start: what fails once fails again. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <gimlet/json.h>
#include <jansson.h>
#include "../../../gimlet/base/arena.h"
#include "guard.h"
#include "rows.h"

#define ROUNDS 60000

static const char *const seeds[] = {
    "{\"title\":\"On C\",\"body\":\"Fast \\u00e9 \\ud83d\\ude39 \xC3\xA9\",\"n\":-12.5e+3}",
    "[1,2.5,-0,1e22,true,false,null,\"a\\\"b\\\\c\\n\"]",
    "{\"a\":{\"b\":[{\"c\":[]},{}],\"d\":\"\"},\"e\":[[[0]]]}",
    "  {\n\t\"k\" : [ 10 , 20 ] ,\r\n \"l\" : { } }  ",
    "[\"\xE2\x82\xAC\xF0\x9D\x84\x9E\xED\x9F\xBF\xF4\x8F\xBF\xBF\",{\"\":null}]",
};

static const char alphabet[] =
    "{}[]:,\"\\/ \t\n0123456789.eE+-utrfalsn\x00\x1F\x7F\x80\xC3\xA9\xED\xF4";

static uint32_t random_below(uint64_t *state, uint32_t n)
{
    *state = *state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (uint32_t)(*state >> 33) % n;
}

/* -1: not JSON; 0: JSON; 1: jansson has no answer (its numbers and keys have limits of their own).
 */
static int jansson_says(const char *text, size_t len)
{
    json_error_t error;
    json_t *v = json_loadb(text, len,
                           JSON_DECODE_ANY | JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL |
                               JSON_DECODE_INT_AS_REAL,
                           &error);

    if (v) {
        json_decref(v);
        return memchr(text, '\0', len) ? 1 : 0;
    }
    switch (json_error_code(&error)) {
    case json_error_numeric_overflow:
    case json_error_null_byte_in_key:
        return 1;
    default:
        return -1;
    }
}

static void compare(const char *text, size_t len)
{
    struct gim_arena arena = {0};
    struct gim_json_error err = {0};
    char *copy = guard_copy(text, len);
    int ours = gim_json_check((gim_str){copy, len}, &arena, &err);
    int theirs = jansson_says(text, len);

    if (theirs != 1 && ours != theirs)
        fail_msg("%.*s: we say %d (%s), jansson %d", (int)len, text, ours, err.reason, theirs);
    guard_free(copy, len);
    gim_arena_reset(&arena);
}

static void rows_get_the_same_answer(void **state)
{
    (void)state;
    for (size_t i = 0; i < N_JSON_ROWS; i++)
        compare(json_rows[i].text, json_rows[i].len);
}

static size_t mutate(char *text, size_t len, size_t room, uint64_t *state)
{
    size_t at = random_below(state, (uint32_t)len + 1), n;

    switch (random_below(state, 4)) {
    case 0: /* another byte */
        if (at < len)
            text[at] = alphabet[random_below(state, sizeof alphabet - 1)];
        return len;
    case 1: /* one byte more */
        if (len == room)
            return len;
        memmove(text + at + 1, text + at, len - at);
        text[at] = alphabet[random_below(state, sizeof alphabet - 1)];
        return len + 1;
    case 2: /* some bytes less */
        n = random_below(state, 4);
        n = n > len - at ? len - at : n;
        memmove(text + at, text + at + n, len - at - n);
        return len - n;
    default: /* a piece twice */
        n = random_below(state, 12);
        n = n > len - at ? len - at : n;
        if (len + n > room)
            return len;
        memmove(text + at + n, text + at, len - at);
        return len + n;
    }
}

static void mutated_seeds_get_the_same_answer(void **state)
{
    uint64_t random = 20261124;
    char text[256];

    (void)state;
    for (int i = 0; i < ROUNDS; i++) {
        const char *seed = seeds[i % (int)(sizeof seeds / sizeof seeds[0])];
        size_t len = strlen(seed);

        memcpy(text, seed, len);
        for (uint32_t n = 1 + random_below(&random, 3); n; n--)
            len = mutate(text, len, sizeof text, &random);
        compare(text, len);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_get_the_same_answer),
        cmocka_unit_test(mutated_seeds_get_the_same_answer),
    };

    return cmocka_run_group_tests_name("differential", tests, NULL, NULL);
}
