#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include "gimlet/rest/access_log.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define S(literal) ((gim_str){literal, sizeof(literal) - 1})

static const struct gim_access_entry plain = {
    .time = {1795528577123456},
    .remote = {"192.0.2.7", 9},
    .method = {"POST", 4},
    .target = {"/posts?x=1", 10},
    .route = {"/posts", 6},
    .id = {"4f1c", 4},
    .status = 201,
    .bytes = 187,
    .ms = 3,
};

/* ---- helpers ------------------------------------------------------------------------------- */

struct stage {
    int ends[2];
    struct gim_access_log log;
};

static void open_stage(struct stage *s, enum gim_access_format format)
{
    assert_int_equal(pipe(s->ends), 0);
    assert_int_equal(fcntl(s->ends[0], F_SETFL, O_NONBLOCK), 0);
    gim_access_log_init(&s->log, s->ends[1], GIM_ACCESS_ALL, format);
}

static void close_stage(struct stage *s)
{
    gim_access_log_release(&s->log);
    close(s->ends[0]);
    close(s->ends[1]);
}

/* All that the pipe holds, NUL-terminated, to be freed. */
static char *drain(struct stage *s)
{
    size_t room = 1 << 20;
    size_t n = 0;
    char *text = malloc(room);
    ssize_t got;

    while ((got = read(s->ends[0], text + n, room - n - 1)) > 0)
        n += (size_t)got;
    text[n] = '\0';
    return text;
}

static void expect_line(const struct gim_access_entry *e, enum gim_access_format format,
                        const char *want)
{
    struct stage s;
    char *got;

    open_stage(&s, format);
    gim_access_log_add(&s.log, e);
    assert_true(gim_access_log_waiting(&s.log));
    gim_access_log_flush(&s.log);
    assert_false(gim_access_log_waiting(&s.log));
    got = drain(&s);
    assert_string_equal(got, want);
    free(got);
    close_stage(&s);
}

/* ---- lines --------------------------------------------------------------------------------- */

static void a_line_has_all_of_the_entry(void **state)
{
    struct gim_access_entry absent = {.time = {1795528577000000}};

    (void)state;
    expect_line(&plain, GIM_ACCESS_TEXT,
                "2026-11-24T13:56:17.123Z 192.0.2.7 \"POST /posts?x=1\" 201 187 3ms 4f1c\n");
    expect_line(&plain, GIM_ACCESS_JSON,
                "{\"time\":\"2026-11-24T13:56:17.123Z\",\"remote\":\"192.0.2.7\","
                "\"method\":\"POST\",\"target\":\"/posts?x=1\",\"route\":\"/posts\","
                "\"status\":201,\"bytes\":187,\"ms\":3,\"id\":\"4f1c\"}\n");
    expect_line(&absent, GIM_ACCESS_TEXT, "2026-11-24T13:56:17Z - \"- -\" aborted 0 0ms -\n");
    expect_line(&absent, GIM_ACCESS_JSON,
                "{\"time\":\"2026-11-24T13:56:17Z\",\"aborted\":true,\"status\":0,\"bytes\":0,"
                "\"ms\":0}\n");
}

static void who_asked_is_in_the_line(void **state)
{
    struct gim_access_entry e = plain;

    (void)state;
    e.trace = S("4bf9");
    e.principal = S("ci");
    e.remote = (gim_str){0};
    expect_line(&e, GIM_ACCESS_TEXT,
                "2026-11-24T13:56:17.123Z - \"POST /posts?x=1\" 201 187 3ms 4f1c 4bf9 "
                "principal=ci\n");
    e.route = e.trace = (gim_str){0};
    expect_line(&e, GIM_ACCESS_JSON,
                "{\"time\":\"2026-11-24T13:56:17.123Z\",\"method\":\"POST\",\"target\":"
                "\"/posts?x=1\",\"status\":201,\"bytes\":187,\"ms\":3,\"id\":\"4f1c\","
                "\"principal\":\"ci\"}\n");
}

/* Whatever the bytes of a request are: one line of printable ASCII comes of them. */
static void no_byte_of_a_request_reaches_the_line_raw(void **state)
{
    uint64_t x = 88172645463325252u;
    struct stage s;

    (void)state;
    for (int round = 0; round < 4000; round++) {
        char bytes[6][64];
        gim_str f[6];
        struct gim_access_entry e = plain;
        char *got;
        size_t n;

        for (int i = 0; i < 6; i++) {
            for (size_t k = 0; k < sizeof bytes[i]; k++) {
                x ^= x << 13, x ^= x >> 7, x ^= x << 17; /* xorshift64 */
                bytes[i][k] = round % 2 ? (char)(x >> 24) : "\n\r\x1b\x9b\"\\\x7f\0a "[x % 10];
            }
            f[i] = (gim_str){bytes[i], x % sizeof bytes[i]};
        }
        e.method = f[0], e.target = f[1], e.id = f[2], e.trace = f[3], e.principal = f[4];
        e.remote = f[5];
        open_stage(&s, round % 4 < 2 ? GIM_ACCESS_TEXT : GIM_ACCESS_JSON);
        gim_access_log_add(&s.log, &e);
        gim_access_log_flush(&s.log);
        got = drain(&s);
        n = strlen(got);
        assert_int_equal(got[n - 1], '\n');
        for (size_t i = 0; i + 1 < n; i++)
            assert_in_range((unsigned char)got[i], 0x20, 0x7e);
        free(got);
        close_stage(&s);
    }
}

static void a_client_cannot_forge_a_line(void **state)
{
    struct gim_access_entry e = plain;

    (void)state;
    e.remote = (gim_str){"", 0}; /* on a unix socket, or when the client has gone */
    e.route = (gim_str){0};
    e.method = S("G\nT");
    e.target = S("/\"\\\r\n\x1b[31m\x7f\xc3\xa9\0x");
    expect_line(&e, GIM_ACCESS_TEXT,
                "2026-11-24T13:56:17.123Z - \"G\\x0aT "
                "/\\\"\\\\\\x0d\\x0a\\x1b[31m\\x7f\\xc3\\xa9\\x00x\" 201 187 3ms 4f1c\n");
    expect_line(&e, GIM_ACCESS_JSON,
                "{\"time\":\"2026-11-24T13:56:17.123Z\",\"method\":\"G\\u000aT\",\"target\":"
                "\"/\\\"\\\\\\u000d\\u000a\\u001b[31m\\u007f\\u00c3\\u00a9\\u0000x\","
                "\"status\":201,\"bytes\":187,\"ms\":3,\"id\":\"4f1c\"}\n");
}

static void long_fields_are_cut_and_a_line_stays_one_write(void **state)
{
    static char bytes[5000];
    gim_str big = {bytes, sizeof bytes};
    struct gim_access_entry e = {
        .remote = big, .method = big, .target = big, .route = big, .id = big, .status = 200};

    (void)state;
    for (int filler = 0; filler < 256; filler += 'a') { /* escaped at its longest, not at all */
        for (int format = GIM_ACCESS_TEXT; format <= GIM_ACCESS_JSON; format++) {
            struct stage s;
            char *got;

            memset(bytes, filler, sizeof bytes);
            open_stage(&s, (enum gim_access_format)format);
            gim_access_log_add(&s.log, &e);
            gim_access_log_flush(&s.log);
            got = drain(&s);
            assert_in_range(strlen(got), 1800, 4096);
            assert_ptr_equal(strchr(got, '\n'), got + strlen(got) - 1);
            assert_non_null(strstr(got, "...\""));
            free(got);
            close_stage(&s);
        }
    }
}

/* ---- modes --------------------------------------------------------------------------------- */

static void the_mode_decides_what_is_wanted(void **state)
{
    static const struct {
        enum gim_access_mode mode;
        int status;
        bool wanted;
    } rows[] = {
        {GIM_ACCESS_OFF, 200, false},    {GIM_ACCESS_OFF, 500, false},
        {GIM_ACCESS_OFF, 0, false},      {GIM_ACCESS_ERRORS, 200, false},
        {GIM_ACCESS_ERRORS, 399, false}, {GIM_ACCESS_ERRORS, 400, true},
        {GIM_ACCESS_ERRORS, 503, true},  {GIM_ACCESS_ERRORS, 0, true},
        {GIM_ACCESS_ALL, 200, true},     {GIM_ACCESS_ALL, 0, true},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct gim_access_log l;

        gim_access_log_init(&l, -1, rows[i].mode, GIM_ACCESS_TEXT);
        assert_int_equal(gim_access_log_wants(&l, rows[i].status), rows[i].wanted);
    }
}

/* ---- buffering ----------------------------------------------------------------------------- */

static size_t count_lines(const char *text, const char *with)
{
    size_t n = 0;

    for (; (text = strstr(text, with)) != NULL; text++)
        n++;
    return n;
}

static void a_full_buffer_is_flushed_by_itself(void **state)
{
    struct stage s;
    char *got;

    (void)state;
    open_stage(&s, GIM_ACCESS_TEXT);
    for (int i = 0; i < 300; i++)
        gim_access_log_add(&s.log, &plain);
    got = drain(&s);
    assert_true(count_lines(got, "POST") > 0);
    free(got);
    gim_access_log_flush(&s.log);
    close_stage(&s);
}

static void lines_a_reader_does_not_take_are_dropped_and_counted(void **state)
{
    enum {
        LINES = 5000
    };
    struct stage s;
    size_t kept, last;
    char want[64];
    char *got;

    (void)state;
    open_stage(&s, GIM_ACCESS_TEXT);
    for (int i = 0; i < LINES; i++) /* far more than pipe and buffer hold, with nobody reading */
        gim_access_log_add(&s.log, &plain);
    assert_true(s.log.dropped > 0);
    got = drain(&s);
    kept = count_lines(got, "POST");
    assert_int_equal(got[strlen(got) - 1], '\n');
    free(got);
    gim_access_log_flush(&s.log);
    got = drain(&s);
    kept += count_lines(got, "POST");
    free(got);
    assert_int_equal(kept + s.log.dropped, LINES);

    snprintf(want, sizeof want, "Z %u lines dropped\n", (unsigned)s.log.dropped);
    gim_access_log_add(&s.log, &plain);
    gim_access_log_add(&s.log, &plain);
    assert_int_equal(s.log.dropped, 0);
    gim_access_log_flush(&s.log);
    got = drain(&s);
    last = count_lines(got, "POST");
    assert_int_equal(last, 2);
    assert_int_equal(count_lines(got, want), 1);
    assert_int_equal(count_lines(got, "dropped"), 1);
    free(got);
    close_stage(&s);
}

/* What one write takes ends with a line, so that lines of other writers cannot come into it. */
static void each_write_ends_with_a_line(void **state)
{
    struct stage s;
    char *got;

    (void)state;
    open_stage(&s, GIM_ACCESS_TEXT);
    if (fcntl(s.ends[1], F_SETPIPE_SZ, 4096) < 0)
        skip();
    for (int i = 0; i < 200; i++)
        gim_access_log_add(&s.log, &plain);
    for (int i = 0; i < 4; i++) {
        gim_access_log_flush(&s.log);
        got = drain(&s);
        assert_in_range(strlen(got), 1, 4096);
        assert_int_equal(got[strlen(got) - 1], '\n');
        free(got);
    }
    close_stage(&s);
}

static void a_reader_that_went_away_is_survived(void **state)
{
    struct stage s;

    (void)state;
    open_stage(&s, GIM_ACCESS_JSON);
    close(s.ends[0]);
    for (int i = 0; i < 1000; i++)
        gim_access_log_add(&s.log, &plain);
    gim_access_log_flush(&s.log);
    assert_true(s.log.dropped > 0);
    s.ends[0] = dup(s.ends[1]);
    close_stage(&s);
}

static void lines_in_json_say_what_was_dropped_too(void **state)
{
    struct stage s;
    const char *want;
    char *got;

    (void)state;
    open_stage(&s, GIM_ACCESS_JSON);
    s.log.dropped = 7;
    gim_access_log_add(&s.log, &plain);
    gim_access_log_flush(&s.log);
    got = drain(&s);
    want = "{\"time\":\"2026-11-24T13:56:17.123Z\",\"lines_dropped\":7}\n{";
    assert_memory_equal(got, want, strlen(want));
    free(got);
    close_stage(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_line_has_all_of_the_entry),
        cmocka_unit_test(who_asked_is_in_the_line),
        cmocka_unit_test(no_byte_of_a_request_reaches_the_line_raw),
        cmocka_unit_test(a_client_cannot_forge_a_line),
        cmocka_unit_test(long_fields_are_cut_and_a_line_stays_one_write),
        cmocka_unit_test(the_mode_decides_what_is_wanted),
        cmocka_unit_test(a_full_buffer_is_flushed_by_itself),
        cmocka_unit_test(lines_a_reader_does_not_take_are_dropped_and_counted),
        cmocka_unit_test(each_write_ends_with_a_line),
        cmocka_unit_test(a_reader_that_went_away_is_survived),
        cmocka_unit_test(lines_in_json_say_what_was_dropped_too),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
