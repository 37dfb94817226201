/* test_traceparent.c: W3C Trace Context, section 3.2. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include "../../../gimlet/http/traceparent.h"
#include "guard.h"

#define TRACE "4bf92f3577b34da6a3ce929d0e0e4736"
#define SPAN "00f067aa0ba902b7"

struct row {
    int result;
    unsigned flags;
    const char *text;
};

static int read_guarded(const char *text, struct gim_traceparent *out)
{
    size_t n = strlen(text);
    char *copy = guard_copy(text, n);
    int result = gim_traceparent_read((gim_str){copy, n}, out);

    guard_free(copy, n);
    return result;
}

static void a_field_is_read_by_the_rules(void **state)
{
    static const struct row rows[] = {
        {0, 1, "00-" TRACE "-" SPAN "-01"},
        {0, 0, "00-" TRACE "-" SPAN "-00"},
        {0, 0xff, "00-" TRACE "-" SPAN "-ff"},
        {0, 3, "cc-" TRACE "-" SPAN "-03"},
        {0, 1, "01-" TRACE "-" SPAN "-01-what the future says"},
        {0, 1, "01-" TRACE "-" SPAN "-01-"},
        {-1, 0, "01-" TRACE "-" SPAN "-01.x"},
        {-1, 0, "01-" TRACE "-" SPAN "-01x"},
        {-1, 0, "00-" TRACE "-" SPAN "-01-x"},
        {-1, 0, "00-" TRACE "-" SPAN "-01 "},
        {-1, 0, "ff-" TRACE "-" SPAN "-01"},
        {-1, 0, "FF-" TRACE "-" SPAN "-01"},
        {-1, 0, "0-" TRACE "-" SPAN "-01"},
        {-1, 0, "00-4BF92F3577b34da6a3ce929d0e0e4736-" SPAN "-01"},
        {-1, 0, "00-" TRACE "-00F067aa0ba902b7-01"},
        {-1, 0, "00-" TRACE "-" SPAN "-0A"},
        {-1, 0, "00-00000000000000000000000000000000-" SPAN "-01"},
        {-1, 0, "00-" TRACE "-0000000000000000-01"},
        {-1, 0, "00_" TRACE "-" SPAN "-01"},
        {-1, 0, "00-" TRACE "_" SPAN "-01"},
        {-1, 0, "00-" TRACE "-" SPAN "_01"},
        {-1, 0, "00-4bf92f3577b34da6a3ce929d0e0e473g-" SPAN "-01"},
        {-1, 0, "00-" TRACE "-" SPAN "-0"},
        {-1, 0, "00-" TRACE "-" SPAN},
        {-1, 0, ""},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct gim_traceparent t = {.flags = 0};

        if (read_guarded(rows[i].text, &t) != rows[i].result || t.flags != rows[i].flags)
            fail_msg("%s", rows[i].text);
        if (rows[i].result == 0) {
            assert_memory_equal(t.trace, TRACE, GIM_TRACE_ID_LEN);
            assert_memory_equal(t.span, SPAN, GIM_SPAN_ID_LEN);
        }
    }
}

static void every_shorter_piece_is_refused(void **state)
{
    static const char text[] = "00-" TRACE "-" SPAN "-01";
    struct gim_traceparent t;

    (void)state;
    for (size_t n = 0; n < sizeof text - 1; n++) {
        char *copy = guard_copy(text, n);

        assert_int_equal(gim_traceparent_read((gim_str){copy, n}, &t), -1);
        guard_free(copy, n);
    }
}

static void what_is_written_reads_back(void **state)
{
    struct gim_traceparent t = {.flags = 0xff}, back;
    char out[GIM_TRACEPARENT_LEN];

    (void)state;
    memcpy(t.trace, TRACE, GIM_TRACE_ID_LEN);
    gim_span_id_write(t.span, UINT64_C(0x00f067aa0ba902b7));
    gim_traceparent_write(out, &t);
    assert_memory_equal(out, "00-" TRACE "-" SPAN "-01", sizeof out);
    assert_int_equal(gim_traceparent_read((gim_str){out, sizeof out}, &back), 0);
    t.flags = 2;
    gim_traceparent_write(out, &t);
    assert_memory_equal(out + 52, "-00", 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_field_is_read_by_the_rules),
        cmocka_unit_test(every_shorter_piece_is_refused),
        cmocka_unit_test(what_is_written_reads_back),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
