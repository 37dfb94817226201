/* test_media.c: media types, ranges of them, and parameters. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>
#include "../../../gimlet/http/media.h"
#include "guard.h"

/* "name=value|name=value" of a list; an error ends it with "!"; '*' marks escapes. */
static const char *shown(const char *text)
{
    static char out[512];
    size_t len = strlen(text), n = 0;
    char *copy = guard_copy(text, len);
    gim_str rest = {copy, len};
    struct gim_parameter p;
    int more;

    out[0] = '\0';
    while ((more = gim_parameter_next(&rest, &p)) > 0)
        n += (size_t)snprintf(out + n, sizeof out - n, "%s%.*s=%.*s%s", n ? "|" : "",
                              GIM_FMT(p.name), GIM_FMT(p.value), p.escaped ? "*" : "");
    if (more < 0)
        snprintf(out + n, sizeof out - n, "!");
    guard_free(copy, len);
    return out;
}

static void parameters_are_taken_one_by_one(void **state)
{
    static const struct {
        const char *text, *want;
    } rows[] = {
        {"", ""},
        {" ", ""},
        {";", ""},
        {" ; ; ", ""},
        {";a=b", "a=b"},
        {"; a=b", "a=b"},
        {" ;\ta=b ; c=d;", "a=b|c=d"},
        {";a=\"b c\"", "a=b c"},
        {";a=\"\";b=\"x;y\"", "a=|b=x;y"},
        {";a=\"C:\\dir\\x.txt\"", "a=C:\\dir\\x.txt"},
        {";a=\"x\\\"y\"", "a=x\\\"y*"},
        {";a=\"x\\\\\"", "a=x\\\\*"},
        {";a=\"\xc3\xa9\"", "a=\xc3\xa9"},
        {";a=\"\t\"", "a=\t"},
        {"a=b", "!"},
        {" a=b", "!"},
        {";a", "!"},
        {";a;b=c", "!"},
        {";=b", "!"},
        {";a=", "!"},
        {";a =b", "!"},
        {";a= b", "!"},
        {";a=b c=d", "!"},
        {";x=y;a=b c=d", "x=y!"},
        {";a=\"b\"c", "!"},
        {";a=\"b", "!"},
        {";a=\"", "!"},
        {";a=\"b\\\"", "!"},
        {";a=\"\r\"", "!"},
        {";a=\xc3\xa9", "!"},
        {";a=b,c", "!"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const char *got = shown(rows[i].text);

        if (strcmp(got, rows[i].want) != 0)
            fail_msg("\"%s\" gives \"%s\", want \"%s\"", rows[i].text, got, rows[i].want);
    }
}

static void a_type_is_cut_off_its_parameters(void **state)
{
    gim_str value = GIM_S(" text/plain ; charset=utf-8"), bare = GIM_S("image/png"), none = {0};

    (void)state;
    assert_true(gim_str_eq(gim_media_cut(&value), GIM_S("text/plain")));
    assert_true(gim_str_eq(value, GIM_S("; charset=utf-8")));
    assert_true(gim_str_eq(gim_media_cut(&bare), GIM_S("image/png")));
    assert_int_equal(bare.len, 0);
    assert_int_equal(gim_media_cut(&none).len, 0);
}

static void ranges_cover_what_begins_like_them(void **state)
{
    static const struct {
        const char *list, *type;
        bool want;
    } rows[] = {
        {"image/png", "image/png", true},
        {"image/png", "IMAGE/Png", true},
        {"image/png", "image/pn", false},
        {"image/png", "image/pngx", false},
        {"image/png, image/jpeg", "image/jpeg", true},
        {"image/*", "image/jpeg", true},
        {"image/*", "image/", false},
        {"image/*", "images/x", false},
        {"text/csv,image/*", "image/gif", true},
        {"text/csv,image/*", "text/plain", false},
        {"*/*", "a/b", true},
        {"*", "a/b", false},
        {"", "a/b", false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (gim_media_in(gim_str_of(rows[i].list), gim_str_of(rows[i].type)) != rows[i].want)
            fail_msg("%s in %s", rows[i].type, rows[i].list);
    }
}

static void escapes_are_taken_out_in_place(void **state)
{
    char text[] = "a\\\"b\\\\c\\d";
    size_t n = gim_unquote(text, (gim_str){text, strlen(text)});

    (void)state;
    assert_int_equal(n, 7);
    assert_memory_equal(text, "a\"b\\c\\d", 7);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(parameters_are_taken_one_by_one),
        cmocka_unit_test(a_type_is_cut_off_its_parameters),
        cmocka_unit_test(ranges_cover_what_begins_like_them),
        cmocka_unit_test(escapes_are_taken_out_in_place),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
