/* test_event.c: events as lines: rows, and random text read back by the rules of the other side
 * (WHATWG HTML §9.2.6), written here once more. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "gimlet/kit/event.h"

#define TEXT(s)                                                                                    \
    {                                                                                              \
        s, sizeof(s) - 1                                                                           \
    }

static const struct {
    struct gim_sse event;
    const char *lines;
} rows[] = {
    {{.data = TEXT("hello")}, "data: hello\n\n"},
    {{.data = TEXT("")}, "data: \n\n"},
    {{.data = TEXT(" two  spaces ")}, "data:  two  spaces \n\n"},
    {{.data = TEXT("a\nb")}, "data: a\ndata: b\n\n"},
    {{.data = TEXT("a\r\nb\rc\n")}, "data: a\ndata: b\ndata: c\ndata: \n\n"},
    {{.data = TEXT("\n\n")}, "data: \ndata: \ndata: \n\n"},
    {{.data = TEXT("x\nid: 7\n\nevent: y")}, "data: x\ndata: id: 7\ndata: \ndata: event: y\n\n"},
    {{.event = TEXT("add"), .data = TEXT("1"), .id = TEXT("7"), .retry = 250},
     "retry: 250\nevent: add\nid: 7\ndata: 1\n\n"},
    {{.event = TEXT("add\ndata: evil"), .data = TEXT("1")}, "event: add\ndata: 1\n\n"},
    {{.event = TEXT("add\rdata: evil"), .data = TEXT("1")}, "event: add\ndata: 1\n\n"},
    {{.id = TEXT("7\ndata: evil"), .data = TEXT("1")}, "data: 1\n\n"},
    {{.id = TEXT("7\0008"), .data = TEXT("1")}, "data: 1\n\n"},
    {{.id = TEXT(""), .data = TEXT("1")}, "id: \ndata: 1\n\n"},
    {{.id = TEXT("7")}, "id: 7\n\n"},
    {{.retry = 3000}, "retry: 3000\n\n"},
    {{.retry = -1, .data = TEXT("1")}, "data: 1\n\n"},
    {{.event = TEXT("")}, ":\n\n"},
    {{.event = {0}}, ":\n\n"},
};

static void rows_are_written(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct gim_buf b = {0};

        gim_event_write(&b, &rows[i].event);
        gim_buf_char(&b, 0);
        assert_string_equal(b.ptr, rows[i].lines);
        gim_buf_free(&b);
    }
}

static void comment_of_several_lines_is_several_comments(void **state)
{
    struct gim_buf b = {0};

    (void)state;
    gim_event_comment(&b, GIM_S("a\ndata: b"));
    gim_event_comment(&b, (gim_str){0});
    gim_buf_char(&b, 0);
    assert_string_equal(b.ptr, ": a\n: data: b\n\n: \n\n");
    gim_buf_free(&b);
}

struct note {
    gim_str text;
};
static const struct gim_field fields[] = {GIM_STR(struct note, text)};
static const struct gim_schema schema = GIM_SCHEMA("Note", struct note, fields);

static void json_is_one_line(void **state)
{
    const struct note n = {GIM_S("a\nb")};
    const struct gim_sse e = {.event = GIM_S("note"), .data = GIM_S("not this")};
    struct gim_buf b = {0};

    (void)state;
    gim_event_write_json(&b, &e, &schema, &n);
    gim_buf_char(&b, 0);
    assert_string_equal(b.ptr, "event: note\ndata: {\"text\":\"a\\nb\"}\n\n");
    gim_buf_free(&b);
}

/* ---- read back ------------------------------------------------------------------------------- */

struct heard {
    char data[256], event[64], id[64];
    size_t n_data, n_event, n_id;
    int dispatched;
};

static void take_field(struct heard *h, const char *line, size_t len)
{
    const char *colon = memchr(line, ':', len);
    size_t name = colon ? (size_t)(colon - line) : len;
    const char *value = colon ? colon + 1 : line + len;
    size_t n = (size_t)(line + len - value);

    if (n && *value == ' ') {
        value++;
        n--;
    }
    if (name == 4 && memcmp(line, "data", 4) == 0) {
        memcpy(h->data + h->n_data, value, n);
        h->n_data += n;
        h->data[h->n_data++] = '\n';
    } else if (name == 5 && memcmp(line, "event", 5) == 0) {
        memcpy(h->event, value, h->n_event = n);
    } else if (name == 2 && memcmp(line, "id", 2) == 0 && !memchr(value, 0, n)) {
        memcpy(h->id, value, h->n_id = n);
    }
}

static void hear(struct heard *h, const char *p, size_t len)
{
    while (len) {
        size_t n = 0;

        while (n < len && p[n] != '\n' && p[n] != '\r')
            n++;
        if (n == 0)
            h->dispatched += h->n_data > 0;
        else
            take_field(h, p, n);
        n += n + 1 < len && p[n] == '\r' && p[n + 1] == '\n' ? 2 : 1;
        p += n;
        len -= n;
    }
    h->n_data -= h->n_data > 0; /* the last line's end */
}

static gim_str random_text(char *at, size_t max)
{
    static const char bytes[] = "ab: \r\n\r\n\0d";
    size_t n = (size_t)rand() % max;

    for (size_t i = 0; i < n; i++)
        at[i] = bytes[(size_t)rand() % (sizeof bytes - 1)];
    return (gim_str){at, n};
}

/* CR LF and CR become LF, as in any form that a browser reads. */
static size_t normalised(gim_str s, char *to)
{
    size_t n = 0;

    for (size_t i = 0; i < s.len; i++) {
        if (s.ptr[i] == '\r' && i + 1 < s.len && s.ptr[i + 1] == '\n')
            continue;
        to[n++] = s.ptr[i] == '\r' ? '\n' : s.ptr[i];
    }
    return n;
}

static size_t line_length(gim_str s)
{
    size_t n = 0;

    while (n < s.len && s.ptr[n] != '\r' && s.ptr[n] != '\n')
        n++;
    return n;
}

static void random_text_is_heard_as_it_was_said(void **state)
{
    char a[48], b[16], d[16], want[48];

    (void)state;
    srand(7);
    for (int i = 0; i < 20000; i++) {
        struct gim_sse e = {.data = random_text(a, sizeof a),
                            .event = random_text(b, sizeof b),
                            .id = random_text(d, sizeof d)};
        struct heard h = {0};
        struct gim_buf out = {0};
        size_t n = normalised(e.data, want);

        gim_event_write(&out, &e);
        hear(&h, out.ptr, out.len);
        assert_int_equal(h.dispatched, 1);
        assert_int_equal(h.n_data, n);
        assert_memory_equal(h.data, want, n);
        assert_int_equal(h.n_id, gim_event_id_ok(e.id) ? e.id.len : 0);
        assert_int_equal(h.n_event, line_length(e.event));
        gim_buf_free(&out);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_are_written),
        cmocka_unit_test(comment_of_several_lines_is_several_comments),
        cmocka_unit_test(json_is_one_line),
        cmocka_unit_test(random_text_is_heard_as_it_was_said),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
