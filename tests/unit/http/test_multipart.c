/* test_multipart.c: multipart/form-data: every row whole, byte by byte, and cut in two at each place,
 * against a guard page; limits; and how much is looked at, counted. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

/* The parser is compiled into this program, so that what it looks at can be counted. */
static size_t looked;

static void *counted_chr(const void *in, int c, size_t n)
{
    const char *at = memchr(in, c, n);

    looked += at ? (size_t)(at - (const char *)in) + 1 : n;
    return (void *)(uintptr_t)at;
}

static int counted_cmp(const void *a, const void *b, size_t n)
{
    const char *x = a, *y = b;
    size_t same = 0;

    while (same < n && x[same] == y[same])
        same++;
    looked += same < n ? same + 1 : n;
    return same < n;
}

#define memchr counted_chr
#define memcmp counted_cmp
#include "../../../gimlet/http/multipart.c"
#undef memchr
#undef memcmp

#include "multipart_shown.h"

#define TYPE "multipart/form-data; boundary=xYz"
#define B "--xYz"
#define HEAD_A "Content-Disposition: form-data; name=\"a\"\r\n\r\n"
#define FILE_A "Content-Disposition: form-data; name=\"a\"; filename=\"f.txt\"\r\n"

static const struct row {
    const char *body, *want;
} rows[] = {
    /* well-formed */
    {B "\r\n" HEAD_A "1\r\n" B "--\r\n", "[a|-|text/plain:1]."},
    {B "\r\n" HEAD_A "1\r\n" B "--", "[a|-|text/plain:1]."},
    {B "\r\n" HEAD_A "\r\n" B "--\r\n", "[a|-|text/plain:]."},
    {B "\r\n" HEAD_A B "--\r\n", "[a|-|text/plain:]."}, /* RFC 2046: no body at all */
    {B "\r\n" HEAD_A "1\r\n" B "\r\n" HEAD_A "2\r\n" B "--\r\n",
     "[a|-|text/plain:1][a|-|text/plain:2]."},
    {B "\r\n" FILE_A "Content-Type: image/png\r\n\r\nPNG\r\n\r\n" B "--\r\n",
     "[a|f.txt|image/png:PNG\r\n]."},
    {B "\r\n" FILE_A "content-TYPE:text/html;charset=utf-8 \r\nX-Other: 1\r\n\r\n<>\r\n" B "--",
     "[a|f.txt|text/html;charset=utf-8:<>]."},
    {B "--\r\n", "."},
    {B "--", "."},
    {"\r\n" B "--", "."},
    {"hello\r\n" B "\r\n" HEAD_A "1\r\n" B "--\r\nbye\r\n" B "\r\n", "[a|-|text/plain:1]."},
    {B " \t\r\n" HEAD_A "1\r\n" B "-- \t\r\n", "[a|-|text/plain:1]."},
    /* text that looks like a boundary */
    {B "\r\n" HEAD_A "\r\r\n\r\n-\r\n--\r\n--x\r\n--xYx\r\n-xYz\n" B " " B "\r\n" B "--",
     "[a|-|text/plain:\r\r\n\r\n-\r\n--\r\n--x\r\n--xYx\r\n-xYz\n--xYz --xYz]."},
    {B "\r\n" HEAD_A "\r\n\r\n" B "--", "[a|-|text/plain:\r\n]."},
    {B "\r\n" HEAD_A "-" B "\r\n" B "--", "[a|-|text/plain:---xYz]."},
    {B "\r\n" HEAD_A "--xY\r\n" B "--", "[a|-|text/plain:--xY]."},
    {B "\r\n" HEAD_A "\r" B "\r\n" B "--", "[a|-|text/plain:\r--xYz]."},
    {B "\r\n" HEAD_A "\n" B "\r\n" B "--", "[a|-|text/plain:\n--xYz]."},
    {"--xY\r\n--x\r\n" B "--", "."},
    /* names */
    {B "\r\nContent-Disposition: form-data; name=a\r\n\r\n1\r\n" B "--", "[a|-|text/plain:1]."},
    {B "\r\nContent-Disposition: FORM-data ;NAME=\"a b\"\r\n\r\n\r\n" B "--",
     "[a b|-|text/plain:]."},
    {B "\r\nContent-Disposition: form-data; name=\"q\\\"\\\\u\"\r\n\r\n\r\n" B "--",
     "[q\"\\u|-|text/plain:]."},
    {B "\r\nContent-Disposition: form-data; name=\"a%22b\"\r\n\r\n\r\n" B "--",
     "[a%22b|-|text/plain:]."}, /* as it is: whether it was escaped cannot be told */
    {B "\r\nContent-Disposition: form-data; name=\"\"\r\n\r\n\r\n" B "--", "[|-|text/plain:]."},
    {B "\r\nContent-Disposition: form-data; name=\"\xc3\xa9\"\r\n\r\n\r\n" B "--",
     "[\xc3\xa9|-|text/plain:]."},
    {B "\r\nContent-Disposition: form-data; name=\"a\"; filename=\"\"\r\n\r\n\r\n" B "--",
     "[a||text/plain:]."},
    {B "\r\nContent-Disposition: form-data; name=\"a\"; filename=\"C:\\d\\f\"\r\n\r\n\r\n" B "--",
     "[a|C:\\d\\f|text/plain:]."},
    {B "\r\nContent-Disposition: form-data; name=\"a\"; filename*=UTF-8''evil; filename=x\r\n\r\n"
       "\r\n" B "--",
     "[a|x|text/plain:]."}, /* RFC 7578 §4.2 */
    {B "\r\nContent-Disposition: form-data; name=\"a\"; filename*=UTF-8''evil\r\n\r\n\r\n" B "--",
     "[a|-|text/plain:]."},
    {B "\r\nContent-Transfer-Encoding: BINARY\r\n" HEAD_A "\r\n" B "--", "[a|-|text/plain:]."},
    {B "\r\nContent-Type:\r\n" HEAD_A "\r\n" B "--", "[a|-|text/plain:]."},
    /* cut short */
    {"", "?"},
    {"\r", "?"},
    {"preamble", "?"},
    {B, "?"},
    {B "-", "?"},
    {B "\r\n", "?"},
    {B "\r\nContent", "?"},
    {B "\r\n" HEAD_A, "[a|-|text/plain:?"},
    {B "\r\n" HEAD_A "1", "[a|-|text/plain:1?"},
    {B "\r\n" HEAD_A "1\r\n" B, "[a|-|text/plain:1]?"},
    {B "\r\n" HEAD_A "1\r\n" B "\r\n", "[a|-|text/plain:1]?"},
    {B "--\r", "?"},
    /* refused */
    {B "\n" HEAD_A, "!400"},
    {B "x\r\n", "!400"},
    {B "-x", "!400"},
    {B "--x", "!400"},
    {B "---", "!400"},
    {B "--\rx", "!400"},
    {B "--\n", "!400"},
    {B "\rx", "!400"},
    {B " x\r\n", "!400"},
    {B " -", "!400"},
    {B "\r\n" HEAD_A "1\r\n" B "4\r\n", "[a|-|text/plain:1]!400"},
    {B "\r\n" HEAD_A "1\r\n" B "\n", "[a|-|text/plain:1]!400"},
    {B "\r\n\r\n1\r\n" B "--", "!400"},
    {B "\r\nContent-Type: text/plain\r\n\r\n1\r\n" B "--", "!400"},
    {B "\r\nContent-Disposition: attachment; name=a\r\n\r\n", "!400"},
    {B "\r\nContent-Disposition: form-data\r\n\r\n", "!400"},
    {B "\r\nContent-Disposition: form-data; filename=x\r\n\r\n", "!400"},
    {B "\r\nContent-Disposition: form-data; name*=x\r\n\r\n", "!400"},
    {B "\r\nContent-Disposition: form-data; name=a; name=b\r\n\r\n", "!400"},
    {B "\r\nContent-Disposition: form-data; name=\"\"; NAME=b\r\n\r\n", "!400"},
    {B "\r\nContent-Disposition: form-data; name=a; filename=b; filename=c\r\n\r\n", "!400"},
    {B "\r\nContent-Disposition: form-data; name=\"a\r\n\r\n", "!400"},
    {B "\r\nContent-Disposition: form-data; name=a b\r\n\r\n", "!400"},
    {B "\r\nContent-Disposition: form-data; name\r\n\r\n", "!400"},
    {B "\r\nContent-Disposition: form-data, name=a\r\n\r\n", "!400"},
    {B "\r\n" FILE_A HEAD_A, "!400"},
    {B "\r\nContent-Type: a/b\r\nContent-Type: a/c\r\n" HEAD_A, "!400"},
    {B "\r\nContent-Transfer-Encoding: base64\r\n" HEAD_A, "!400"},
    {B "\r\nContent-Transfer-Encoding: quoted-printable\r\n" HEAD_A, "!400"},
    {B "\r\nX-A: 1\r\n folded\r\n" HEAD_A, "!400"},
    {B "\r\nX-A : 1\r\n" HEAD_A, "!400"},
    {B "\r\nX-A\r\n" HEAD_A, "!400"},
    {B "\r\n: 1\r\n" HEAD_A, "!400"},
    {B "\r\nX-A: \x01\r\n" HEAD_A, "!400"},
    {B "\r\nX-A: \x7f\r\n" HEAD_A, "!400"},
    {B "\r\nX-A: a\rb\r\n" HEAD_A, "!400"},
    {B "\r\nX-A: a\r\r\n" HEAD_A, "!400"},
    {B "\r\nX-A: a\n" HEAD_A, "!400"},
    {B "\r\n\n", "!400"},
};
#define WHOLE 100000
#define N_ROWS (sizeof rows / sizeof rows[0])

static void begin(struct gim_multipart *m)
{
    memset(m, 0xa5, sizeof *m); /* begin sets what counts */
    assert_int_equal(gim_multipart_begin(m, GIM_S(TYPE)), 0);
}

/* In pieces that end at `cuts` (0: none), then by `stride` bytes. */
static void check(const struct row *r, size_t cut, size_t stride)
{
    struct gim_multipart m;
    struct gim_buf out = {0};
    size_t len = strlen(r->body), at = 0;
    bool ok = true;

    begin(&m);
    if (cut)
        ok = multipart_feed(&m, r->body, cut, &out);
    for (at = cut; ok && at < len; at += stride) {
        size_t n = len - at < stride ? len - at : stride;

        ok = multipart_feed(&m, r->body + at, n, &out);
    }
    multipart_finish(&m, &out);
    if (strcmp(out.ptr, r->want) != 0)
        fail_msg("row %zu, cut %zu, stride %zu: \"%s\", want \"%s\"", (size_t)(r - rows), cut,
                 stride, out.ptr, r->want);
    gim_buf_free(&out);
}

static void bodies_are_taken_whole(void **state)
{
    (void)state;
    for (size_t i = 0; i < N_ROWS; i++)
        check(&rows[i], 0, WHOLE);
}

static void bodies_are_taken_byte_by_byte(void **state)
{
    (void)state;
    for (size_t i = 0; i < N_ROWS; i++)
        check(&rows[i], 0, 1);
}

static void bodies_are_taken_in_every_two_pieces(void **state)
{
    (void)state;
    for (size_t i = 0; i < N_ROWS; i++) {
        for (size_t cut = 1; cut < strlen(rows[i].body); cut++)
            check(&rows[i], cut, WHOLE);
    }
}

static void a_boundary_is_what_rfc_2046_says(void **state)
{
    static const struct {
        const char *type;
        bool ok;
    } types[] = {
        {"multipart/form-data; boundary=x", true},
        {"Multipart/Form-Data;charset=utf-8;Boundary=\"x y\"", true},
        {"multipart/form-data; boundary=\"'()+_,-./:=?\"", true},
        {"multipart/form-data; boundary="
         "1234567890123456789012345678901234567890123456789012345678901234567890",
         true},
        {"multipart/form-data; boundary="
         "12345678901234567890123456789012345678901234567890123456789012345678901",
         false},
        {"multipart/form-data", false},
        {"multipart/form-data; boundary=", false},
        {"multipart/form-data; boundary=\"\"", false},
        {"multipart/form-data; boundary=\"x \"", false},
        {"multipart/form-data; boundary=\"x\\\"y\"", false},
        {"multipart/form-data; boundary=\"\xc3\xa9\"", false},
        {"multipart/form-data; boundary=a*b", false},
        {"multipart/form-data; boundary=x; boundary=x", false},
        {"multipart/form-data; boundary=x y", false},
        {"multipart/form-data boundary=x", false},
        {"multipart/mixed; boundary=x", false},
        {"application/json; boundary=x", false},
        {"", false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
        struct gim_multipart m;
        size_t len = strlen(types[i].type);
        char *copy = guard_copy(types[i].type, len);

        if (gim_multipart_begin(&m, (gim_str){copy, len}) != (types[i].ok ? 0 : -1))
            fail_msg("%s", types[i].type);
        if (!types[i].ok) {
            assert_int_equal(m.why.status, 400);
            assert_non_null(m.why.detail);
        }
        guard_free(copy, len);
    }
}

/* ---- limits ---------------------------------------------------------------------------------- */

/* The status of `prefix`, then `n` times `unit`, then `suffix`; 0: taken, -1: cut short. */
static int status_of(const char *prefix, const char *unit, size_t n, const char *suffix,
                     uint32_t max_parts)
{
    struct gim_multipart m;
    struct gim_buf body = {0}, out = {0};
    int status;

    begin(&m);
    m.max_parts = max_parts;
    gim_buf_str(&body, gim_str_of(prefix));
    while (n--)
        gim_buf_str(&body, gim_str_of(unit));
    gim_buf_str(&body, gim_str_of(suffix));
    multipart_show(&m, gim_buf_view(&body), &out);
    status = m.why.status ? m.why.status : gim_multipart_complete(&m) ? 0 : -1;
    gim_buf_free(&body);
    gim_buf_free(&out);
    return status;
}

static void each_limit_holds_to_the_byte(void **state)
{
    static const char name[] = "\r\nContent-Disposition: form-data; name=\"";
    size_t head = sizeof "X: \r\n" - 1 + sizeof HEAD_A - 1;

    (void)state;
    assert_int_equal(status_of("", "p", 1024, "\r\n" B "--", 0), 0);
    assert_int_equal(status_of("", "p", 1025, "\r\n" B "--", 0), 400);
    assert_int_equal(status_of(B "--\r\n", "e", 1024, "", 0), 0);
    assert_int_equal(status_of(B "--\r\n", "e", 1025, "", 0), 400);
    assert_int_equal(status_of("", "p", 1000, "\r\n" B "--\r\n123456789012345678901234", 0), 0);
    assert_int_equal(status_of("", "p", 1000, "\r\n" B "--\r\n1234567890123456789012345", 0), 400);
    assert_int_equal(status_of(B, name, 1, "", 0), -1);
    assert_int_equal(status_of(B "\r\nX: ", "h", 4096 - head, "\r\n" HEAD_A B "--", 0), 0);
    assert_int_equal(status_of(B "\r\nX: ", "h", 4097 - head, "\r\n" HEAD_A B "--", 0), 400);
    assert_int_equal(status_of(B "\r\n", "X", 5000, "", 0), 400);
    assert_int_equal(
        status_of(B "\r\nContent-Disposition: form-data; name=", "n", 256, "\r\n\r\n" B "--", 0),
        0);
    assert_int_equal(
        status_of(B "\r\nContent-Disposition: form-data; name=", "n", 257, "\r\n\r\n" B "--", 0),
        400);
    assert_int_equal(status_of("", B "\r\n" HEAD_A, 3, B "--", 3), 0);
    assert_int_equal(status_of("", B "\r\n" HEAD_A, 4, B "--", 3), 413);
    assert_int_equal(status_of("", B "\r\n" HEAD_A, 100000, B "--", 0), 0);
}

/* ---- work ------------------------------------------------------------------------------------ */

/* Bytes looked at for a body of `n` times `unit`, in pieces of `stride`; each of them at least once. */
static size_t work_of(const char *unit, size_t n, size_t stride)
{
    struct gim_multipart m;
    struct gim_buf body = {0};

    begin(&m);
    gim_buf_lit(&body, B "\r\n" HEAD_A "x"); /* so that what follows is no first boundary */
    while (n--)
        gim_buf_str(&body, gim_str_of(unit));
    looked = 0;
    for (size_t at = 0; at < body.len; at += stride) {
        gim_str piece = {body.ptr + at, body.len - at < stride ? body.len - at : stride};

        while (gim_multipart_next(&m, &piece) != GIM_MULTIPART_MORE)
            assert_int_equal(m.why.status, 0);
    }
    assert_true(looked * 4 >= body.len);
    n = looked * 100 / body.len;
    gim_buf_free(&body);
    return n;
}

static void floods_of_near_boundaries_cost_linear_work(void **state)
{
    static const char *const floods[] = {"\r",      "\r\n",     "\r\n-",     "\r\n--",
                                         "\r\n--x", "\r\n--xY", "\r\n--xYx", "\r\r\n--xY",
                                         "--xYz",   "-",        "\n",        "plain text"};
    static const size_t strides[] = {1, 3, 7, 4096, 1 << 20};

    (void)state;
    for (size_t i = 0; i < sizeof floods / sizeof floods[0]; i++) {
        for (size_t k = 0; k < sizeof strides / sizeof strides[0]; k++) {
            size_t few = work_of(floods[i], 1000, strides[k]);
            size_t many = work_of(floods[i], 16000, strides[k]);

            if (few > 400 || many > 400 || many > few + 50)
                fail_msg("flood %zu, stride %zu: %zu, then %zu hundredths of a look a byte", i,
                         strides[k], few, many);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bodies_are_taken_whole),
        cmocka_unit_test(bodies_are_taken_byte_by_byte),
        cmocka_unit_test(bodies_are_taken_in_every_two_pieces),
        cmocka_unit_test(a_boundary_is_what_rfc_2046_says),
        cmocka_unit_test(each_limit_holds_to_the_byte),
        cmocka_unit_test(floods_of_near_boundaries_cost_linear_work),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
