/* test_differential.c: our reading of a text against jansson's, on the rows, on seeds that are
 * mutated and on random text, by a generator with a fixed start: what fails once fails again.
 *
 * Both must say the same of whether it is JSON; where it is, every value must be the same: types,
 * names, strings byte for byte, numbers bit for bit, and nothing more or less. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>
#include <gimlet/json.h>
#include <jansson.h>
#include "../../../gimlet/base/arena.h"
#include "guard.h"
#include "rounds.h"
#include "rows.h"

#define MUTATED 60000
#define RANDOM 60000
#define VALID 20000
#define ROOM 16384

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

static unsigned long counts[3]; /* texts; of them JSON; values compared */

/* -1: not JSON; 0: JSON, in `*value`; 1: jansson has no answer (its numbers and keys have limits of
 * their own, and a NUL ends a text that it takes). */
static int jansson_says(const char *text, size_t len, json_t **value)
{
    json_error_t error;

    *value = json_loadb(text, len,
                        JSON_DECODE_ANY | JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL |
                            JSON_DECODE_INT_AS_REAL,
                        &error);
    if (*value)
        return memchr(text, '\0', len) ? 1 : 0;
    switch (json_error_code(&error)) {
    case json_error_numeric_overflow:
    case json_error_null_byte_in_key:
        return 1;
    default:
        return -1;
    }
}

static enum gim_json_type type_of(const json_t *v)
{
    switch (json_typeof(v)) {
    case JSON_OBJECT:
        return GIM_JSON_OBJECT;
    case JSON_ARRAY:
        return GIM_JSON_ARRAY;
    case JSON_STRING:
        return GIM_JSON_STRING;
    case JSON_NULL:
        return GIM_JSON_NULL;
    case JSON_TRUE:
    case JSON_FALSE:
        return GIM_JSON_BOOL;
    default:
        return GIM_JSON_NUMBER;
    }
}

static bool same_leaf(gim_json ours, const json_t *theirs, struct gim_arena *arena)
{
    double number, want = json_number_value(theirs);
    gim_str text;
    bool truth;

    switch (gim_json_type(ours)) {
    case GIM_JSON_STRING:
        return gim_json_str(ours, arena, &text) && text.len == json_string_length(theirs) &&
               (!text.len || memcmp(text.ptr, json_string_value(theirs), text.len) == 0);
    case GIM_JSON_NUMBER:
        return gim_json_double(ours, &number) && memcmp(&number, &want, sizeof want) == 0;
    case GIM_JSON_BOOL:
        return gim_json_bool(ours, &truth) && truth == json_is_true(theirs);
    default:
        return true;
    }
}

/* Down both trees at once; a text is at most GIM_JSON_MAX_DEPTH deep. */
static bool same_value(gim_json ours, const json_t *theirs, struct gim_arena *arena)
{
    struct gim_json_iter it = {0};
    size_t n = 0;
    gim_str name;

    counts[2]++;
    if (!theirs || gim_json_type(ours) != type_of(theirs))
        return false;
    if (!json_is_array(theirs) && !json_is_object(theirs))
        return same_leaf(ours, theirs, arena);
    for (; gim_json_next(ours, &it); n++) {
        const json_t *there = json_array_get(theirs, n);

        if (json_is_object(theirs) && gim_json_str(it.name, arena, &name))
            there = json_object_getn(theirs, name.ptr, name.len);
        if (!same_value(it.value, there, arena))
            return false;
    }
    return n == (json_is_array(theirs) ? json_array_size(theirs) : json_object_size(theirs));
}

/* A copy that ends where memory ends: one place for all that fit. */
static char *at_the_edge(const char *text, size_t len)
{
    static char nothing[ROOM], *edge;

    if (len > ROOM)
        return guard_copy(text, len);
    if (!edge)
        edge = guard_copy(nothing, ROOM) + ROOM;
    return memcpy(edge - len, text, len);
}

static void compare(const char *text, size_t len)
{
    struct gim_arena arena = {0};
    struct gim_json_error err = {0};
    gim_str ours_text = {at_the_edge(text, len), len};
    int ours = gim_json_check(ours_text, &arena, &err), theirs;
    json_t *value;

    theirs = jansson_says(text, len, &value);
    counts[0]++;
    counts[1] += ours == 0;
    if (theirs != 1 && ours != theirs)
        fail_msg("%.*s: we say %d (%s), jansson %d", (int)len, text, ours, err.reason, theirs);
    if (ours == 0 && theirs == 0 && !same_value(gim_json_root(ours_text), value, &arena))
        fail_msg("%.*s: not the values that jansson reads", (int)len, text);
    json_decref(value);
    if (len > ROOM)
        guard_free((char *)ours_text.ptr, len);
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
    for (unsigned long i = 0; i < rounds_of(MUTATED); i++) {
        const char *seed = seeds[i % (sizeof seeds / sizeof seeds[0])];
        size_t len = strlen(seed);

        memcpy(text, seed, len);
        for (uint32_t n = 1 + random_below(&random, 3); n; n--)
            len = mutate(text, len, sizeof text, &random);
        compare(text, len);
    }
}

struct text {
    char bytes[ROOM];
    size_t len;
    uint64_t random;
};

static void put(struct text *t, const char *more)
{
    t->len += (size_t)snprintf(t->bytes + t->len, sizeof t->bytes - t->len, "%s", more);
}

#define PUT_ONE(t, list)                                                                           \
    put(t, (list)[random_below(&(t)->random, sizeof(list) / sizeof((list)[0]))])

static void put_string(struct text *t)
{
    static const char *const pieces[] = {"a",
                                         "bc",
                                         " ",
                                         "/",
                                         "\xC3\xA9",
                                         "\xE2\x82\xAC",
                                         "\xF0\x9D\x84\x9E",
                                         "\\\"",
                                         "\\\\",
                                         "\\/",
                                         "\\b",
                                         "\\f\\n\\r\\t",
                                         "\\u00e9",
                                         "\\u20AC",
                                         "\\uD834\\udd1e",
                                         "\x7F",
                                         "\\u0001"};

    put(t, "\"");
    for (uint32_t n = random_below(&t->random, 6); n; n--)
        PUT_ONE(t, pieces);
    put(t, "\"");
}

static void put_number(struct text *t)
{
    static const char *const wholes[] = {"0",
                                         "-0",
                                         "7",
                                         "-12",
                                         "9007199254740993",
                                         "18446744073709551616",
                                         "123456789012345678901234567890"};
    static const char *const fractions[] = {"",       "", ".0", ".5", ".1", ".30000000000000004",
                                            ".000001"};
    static const char *const exponents[] = {"", "", "", "e0", "E+2", "e-7", "e22", "e-320", "e250"};

    PUT_ONE(t, wholes);
    PUT_ONE(t, fractions);
    PUT_ONE(t, exponents);
}

static void put_value(struct text *t, int depth)
{
    static const char *const words[] = {"true", "false", "null"};
    static const char *const spaces[] = {"", "", "", " ", "\n\t", "\r "};
    uint32_t kind = random_below(&t->random, depth ? 5 : 3), n = random_below(&t->random, 4);
    char name[16];

    PUT_ONE(t, spaces);
    if (kind == 0)
        PUT_ONE(t, words);
    else if (kind == 1)
        put_string(t);
    else if (kind == 2)
        put_number(t);
    else
        put(t, kind == 3 ? "[" : "{");
    for (uint32_t i = 0; kind > 2 && i < n; i++) {
        snprintf(name, sizeof name, "\"%u\\u00%02x\":", i, 0x41 + i); /* never twice */
        put(t, i ? "," : "");
        put(t, kind == 4 ? name : "");
        put_value(t, depth - 1);
    }
    if (kind > 2)
        put(t, kind == 3 ? "]" : "}");
    PUT_ONE(t, spaces);
}

static void made_values_are_read_the_same(void **state)
{
    static struct text t = {.random = 20261125};
    unsigned long before = counts[1];

    (void)state;
    for (unsigned long i = 0; i < rounds_of(VALID); i++) {
        t.len = 0;
        put_value(&t, 4);
        compare(t.bytes, t.len);
    }
    assert_int_equal(counts[1] - before, rounds_of(VALID)); /* all of it was JSON */
}

/* Tokens and bytes in any order: rarely JSON, often nearly. */
static void random_text_gets_the_same_answer(void **state)
{
    static const char *const tokens[] = {
        "{",       "}",  "[",  "]",    ",",    ":",    "\"a\"", "\"\"",  "\"\\u", "d800",
        "\\udc00", "\"", "-",  "0",    "12",   ".5",   "e9",    "E-1",   "true",  "nul",
        "false",   " ",  "\n", "null", "\xC3", "\xA9", "\\n",   "\"b\":"};
    uint64_t random = 20261125;
    char text[128];

    (void)state;
    for (unsigned long i = 0; i < rounds_of(RANDOM); i++) {
        size_t len = 0;

        for (uint32_t n = random_below(&random, 16); n; n--) {
            const char *token = tokens[random_below(&random, sizeof tokens / sizeof tokens[0])];

            if (random_below(&random, 8)) {
                memcpy(text + len, token, strlen(token));
                len += strlen(token);
            } else {
                text[len++] = alphabet[random_below(&random, sizeof alphabet - 1)];
            }
        }
        compare(text, len);
    }
    print_message("%lu texts, %lu of them JSON, %lu values compared\n", counts[0], counts[1],
                  counts[2]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_get_the_same_answer),
        cmocka_unit_test(made_values_are_read_the_same),
        cmocka_unit_test(mutated_seeds_get_the_same_answer),
        cmocka_unit_test(random_text_gets_the_same_answer),
    };

    return cmocka_run_group_tests_name("differential", tests, NULL, NULL);
}
