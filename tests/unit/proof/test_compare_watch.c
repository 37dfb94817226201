/* test_compare_watch.c: the progress line, --only, and files that are whole or not there. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
#include "../../../proof/compare/choose.h"
#include "../../../proof/compare/output.h"
#include "../../../proof/compare/watch.h"

#define SECOND INT64_C(1000000000)

static void the_line_says_how_far_and_how_long(void **state)
{
    static const struct {
        struct watch_step step;
        int columns;
        const char *line;
    } rows[] = {
        {{3, 10, "gin", "closed c64", 0.421, 700 * SECOND},
         79,
         " 42%  round 3/10  12 min left  gin: closed c64"},
        {{0, 10, "axum", "contract", 0, -1}, 79, "  0%  axum: contract"},
        {{10, 10, "gin", "idle", 1.5, SECOND / 2}, 79, "100%  round 10/10  1 s left  gin: idle"},
        {{3, 10, "gin", "closed c64", 0.421, 700 * SECOND}, 20, " 42%  round 3/10  12"},
        {{1, 6, "\xc3\xa4\xc3\xa4", "x", 0, -1}, 18, "  0%  round 1/6  \xc3\xa4"},
        {{1, 6, "\x1b[2J", "x", 0, -1}, 79, "  0%  round 1/6  ?[2J: x"},
    };
    struct gim_buf b = {0};

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        b.len = 0;
        watch_line(&b, &rows[i].step, rows[i].columns);
        gim_buf_char(&b, '\0');
        assert_string_equal(b.ptr, rows[i].line);
    }
    gim_buf_free(&b);
}

static void quiet_says_nothing(void **state)
{
    struct watch w;

    (void)state;
    watch_open(&w, true);
    assert_null(w.calls.on_event);
    assert_null(w.calls.on_step);
    watch_close(&w);
}

/* ---- --only ---------------------------------------------------------------------------------- */

static void make_plan(struct compare_plan *p, struct compare_service *services)
{
    services[0] = (struct compare_service){.name = "posts"};
    services[1] = (struct compare_service){.name = "again", .control_of = "posts"};
    services[2] = (struct compare_service){.name = "gin"};
    *p = (struct compare_plan){.services = services, .services_count = 3};
}

static void only_the_named_services_stay_in_the_plans_order(void **state)
{
    struct gim_arena memory = {0};
    struct compare_service services[3];
    struct compare_plan p;
    char err[200];

    (void)state;
    make_plan(&p, services);
    assert_int_equal(choose_services(&p, &memory, "gin, posts", err, sizeof err), 0);
    assert_int_equal(p.services_count, 2);
    assert_string_equal(p.services[0].name, "posts");
    assert_string_equal(p.services[1].name, "gin");
    assert_string_equal(services[1].name, "again");
    gim_arena_reset(&memory);
}

static void a_name_that_is_not_there_is_told(void **state)
{
    static const struct {
        const char *names, *says;
    } rows[] = {
        {"gim", "--only: the plan has no service 'gim'; did you mean gin?"},
        {"somebody", "--only: the plan has no service 'somebody'; there are posts, again, gin"},
        {"gin,", "--only: the plan has no service ''; there are posts, again, gin"},
        {"gin,again", "--only: again is a copy of posts; name both"},
    };
    struct gim_arena memory = {0};
    struct compare_service services[3];
    struct compare_plan p;
    char err[200];

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        make_plan(&p, services);
        assert_int_equal(choose_services(&p, &memory, rows[i].names, err, sizeof err), -1);
        assert_string_equal(err, rows[i].says);
        assert_int_equal(p.services_count, 3);
    }
    gim_arena_reset(&memory);
}

/* ---- files ----------------------------------------------------------------------------------- */

struct folder {
    char path[64];
    char file[80];
};

static void make_folder(struct folder *f)
{
    snprintf(f->path, sizeof f->path, "/tmp/test_output.XXXXXX");
    assert_non_null(mkdtemp(f->path));
    snprintf(f->file, sizeof f->file, "%s/out", f->path);
}

static int count(const struct folder *f)
{
    DIR *d = opendir(f->path);
    int n = 0;

    assert_non_null(d);
    while (readdir(d))
        n++;
    closedir(d);
    return n - 2;
}

static void see_file(const struct folder *f, const char *text)
{
    char got[100] = "";
    FILE *in = fopen(f->file, "re");

    assert_non_null(in);
    assert_true(fread(got, 1, sizeof got - 1, in) > 0);
    fclose(in);
    assert_string_equal(got, text);
}

static void a_file_is_replaced_as_a_whole(void **state)
{
    struct gim_buf one = {.ptr = "one", .len = 3}, two = {.ptr = "two!", .len = 4};
    struct folder f;
    struct stat s;
    char err[200];

    (void)state;
    make_folder(&f);
    assert_int_equal(output_check(f.file, err, sizeof err), 0);
    assert_int_equal(count(&f), 0);
    assert_int_equal(output_write(f.file, &one, err, sizeof err), 0);
    assert_int_equal(output_write(f.file, &two, err, sizeof err), 0);
    see_file(&f, "two!");
    assert_int_equal(count(&f), 1);
    assert_int_equal(stat(f.file, &s), 0);
    assert_int_equal(s.st_mode & 0600, 0600);
    assert_int_equal(output_create(f.file, &one, err, sizeof err), -1);
    assert_non_null(strstr(err, "is there already"));
    see_file(&f, "two!");
    unlink(f.file);
    assert_int_equal(output_create(f.file, &one, err, sizeof err), 0);
    see_file(&f, "one");
    unlink(f.file);
    rmdir(f.path);
}

static void what_cannot_be_written_is_told_before(void **state)
{
    struct gim_buf one = {.ptr = "one", .len = 3};
    char err[200];

    (void)state;
    assert_int_equal(output_check("/nowhere/out", err, sizeof err), -1);
    assert_string_equal(err, "/nowhere/out: cannot be written: No such file or directory");
    assert_int_equal(output_write("/nowhere/out", &one, err, sizeof err), -1);
    assert_int_equal(output_write("/tmp", &one, err, sizeof err), -1);
    assert_int_equal(output_write("/dev/full", &one, err, sizeof err), -1);
    assert_string_equal(err, "/dev/full: cannot be written: No space left on device");
    assert_int_equal(output_write("/dev/null", &one, err, sizeof err), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_line_says_how_far_and_how_long),
        cmocka_unit_test(quiet_says_nothing),
        cmocka_unit_test(only_the_named_services_stay_in_the_plans_order),
        cmocka_unit_test(a_name_that_is_not_there_is_told),
        cmocka_unit_test(a_file_is_replaced_as_a_whole),
        cmocka_unit_test(what_cannot_be_written_is_told_before),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
