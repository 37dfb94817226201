/* test_websocket.c: frames of clients, one row a case, in the order of the chapters that WebSocket test
 * suites have: framing, pings, reserved bits, opcodes, fragments, UTF-8, closing, limits and sizes.
 *
 * Each row is read whole, byte by byte and in random pieces; small ones with each piece against a guard
 * page. The events must be the same. Between pieces the reader's buffer is taken away unless a message
 * is under way, as its owner does. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include "../../../gimlet/http/websocket.h"
#include "guard.h"

#pragma GCC diagnostic ignored "-Wmissing-field-initializers" /* rows give what they need */

#define FIN 0x80
#define T (FIN | GIM_WS_TEXT)
#define B (FIN | GIM_WS_BINARY)
#define T_ GIM_WS_TEXT
#define B_ GIM_WS_BINARY
#define C_ GIM_WS_CONTINUATION
#define C (FIN | GIM_WS_CONTINUATION)
#define PING (FIN | GIM_WS_PING)
#define PONG (FIN | GIM_WS_PONG)
#define CLOSE (FIN | GIM_WS_CLOSE)

struct frame {
    int first; /* its first byte; the row ends where payload is NULL */
    const char *payload;
    size_t len; /* of a payload that a pattern fills: {B, "", 70000} */
    int form;   /* 2, 8: bytes of length even where fewer do */
    bool bare;  /* not masked */
    bool high;  /* sets the length's highest bit */
};

#define P(literal) ("" literal), sizeof(literal) - 1

static const struct row {
    const char *name;
    struct frame frames[10];
    const char *events;
    uint64_t max_message, max_frame;
} rows[] = {
    /* 1: framing */
    {"an empty text", {{T, P("")}}, "text 0 <>\n", 0, 0},
    {"a short text", {{T, P("Hello")}}, "text 5 <Hello>\n", 0, 0},
    {"the longest of one byte of length", {{T, "*", 125}}, "text 125 pattern\n", 0, 0},
    {"the shortest of two", {{T, "*", 126}}, "text 126 pattern\n", 0, 0},
    {"127 bytes", {{T, "*", 127}}, "text 127 pattern\n", 0, 0},
    {"128 bytes", {{T, "*", 128}}, "text 128 pattern\n", 0, 0},
    {"the longest of two", {{T, "*", 65535}}, "text 65535 pattern\n", 0, 0},
    {"the shortest of eight", {{T, "*", 65536}}, "text 65536 pattern\n", 0, 0},
    {"no bytes", {{B, P("")}}, "binary 0 <>\n", 0, 0},
    {"bytes that are no text", {{B, P("\xFE\xFF\x80")}}, "binary 3 <\xFE\xFF\x80>\n", 0, 0},
    {"125 bytes", {{B, "*", 125}}, "binary 125 pattern\n", 0, 0},
    {"126 bytes", {{B, "*", 126}}, "binary 126 pattern\n", 0, 0},
    {"65535 bytes", {{B, "*", 65535}}, "binary 65535 pattern\n", 0, 0},
    {"65536 bytes", {{B, "*", 65536}}, "binary 65536 pattern\n", 0, 0},
    {"two messages", {{T, P("a")}, {B, P("b")}}, "text 1 <a>\nbinary 1 <b>\n", 0, 0},
    {"a length in two bytes that fits into one", {{T, P("abc"), 2}}, "bad 1002\n", 0, 0},
    {"125 in two bytes", {{T, "*", 125, 2}}, "bad 1002\n", 0, 0},
    {"a length in eight bytes that fits into one", {{T, P("abc"), 8}}, "bad 1002\n", 0, 0},
    {"65535 in eight bytes", {{B, "*", 65535, 8}}, "bad 1002\n", 0, 0},
    {"a length with its highest bit", {{B, P(""), 8, false, true}}, "bad 1002\n", 0, 0},
    {"a frame without mask", {{T, P("Hello"), 0, true}}, "bad 1002\n", 0, 0},
    {"a ping without mask", {{T, P("a")}, {PING, P(""), 0, true}}, "text 1 <a>\nbad 1002\n", 0, 0},

    /* 2: pings and pongs */
    {"an empty ping", {{PING, P("")}}, "ping 0 <>\n", 0, 0},
    {"a ping with text", {{PING, P("Hello")}}, "ping 5 <Hello>\n", 0, 0},
    {"a ping with bytes", {{PING, P("\x00\xFF\xFE")}}, "ping 3 <\\0\xFF\xFE>\n", 0, 0},
    {"the longest ping", {{PING, "*", 125}}, "ping 125 pattern\n", 0, 0},
    {"a ping too long", {{PING, "*", 126}}, "bad 1002\n", 0, 0},
    {"a ping far too long", {{PING, "*", 70000}}, "bad 1002\n", 0, 0},
    {"a pong nobody asked for", {{PONG, P("x")}, {T, P("a")}}, "pong 1 <x>\ntext 1 <a>\n", 0, 0},
    {"a pong, then a ping", {{PONG, P("")}, {PING, P("p")}}, "pong 0 <>\nping 1 <p>\n", 0, 0},
    {"ten pings but one",
     {{PING, P("1")},
      {PING, P("2")},
      {PING, P("3")},
      {PING, P("4")},
      {PING, P("5")},
      {PING, P("6")},
      {PING, P("7")},
      {PING, P("8")},
      {PING, P("9")}},
     "ping 1 <1>\nping 1 <2>\nping 1 <3>\nping 1 <4>\nping 1 <5>\nping 1 <6>\nping 1 <7>\nping 1 "
     "<8>\n"
     "ping 1 <9>\n",
     0,
     0},

    /* 3: reserved bits */
    {"the first", {{T | 0x40, P("a")}}, "bad 1002\n", 0, 0},
    {"the second", {{T | 0x20, P("a")}}, "bad 1002\n", 0, 0},
    {"the third", {{T | 0x10, P("a")}}, "bad 1002\n", 0, 0},
    {"all, behind a message", {{T, P("a")}, {B | 0x70, P("b")}}, "text 1 <a>\nbad 1002\n", 0, 0},
    {"of a ping", {{PING | 0x40, P("")}}, "bad 1002\n", 0, 0},
    {"of a close", {{CLOSE | 0x10, P("")}}, "bad 1002\n", 0, 0},
    {"of a fragment that goes on", {{T_, P("a")}, {C | 0x40, P("b")}}, "bad 1002\n", 0, 0},

    /* 4: opcodes */
    {"3", {{FIN | 3, P("")}}, "bad 1002\n", 0, 0},
    {"4", {{FIN | 4, P("a")}}, "bad 1002\n", 0, 0},
    {"5, behind a message", {{T, P("a")}, {FIN | 5, P("")}}, "text 1 <a>\nbad 1002\n", 0, 0},
    {"6", {{FIN | 6, P("a")}}, "bad 1002\n", 0, 0},
    {"7", {{FIN | 7, P("a")}}, "bad 1002\n", 0, 0},
    {"11", {{FIN | 11, P("")}}, "bad 1002\n", 0, 0},
    {"12", {{FIN | 12, P("a")}}, "bad 1002\n", 0, 0},
    {"13", {{FIN | 13, P("a")}}, "bad 1002\n", 0, 0},
    {"14", {{FIN | 14, P("a")}}, "bad 1002\n", 0, 0},
    {"15", {{FIN | 15, P("a")}}, "bad 1002\n", 0, 0},

    /* 5: fragments */
    {"a ping in two", {{GIM_WS_PING, P("a")}, {C, P("b")}}, "bad 1002\n", 0, 0},
    {"a pong in two", {{GIM_WS_PONG, P("a")}, {C, P("b")}}, "bad 1002\n", 0, 0},
    {"a close in two", {{GIM_WS_CLOSE, P("")}}, "bad 1002\n", 0, 0},
    {"a text in two", {{T_, P("Hel")}, {C, P("lo")}}, "text 5 <Hello>\n", 0, 0},
    {"bytes in three", {{B_, P("a")}, {C_, P("b")}, {C, P("c")}}, "binary 3 <abc>\n", 0, 0},
    {"empty ones", {{T_, P("")}, {C_, P("")}, {C, P("")}}, "text 0 <>\n", 0, 0},
    {"the last one empty", {{T_, P("a")}, {C, P("")}}, "text 1 <a>\n", 0, 0},
    {"the first one empty", {{T_, P("")}, {C, P("a")}}, "text 1 <a>\n", 0, 0},
    {"a ping between",
     {{T_, P("a")}, {PING, P("p")}, {C, P("b")}},
     "ping 1 <p>\ntext 2 <ab>\n",
     0,
     0},
    {"pings all over",
     {{PING, P("1")},
      {T_, P("a")},
      {PING, P("2")},
      {C_, P("b")},
      {PONG, P("3")},
      {C, P("c")},
      {PING, P("4")}},
     "ping 1 <1>\nping 1 <2>\npong 1 <3>\ntext 3 <abc>\nping 1 <4>\n",
     0,
     0},
    {"a continuation of nothing", {{C, P("a")}}, "bad 1002\n", 0, 0},
    {"an open continuation of nothing", {{C_, P("a")}}, "bad 1002\n", 0, 0},
    {"a continuation of what has ended",
     {{T, P("a")}, {C, P("b")}},
     "text 1 <a>\nbad 1002\n",
     0,
     0},
    {"a text inside a text", {{T_, P("a")}, {T, P("b")}}, "bad 1002\n", 0, 0},
    {"bytes inside a text", {{T_, P("a")}, {B, P("b")}}, "bad 1002\n", 0, 0},
    {"a text inside bytes, late", {{B_, P("a")}, {C_, P("b")}, {T_, P("c")}}, "bad 1002\n", 0, 0},
    {"two fragmented ones",
     {{T_, P("a")}, {C, P("b")}, {B_, P("c")}, {C, P("d")}},
     "text 2 <ab>\nbinary 2 <cd>\n",
     0,
     0},
    {"a close between",
     {{T_, P("a")}, {CLOSE, P("\x03\xE8")}, {C, P("b")}},
     "close 1000 <>\n",
     0,
     0},

    /* 6: UTF-8 */
    {"characters of every length",
     {{T, P("a\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80z")}},
     "text 11 <a\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80z>\n",
     0,
     0},
    {"the greatest code point", {{T, P("\xF4\x8F\xBF\xBF")}}, "text 4 <\xF4\x8F\xBF\xBF>\n", 0, 0},
    {"no characters, but text",
     {{T, P("\xEF\xBF\xBE\xEF\xBF\xBF")}},
     "text 6 <\xEF\xBF\xBE\xEF\xBF\xBF>\n",
     0,
     0},
    {"U+0000", {{T, P("\0")}}, "text 1 <\\0>\n", 0, 0},
    {"a character cut by fragments",
     {{T_, P("\xF0")}, {C_, P("\x9F")}, {PING, P("\xFF")}, {C_, P("\x98")}, {C, P("\x80")}},
     "ping 1 <\xFF>\ntext 4 <\xF0\x9F\x98\x80>\n",
     0,
     0},
    {"a byte that never is", {{T, P("ab\xFF")}}, "bad 1007\n", 0, 0},
    {"a continuation byte alone", {{T, P("\x80")}}, "bad 1007\n", 0, 0},
    {"too long a form of '/'", {{T, P("\xC0\xAF")}}, "bad 1007\n", 0, 0},
    {"too long a form of three", {{T, P("\xE0\x9F\xBF")}}, "bad 1007\n", 0, 0},
    {"too long a form of four", {{T, P("\xF0\x8F\xBF\xBF")}}, "bad 1007\n", 0, 0},
    {"a surrogate", {{T, P("\xED\xA0\x80")}}, "bad 1007\n", 0, 0},
    {"above the greatest", {{T, P("\xF4\x90\x80\x80")}}, "bad 1007\n", 0, 0},
    {"five bytes", {{T, P("\xF8\x88\x80\x80\x80")}}, "bad 1007\n", 0, 0},
    {"a character that stops", {{T, P("\xE2\x82")}}, "bad 1007\n", 0, 0},
    {"a character broken off", {{T, P("\xE2\x82\x41")}}, "bad 1007\n", 0, 0},
    {"a character that stops in the last fragment",
     {{T_, P("a\xC3")}, {C, P("")}},
     "bad 1007\n",
     0,
     0},
    {"wrong in the second fragment",
     {{T_, P("\xCE\xBA")}, {C, P("\xED\xA0\x80")}},
     "bad 1007\n",
     0,
     0},
    {"wrong behind 20 of ASCII", {{T, P("abcdefghijklmnopqrst\xC0")}}, "bad 1007\n", 0, 0},
    {"the next message begins anew",
     {{T, P("\xC3\xA9")}, {T, P("\xA9")}},
     "text 2 <\xC3\xA9>\nbad 1007\n",
     0,
     0},
    {"bytes are not looked at",
     {{B, P("\xC3")}, {T, P("a")}},
     "binary 1 <\xC3>\ntext 1 <a>\n",
     0,
     0},

    /* 7: closing */
    {"without a code", {{CLOSE, P("")}}, "close 1005 <>\n", 0, 0},
    {"half a code", {{CLOSE, P("\x03")}}, "bad 1002\n", 0, 0},
    {"half a code, its other half in a ping",
     {{PING, P("\x03\xE8")}, {CLOSE, P("\x03")}},
     "ping 2 <\x03\xE8>\nbad 1002\n",
     0,
     0},
    {"1000", {{CLOSE, P("\x03\xE8")}}, "close 1000 <>\n", 0, 0},
    {"with a reason",
     {{CLOSE, P("\x03\xE8"
                "bye \xC3\xA9")}},
     "close 1000 <bye \xC3\xA9>\n",
     0,
     0},
    {"what comes behind",
     {{CLOSE, P("\x03\xE9")}, {T, P("a")}, {PING, P("")}},
     "close 1001 <>\n",
     0,
     0},
    {"too long", {{CLOSE, "*", 126}}, "bad 1002\n", 0, 0},
    {"a reason that is no text", {{CLOSE, P("\x03\xE8\xCE")}}, "bad 1007\n", 0, 0},
    {"a reason with a surrogate", {{CLOSE, P("\x03\xE8\xED\xA0\x80")}}, "bad 1007\n", 0, 0},

    /* 9: limits and sizes */
    {"as large as may be", {{B, "*", 1000}}, "binary 1000 pattern\n", 1000, 0},
    {"one more", {{B, "*", 1001}}, "bad 1009\n", 1000, 0},
    {"as large as may be, in three",
     {{B_, "*", 400}, {C_, "*", 400}, {C, "*", 200}},
     "binary 1000 pattern\n",
     1000,
     0},
    {"one more, in three", {{B_, "*", 400}, {C_, "*", 400}, {C, "*", 201}}, "bad 1009\n", 1000, 0},
    {"each message has its own",
     {{B, "*", 900}, {B, "*", 900}},
     "binary 900 pattern\nbinary 900 pattern\n",
     1000,
     0},
    {"pings do not count",
     {{B_, "*", 1000}, {PING, "*", 125}, {C, P("")}},
     "ping 125 pattern\nbinary 1000 pattern\n",
     1000,
     0},
    {"a frame as large as may be", {{B_, "*", 100}, {C, "*", 100}}, "binary 200 pattern\n", 0, 100},
    {"a frame of one more", {{B_, "*", 100}, {C, "*", 101}}, "bad 1009\n", 0, 100},
    {"a megabyte", {{B, "*", 1 << 20}}, "binary 1048576 pattern\n", 0, 0},
    {"a megabyte of text in five",
     {{T_, "*", 200000}, {C_, "*", 200000}, {C_, "*", 200000}, {C_, "*", 200000}, {C, "*", 248576}},
     "text 1048576 pattern\n",
     1 << 20,
     0},
};

/* ---- making ---------------------------------------------------------------------------------- */

/* ASCII, and unlike its own parts: a slice that is moved or masked wrongly shows. */
static char pattern_at(size_t i)
{
    return (char)(' ' + (i * 7 + i / 89) % 90);
}

/* `at`: where in its message's pattern it goes on. */
static void add_frame(struct gim_buf *out, const struct frame *f, size_t at, uint32_t mask)
{
    bool filled = f->payload[0] == '*' && f->payload[1] == '\0' && f->len > 1;
    unsigned n = f->form ? (unsigned)f->form : f->len < 126 ? 0 : f->len < 65536 ? 2 : 8;
    char key[4];

    memcpy(key, &mask, 4);
    gim_buf_char(out, (char)f->first);
    gim_buf_char(out, (char)((f->bare ? 0 : 0x80) | (int)(n == 0 ? f->len : n == 2 ? 126 : 127)));
    for (unsigned i = n; i > 0; i--)
        gim_buf_char(out, (char)(f->high && i == n ? 0x80 : (uint64_t)f->len >> 8 * (i - 1)));
    if (!f->bare)
        gim_buf_add(out, key, 4);
    for (size_t i = 0; i < f->len; i++) {
        char c = filled ? pattern_at(at + i) : f->payload[i];

        gim_buf_char(out, f->bare ? c : (char)(c ^ key[i % 4]));
    }
}

static void make(struct gim_buf *out, const struct row *row, uint32_t mask)
{
    size_t at = 0;

    for (const struct frame *f = row->frames; f->payload; f++) {
        bool control = f->first & 8;

        add_frame(out, f, control ? 0 : at, mask);
        if (!control)
            at = f->first & FIN ? 0 : at + f->len;
        mask = mask * 1103515245u + 12345u;
    }
}

/* ---- reading --------------------------------------------------------------------------------- */

static bool is_pattern(gim_str s)
{
    for (size_t i = 0; i < s.len; i++) {
        if (s.ptr[i] != pattern_at(i))
            return false;
    }
    return s.len > 100;
}

static void say_bytes(struct gim_buf *out, gim_str s)
{
    if (is_pattern(s)) {
        gim_buf_lit(out, "pattern\n");
        return;
    }
    gim_buf_char(out, '<');
    for (size_t i = 0; i < s.len; i++) {
        if (s.ptr[i])
            gim_buf_char(out, s.ptr[i]);
        else
            gim_buf_lit(out, "\\0");
    }
    gim_buf_lit(out, ">\n");
}

/* Returns false when nothing may be fed any more. */
static bool say(struct gim_buf *out, const struct gim_ws_reader *r, enum gim_ws_event event,
                gim_str data)
{
    static const char *const controls[] = {"ping", "pong"};

    if (event == GIM_WS_BAD) {
        gim_buf_printf(out, "bad %u\n", r->code);
        return false;
    }
    if (event == GIM_WS_CONTROL && r->opcode == GIM_WS_CLOSE) {
        gim_buf_printf(out, "close %u ", r->code);
        say_bytes(out, data);
        return false;
    }
    if (event == GIM_WS_CONTROL)
        gim_buf_printf(out, "%s %zu ", controls[r->opcode - GIM_WS_PING], data.len);
    else
        gim_buf_printf(out, "%s %zu ", r->kind == GIM_WS_TEXT ? "text" : "binary", data.len);
    say_bytes(out, data);
    return true;
}

/* Feeds one piece from a copy; false when nothing may be fed any more. */
static bool feed(struct gim_ws_reader *r, gim_str piece, bool guarded, struct gim_buf *out)
{
    char *copy = guarded ? guard_copy(piece.ptr, piece.len) : malloc(piece.len);
    gim_str in = {copy, piece.len}, data;
    enum gim_ws_event event;
    bool more = true;

    assert_non_null(copy);
    if (!guarded)
        memcpy(copy, piece.ptr, piece.len);
    while (more && (event = gim_ws_next(r, &in, &data)) != GIM_WS_MORE)
        more = say(out, r, event, data);
    if (more)
        assert_int_equal(in.len, 0);
    if (guarded)
        guard_free(copy, piece.len);
    else
        free(copy);
    if (!gim_ws_is_partial(r) || !r->message.len)
        gim_buf_free(&r->message);
    return more;
}

/* Pieces of 1 to `most` bytes; 0: all at once. */
static void check(const struct row *row, gim_str in, size_t most, unsigned seed, bool guarded)
{
    struct gim_ws_reader r = {.max_message = row->max_message, .max_frame = row->max_frame};
    struct gim_buf out = {0};
    bool more = true;

    while (more && in.len) {
        size_t n = in.len;

        seed = seed * 1103515245u + 12345u;
        if (most && (n = 1 + (seed >> 16) % most) > in.len)
            n = in.len;
        more = feed(&r, (gim_str){in.ptr, n}, guarded, &out);
        in.ptr += n;
        in.len -= n;
    }
    if (!gim_str_eq(gim_buf_view(&out), gim_str_of(row->events)))
        fail_msg("%s, in pieces of up to %zu:\n%.*swhere this is right:\n%s", row->name, most,
                 (int)out.len, out.ptr ? out.ptr : "", row->events);
    gim_buf_free(&r.message);
    gim_buf_free(&out);
}

static void every_case_gives_its_events_however_it_is_cut(void **state)
{
    static const uint32_t masks[] = {0, 0x37FA213D, 0xFFFFFFFF};

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        for (size_t k = 0; k < sizeof masks / sizeof masks[0]; k++) {
            struct gim_buf in = {0};
            bool small;

            make(&in, &rows[i], masks[k]);
            small = in.len < 300;
            check(&rows[i], gim_buf_view(&in), 0, 0, true);
            if (in.len < 200000 || k == 1)
                check(&rows[i], gim_buf_view(&in), 1, 1, small);
            for (unsigned seed = 1; seed < 8; seed++)
                check(&rows[i], gim_buf_view(&in), in.len < 4000 ? 9 : 5000, seed,
                      small && seed < 3);
            gim_buf_free(&in);
        }
    }
}

static void wrong_text_is_told_before_the_frame_is_whole(void **state)
{
    const struct frame f = {.first = T, P("aaaa\xF4\x90\x80\x80zzzzzzzzzzzz")};
    struct gim_ws_reader r = {0};
    struct gim_buf in = {0};
    gim_str head, data;

    (void)state;
    add_frame(&in, &f, 0, 0x01020304);
    head = (gim_str){in.ptr, 6 + 5};
    assert_int_equal(gim_ws_next(&r, &head, &data), GIM_WS_MORE);
    head = (gim_str){in.ptr + 11, 1};
    assert_int_equal(gim_ws_next(&r, &head, &data), GIM_WS_BAD);
    assert_int_equal(r.code, GIM_WS_NOT_UTF8);
    gim_buf_free(&r.message);
    gim_buf_free(&in);
}

static void too_large_a_frame_is_told_by_its_head(void **state)
{
    struct gim_ws_reader r = {.max_message = 1000};
    gim_str in = {P("\x82\xFE\x03\xE9....")}, data;

    (void)state;
    assert_int_equal(gim_ws_next(&r, &in, &data), GIM_WS_BAD);
    assert_int_equal(r.code, GIM_WS_TOO_BIG);
    assert_null(r.message.ptr);
}

static void codes_of_a_close_are_those_that_may_be_sent(void **state)
{
    static const struct {
        unsigned from, to;
        bool ok;
    } codes[] = {
        {0, 999, false},     {1000, 1003, true}, {1004, 1006, false}, {1007, 1014, true},
        {1015, 2999, false}, {3000, 4999, true}, {5000, 5010, false}, {65535, 65535, false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++) {
        for (unsigned code = codes[i].from; code <= codes[i].to; code++) {
            const char payload[] = {(char)(code >> 8), (char)code};
            const struct frame f = {.first = CLOSE, payload, 2};
            struct gim_ws_reader r = {0};
            struct gim_buf in = {0};
            gim_str at, data;

            assert_int_equal(gim_ws_code_ok(code), codes[i].ok);
            add_frame(&in, &f, 0, code);
            at = gim_buf_view(&in);
            assert_int_equal(gim_ws_next(&r, &at, &data),
                             codes[i].ok ? GIM_WS_CONTROL : GIM_WS_BAD);
            assert_int_equal(r.code, codes[i].ok ? code : GIM_WS_PROTOCOL);
            gim_buf_free(&in);
        }
    }
}

static void frames_are_written_in_their_shortest_form(void **state)
{
    static const struct {
        uint64_t len;
        gim_str head;
    } heads[] = {
        {0, {P("\x81\x00")}},
        {125, {P("\x81\x7D")}},
        {126, {P("\x81\x7E\x00\x7E")}},
        {65535, {P("\x81\x7E\xFF\xFF")}},
        {65536, {P("\x81\x7F\x00\x00\x00\x00\x00\x01\x00\x00")}},
        {UINT64_C(0x0102030405060708), {P("\x81\x7F\x01\x02\x03\x04\x05\x06\x07\x08")}},
    };
    struct gim_buf out = {0};

    (void)state;
    for (size_t i = 0; i < sizeof heads / sizeof heads[0]; i++) {
        char head[GIM_WS_HEAD_MAX];
        size_t n = gim_ws_head_write(head, GIM_WS_TEXT, true, heads[i].len);

        assert_int_equal(n, heads[i].head.len);
        assert_memory_equal(head, heads[i].head.ptr, n);
    }
    gim_ws_frame_write(&out, GIM_WS_PONG, GIM_S("hey"));
    gim_ws_close_write(&out, 1000, GIM_S("bye"));
    gim_ws_close_write(&out, GIM_WS_NO_CODE, GIM_S("unheard"));
    assert_int_equal(out.len, 5 + 7 + 2);
    assert_memory_equal(out.ptr,
                        "\x8A\x03hey\x88\x05\x03\xE8"
                        "bye\x88\x00",
                        out.len);
    gim_buf_free(&out);
}

static void a_reason_is_cut_before_the_character_that_does_not_fit(void **state)
{
    char reason[200];
    struct gim_buf out = {0};

    (void)state;
    memset(reason, 'a', sizeof reason);
    gim_ws_close_write(&out, 1000, (gim_str){reason, 123});
    assert_int_equal(out.len, 2 + 125);
    out.len = 0;
    memcpy(reason + 122, "\xE2\x82\xAC", 3);
    gim_ws_close_write(&out, 1000, (gim_str){reason, 130});
    assert_int_equal(out.len, 2 + 2 + 122);
    out.len = 0;
    memset(reason, 0x80, sizeof reason); /* no text at all: nothing is left of it */
    gim_ws_close_write(&out, 1000, (gim_str){reason, 130});
    assert_int_equal(out.len, 2 + 2);
    gim_buf_free(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_case_gives_its_events_however_it_is_cut),
        cmocka_unit_test(wrong_text_is_told_before_the_frame_is_whole),
        cmocka_unit_test(too_large_a_frame_is_told_by_its_head),
        cmocka_unit_test(codes_of_a_close_are_those_that_may_be_sent),
        cmocka_unit_test(frames_are_written_in_their_shortest_form),
        cmocka_unit_test(a_reason_is_cut_before_the_character_that_does_not_fit),
    };

    return cmocka_run_group_tests_name("websocket", tests, NULL, NULL);
}
