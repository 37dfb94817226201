#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include "gimlet/rest/problem.h"

#define S(literal)                                                                                 \
    {                                                                                              \
        literal, sizeof(literal) - 1                                                               \
    }

static struct gim_fault second = {
    .code = "too_big",
    .param = S("limit"),
    .detail = S("at most 100"),
};
static struct gim_fault first = {
    .next = &second,
    .code = "too_long",
    .pointer = S("/tags/2"),
    .detail = S("at most 30 characters"),
};
static struct gim_fault whole = {.code = "type", .pointer = S(""), .detail = S("not an object")};

struct row {
    int status;
    const char *slug;
    gim_str detail, instance, trace;
    struct gim_faults faults;
    struct gim_json_error where;
    const char *want;
};

static const struct row rows[] = {
    {.status = 404, .want = "{\"type\":\"about:blank\",\"title\":\"Not Found\",\"status\":404}"},
    {.status = 404,
     .detail = S("no post 7"),
     .instance = S("id-1"),
     .want = "{\"type\":\"about:blank\",\"title\":\"Not Found\",\"status\":404,"
             "\"detail\":\"no post 7\",\"instance\":\"id-1\"}"},
    {.status = 404,
     .instance = S("id-1"),
     .trace = S("4bf92f3577b34da6a3ce929d0e0e4736"),
     .want = "{\"type\":\"about:blank\",\"title\":\"Not Found\",\"status\":404,"
             "\"instance\":\"id-1\",\"trace_id\":\"4bf92f3577b34da6a3ce929d0e0e4736\"}"},
    {.status = 409,
     .slug = "key-in-use",
     .detail = S(""),
     .want = "{\"type\":\"/problems/key-in-use\",\"title\":\"Conflict\",\"status\":409,"
             "\"detail\":\"\"}"},
    {.status = 404,
     .detail = S("\"a\\b\" \xc3\xa9 \x01 \xff\xc3 end"),
     .want = "{\"type\":\"about:blank\",\"title\":\"Not Found\",\"status\":404,\"detail\":"
             "\"\\\"a\\\\b\\\" \xc3\xa9 \\u0001 \xef\xbf\xbd\xef\xbf\xbd end\"}"},
    {.status = 404,
     .detail = S("cut \xe2\x82"),
     .want = "{\"type\":\"about:blank\",\"title\":\"Not Found\",\"status\":404,\"detail\":"
             "\"cut \xef\xbf\xbd\xef\xbf\xbd\"}"},
    {.status = 400,
     .faults = {.first = &first, .kept = 2, .total = 2},
     .want = "{\"type\":\"about:blank\",\"title\":\"Bad Request\",\"status\":400,\"errors\":["
             "{\"pointer\":\"/tags/2\",\"code\":\"too_long\",\"detail\":\"at most 30 characters\"},"
             "{\"parameter\":\"limit\",\"code\":\"too_big\",\"detail\":\"at most 100\"}]}"},
    {.status = 400,
     .faults = {.first = &whole, .kept = 1, .total = 4711},
     .want = "{\"type\":\"about:blank\",\"title\":\"Bad Request\",\"status\":400,\"errors\":["
             "{\"pointer\":\"\",\"code\":\"type\",\"detail\":\"not an object\"}],"
             "\"errors_total\":4711}"},
    {.status = 400,
     .where = {"expected ','", 17, 2, 5},
     .detail = S("expected ','"),
     .want = "{\"type\":\"about:blank\",\"title\":\"Bad Request\",\"status\":400,"
             "\"detail\":\"expected ','\",\"offset\":17,\"line\":2,\"column\":5}"},
};

static void a_problem_says_what_where_and_all_of_it(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct row *r = &rows[i];
        struct gim_buf b = {0};

        gim_problem_write(&b, r->status, r->slug, r->detail,
                          (struct gim_problem_of){r->instance, r->trace}, &r->faults,
                          r->where.reason ? &r->where : NULL);
        gim_buf_char(&b, '\0');
        assert_string_equal(b.ptr, r->want);
        gim_buf_free(&b);
    }
}

static void a_problem_is_appended(void **state)
{
    struct gim_buf b = {0};

    (void)state;
    gim_buf_lit(&b, "before ");
    gim_problem_write(&b, 404, NULL, (gim_str){0}, (struct gim_problem_of){0}, NULL, NULL);
    gim_buf_char(&b, '\0');
    assert_string_equal(b.ptr,
                        "before {\"type\":\"about:blank\",\"title\":\"Not Found\",\"status\":404}");
    gim_buf_free(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_problem_says_what_where_and_all_of_it),
        cmocka_unit_test(a_problem_is_appended),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
