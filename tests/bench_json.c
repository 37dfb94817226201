/* bench_json.c: nanoseconds to decode and to encode a small flat object. Not a test: run by hand.
 *
 *     gcc -O2 -std=gnu11 -D_GNU_SOURCE -Igimlet/include tests/bench_json.c gimlet/json/[a-z]*.c \
 *         gimlet/base/{arena,buf,str,civil,time,clock}.c -lm -o /tmp/bench_json && /tmp/bench_json
 *
 * With one argument, a count, it runs that many rounds once: for callgrind. */
#include "../gimlet/base/arena.h"
#include "../gimlet/base/clock.h"
#include "../gimlet/json/writer.h"
#include <gimlet/json.h>
#include <stdio.h>
#include <stdlib.h>

struct post {
    gim_str id, title, body, author;
    gim_time created_at, updated_at;
};

static const struct gim_field post_rows[] = {
    GIM_STR(struct post, id, .read_only = true),
    GIM_STR(struct post, title, .required = true, .min_len = 1, .max_len = 200),
    GIM_STR(struct post, body, .required = true, .max_len = 65536),
    GIM_STR(struct post, author, .max_len = 100),
    GIM_TIME(struct post, created_at, .read_only = true),
    GIM_TIME(struct post, updated_at, .read_only = true),
};
static const struct gim_schema post_schema = GIM_SCHEMA("Post", struct post, post_rows);

struct flat {
    int64_t id;
    gim_str title, body;
    bool on;
};
static const struct gim_field flat_rows[] = {
    GIM_INT(struct flat, id),
    GIM_STR(struct flat, title, .required = true, .min_len = 1, .max_len = 200),
    GIM_STR(struct flat, body, .required = true, .max_len = 65536),
    GIM_BOOL(struct flat, on),
};
static const struct gim_schema flat_schema = GIM_SCHEMA("Flat", struct flat, flat_rows);

static const char post_json[] =
    "{\"title\":\"A first post\",\"body\":\"The quick brown fox jumps over the lazy dog, and then "
    "once more, for good measure.\",\"author\":\"Ada Lovelace\"}";
static const char spaced_json[] =
    "{\n  \"title\": \"A first post\",\n  \"body\": \"The quick brown fox jumps over the lazy dog, "
    "and then once more.\",\n  \"author\": \"Ada Lovelace\"\n}\n";
static const char flat_json[] = "{\"id\":123456789,\"title\":\"A first post\",\"body\":\"The quick "
                                "brown fox jumps over the lazy "
                                "dog, and then once more, for good measure.\",\"on\":true}";

static char first[4096];

static void decode(const struct gim_schema *s, const char *json, size_t len, void *into)
{
    struct gim_arena a;
    struct gim_faults faults = {0};
    struct gim_json_error err;

    gim_arena_init(&a, first, sizeof first);
    if (gim_json_decode(s, (gim_str){json, len}, into, &a, &faults, &err) != GIM_BIND_OK)
        abort();
    gim_arena_reset(&a);
}

static double decode_ns(const struct gim_schema *s, const char *json, int rounds)
{
    char into[512] __attribute__((aligned(16)));
    size_t len = strlen(json);
    uint64_t start = gim_clock_ns();

    for (int i = 0; i < rounds; i++)
        decode(s, json, len, into);
    return (double)(gim_clock_ns() - start) / rounds;
}

static double encode_ns(const struct gim_schema *s, const void *obj, int rounds)
{
    struct gim_buf b = {0};
    uint64_t start = gim_clock_ns();

    for (int i = 0; i < rounds; i++) {
        b.len = 0;
        gim_json_put(&b, s, obj);
    }
    start = gim_clock_ns() - start;
    gim_buf_free(&b);
    return (double)start / rounds;
}

static double best(double (*run)(const struct gim_schema *, const void *, int),
                   const struct gim_schema *s, const void *what, int rounds)
{
    double least = 1e9;

    for (int i = 0; i < (rounds > 1000 ? 7 : 1); i++) {
        double ns = run(s, what, rounds);

        least = ns < least ? ns : least;
    }
    return least;
}

static double run_decode(const struct gim_schema *s, const void *json, int rounds)
{
    return decode_ns(s, json, rounds);
}

int main(int argc, char **argv)
{
    int rounds = argc > 1 ? (int)strtol(argv[1], NULL, 10) : 1000000;
    struct post post = {.id = GIM_S("01hx9k2b3c4d5"),
                        .created_at = {1795528577123456},
                        .updated_at = {1795528577123456}};
    struct flat flat;

    decode(&post_schema, post_json, strlen(post_json), &post);
    post.id = GIM_S("01hx9k2b3c4d5");
    post.created_at.us = post.updated_at.us = 1795528577123456;
    decode(&flat_schema, flat_json, strlen(flat_json), &flat);
    printf("decode post, %zu bytes          %6.1f ns\n", strlen(post_json),
           best(run_decode, &post_schema, post_json, rounds));
    printf("decode post spaced, %zu bytes   %6.1f ns\n", strlen(spaced_json),
           best(run_decode, &post_schema, spaced_json, rounds));
    printf("decode flat, %zu bytes          %6.1f ns\n", strlen(flat_json),
           best(run_decode, &flat_schema, flat_json, rounds));
    printf("encode post (two times)         %6.1f ns\n",
           best(encode_ns, &post_schema, &post, rounds));
    printf("encode flat                     %6.1f ns\n",
           best(encode_ns, &flat_schema, &flat, rounds));
    return 0;
}
