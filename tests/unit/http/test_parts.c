/* test_parts.c: what a parsed head gives: fields by id and by name, plain paths, methods. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>
#include "reads.h"

#define HOST "Host: h\r\n"
#define GET "GET / HTTP/1.1\r\n"

#define POST "POST / HTTP/1.1\r\n" HOST

static void known_fields_are_found_by_id_and_others_by_name(void **state)
{
    static const char *const names[GIM_FIELD_IDS] = {
        [GIM_FIELD_HOST] = "Host",
        [GIM_FIELD_CONTENT_LENGTH] = "Content-Length",
        [GIM_FIELD_TRANSFER_ENCODING] = "Transfer-Encoding",
        [GIM_FIELD_CONNECTION] = "Connection",
        [GIM_FIELD_EXPECT] = "Expect",
        [GIM_FIELD_CONTENT_TYPE] = "Content-Type",
        [GIM_FIELD_ACCEPT] = "Accept",
        [GIM_FIELD_AUTHORIZATION] = "Authorization",
        [GIM_FIELD_IF_MATCH] = "If-Match",
        [GIM_FIELD_IF_NONE_MATCH] = "If-None-Match",
        [GIM_FIELD_IF_MODIFIED_SINCE] = "If-Modified-Since",
        [GIM_FIELD_IF_UNMODIFIED_SINCE] = "If-Unmodified-Since",
        [GIM_FIELD_X_REQUEST_ID] = "X-Request-Id",
        [GIM_FIELD_IDEMPOTENCY_KEY] = "Idempotency-Key",
    };

    (void)state;
    for (unsigned id = 1; id < GIM_FIELD_IDS; id++) {
        size_t n = strlen(names[id]), at = 0;
        struct gim_refusal why = {0};
        struct gim_head h;
        char in[200];

        snprintf(in, sizeof in, "GET / HTTP/1.0\r\nAccept-Encoding: a\r\n%s: 1\r\n\r\n", names[id]);
        (void)!gim_head_parse(&h, gim_str_of(in), 0, &defaults, &why);
        assert_int_equal(h.fields[0].id, GIM_FIELD_OTHER);
        assert_int_equal(h.fields[1].id, id);
        assert_int_equal(h.first[id], 2);
        assert_true(gim_str_eq(gim_head_find(&h, gim_str_of(names[id]), &at), GIM_S("1")));
        assert_int_equal(at, 2);
        assert_null(gim_head_find(&h, gim_str_of(names[id]), &at).ptr);
        for (size_t i = 0; i < n; i++) { /* any other byte at any place: another name */
            in[36 + i] ^= 1;
            (void)!gim_head_parse(&h, gim_str_of(in), 0, &defaults, &why);
            if (h.n_fields == 2)
                assert_int_equal(h.fields[1].id, GIM_FIELD_OTHER);
            in[36 + i] ^= 1;
        }
    }
}

static void a_head_moves_by_moving_its_base(void **state)
{
    static const char in[] = POST "User-Agent: a\r\n\r\n";
    struct gim_refusal why = {0};
    struct gim_head h;
    char copy[sizeof in];

    (void)state;
    assert_int_equal(gim_head_parse(&h, gim_str_of(in), 0, &defaults, &why), sizeof in - 1);
    memcpy(copy, in, sizeof in);
    h.base = copy;
    assert_ptr_equal(gim_head_known(&h, GIM_FIELD_HOST).ptr, copy + 23);
    assert_null(gim_head_known(&h, GIM_FIELD_ACCEPT).ptr);
}

static void a_path_is_plain_when_it_is_its_decoded_form(void **state)
{
    static const struct {
        const char *path;
        bool plain;
    } rows[] = {
        {"/", true},           {"/posts/1", true},
        {"/a.b/c..", true},    {"/a?x=//..%41", true},
        {"//a", false},        {"/a//", false},
        {"/./a", false},       {"/a/..", false},
        {"/%41", false},       {"/.x", false},
        {"http://h/a", true},  {"http://h", true},
        {"http://h//", false}, {"http://h/%41", false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct gim_refusal why = {0};
        struct gim_head h;
        char in[200];

        snprintf(in, sizeof in, "GET %s HTTP/1.1\r\n" HOST "\r\n", rows[i].path);
        assert_true(gim_head_parse(&h, gim_str_of(in), 0, &defaults, &why) > 0);
        assert_int_equal(h.path_plain, rows[i].plain);
    }
}

static void methods_are_known_by_their_exact_name(void **state)
{
    (void)state;
    for (int m = 1; m < GIM_METHODS; m++) {
        gim_str name = gim_method_name((enum gim_method)m);

        assert_true(name.len >= 3);
        assert_int_equal(gim_method_of(name), m);
        assert_int_equal(gim_method_of((gim_str){name.ptr, name.len - 1}), GIM_METHOD_OTHER);
    }
    assert_int_equal(gim_method_of(GIM_S("get")), GIM_METHOD_OTHER);
    assert_int_equal(gim_method_of(GIM_S("GOT")), GIM_METHOD_OTHER);
    assert_int_equal(gim_method_of(GIM_S("DELETED")), GIM_METHOD_OTHER);
    assert_int_equal(gim_method_of(GIM_S("")), GIM_METHOD_OTHER);
    assert_int_equal(gim_method_of(GIM_S("PROPPATCH")), GIM_METHOD_OTHER);
    assert_null(gim_method_name(GIM_METHOD_OTHER).ptr);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(known_fields_are_found_by_id_and_others_by_name),
        cmocka_unit_test(a_head_moves_by_moving_its_base),
        cmocka_unit_test(a_path_is_plain_when_it_is_its_decoded_form),
        cmocka_unit_test(methods_are_known_by_their_exact_name),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
