/* test_flags.c: the rows are sound, and docs/reference/load.md says the same as they do.
 * With WRITE_DOCS=1 in the environment the page's table is written anew. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include "../../../proof/load/flags.h"

#define PAGE TEST_DATA "/../../docs/reference/load.md"
#define BEGIN "<!-- flags: proof/load/flags.c -->\n"
#define END "<!-- end of flags -->\n"

static void names_are_told_apart(void **state)
{
    (void)state;
    for (const struct load_flag *f = load_flags; f->name; f++) {
        assert_ptr_equal(flag_find(flag_bare(f->name)), f);
        if (f->alias)
            assert_ptr_equal(flag_find(flag_bare(f->alias)), f);
        assert_true(f->kind < FLAG_KINDS);
    }
    assert_null(flag_find(GIM_S("")));
    assert_null(flag_find(GIM_S("nn")));
}

/* '|' would end a cell. */
static void put_cell(struct gim_buf *b, const char *text)
{
    for (; *text; text++) {
        if (*text == '|')
            gim_buf_char(b, '\\');
        gim_buf_char(b, *text);
    }
}

static void put_row(struct gim_buf *b, const struct load_flag *f)
{
    gim_buf_lit(b, "| `");
    if (f->alias)
        gim_buf_printf(b, "%s`, `", f->alias);
    gim_buf_printf(b,
                   f->kind == FLAG_JSON ? "%s[=%s]`"
                   : f->word            ? "%s %s`"
                                        : "%s%s`",
                   f->name, f->word ? f->word : "");
    gim_buf_lit(b, " | ");
    if (f->def)
        gim_buf_printf(b, "`%s`", f->def);
    gim_buf_lit(b, " | ");
    put_cell(b, f->help);
    gim_buf_lit(b, " |\n");
}

static void put_table(struct gim_buf *b)
{
    const char *group = "";

    for (const struct load_flag *f = load_flags; f->name; f++) {
        if (!f->help)
            continue;
        if (strcmp(f->group, group) != 0)
            gim_buf_printf(b, "%s**%s**\n\n| flag | default | what |\n|---|---|---|\n",
                           *group ? "\n" : "", f->group);
        group = f->group;
        put_row(b, f);
    }
}

static void read_page(struct gim_buf *b)
{
    FILE *in = fopen(PAGE, "re");

    assert_non_null(in);
    b->len = fread(gim_buf_reserve(b, 1 << 20), 1, 1 << 20, in);
    fclose(in);
    gim_buf_char(b, '\0');
}

static void write_page(const char *page, const char *from, const char *to,
                       const struct gim_buf *table)
{
    FILE *out = fopen(PAGE, "we");

    assert_non_null(out);
    fprintf(out, "%.*s%.*s%s", (int)(from - page), page, GIM_FMT(gim_buf_view(table)), to);
    fclose(out);
}

static void the_page_has_the_rows(void **state)
{
    struct gim_buf page = {0};
    struct gim_buf table = {0};
    const char *from, *to;

    (void)state;
    put_table(&table);
    read_page(&page);
    from = strstr(page.ptr, BEGIN);
    to = strstr(page.ptr, END);
    assert_true(from && to && from < to);
    from += strlen(BEGIN);
    if (getenv("WRITE_DOCS"))
        write_page(page.ptr, from, to, &table);
    else if ((size_t)(to - from) != table.len || memcmp(from, table.ptr, table.len) != 0)
        fail_msg(
            "docs/reference/load.md is not what the rows say; run this test with WRITE_DOCS=1");
    gim_buf_free(&page);
    gim_buf_free(&table);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_are_told_apart),
        cmocka_unit_test(the_page_has_the_rows),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
