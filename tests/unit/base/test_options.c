#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include "gimlet/base/options.h"
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* ---- the tables under test ----------------------------------------------------------------- */

struct framework {
    int64_t port, max_body, idle;
    int log;
    bool strict;
    const char *host;
};

struct application {
    const char *store;
    int64_t offset;
};

static const char *const log_names[] = {"off", "errors", "all", NULL};

#define AT(member) GIM_OPTION_AT(struct framework, member)
static const struct gim_option framework_rows[] = {
    {.name = "host",
     .type = GIM_OPTION_STR,
     AT(host),
     .def = "127.0.0.1",
     .group = "Listen",
     .help = "address, localhost, * or unix:/path"},
    {.name = "port",
     .type = GIM_OPTION_INT,
     AT(port),
     .def = "8080",
     .min = 0,
     .max = 65535,
     .group = "Listen",
     .help = "TCP port; 0 takes a free one"},
    {.name = "max_body",
     .type = GIM_OPTION_SIZE,
     AT(max_body),
     .def = "1M",
     .min = 0,
     .max = (int64_t)1 << 40,
     .group = "Limits",
     .help = "larger request bodies get 413"},
    {.name = "idle_timeout",
     .type = GIM_OPTION_DURATION,
     AT(idle),
     .def = "60s",
     .min = 0,
     .max = 86400000,
     .group = "Limits",
     .rare = true,
     .help = "for the next request"},
    {.name = "access_log",
     .type = GIM_OPTION_ENUM,
     AT(log),
     .def = "errors",
     .names = log_names,
     .group = "Log",
     .help = "a line per request, on stdout: off, errors, all"},
    {.name = "strict_content_type",
     .type = GIM_OPTION_BOOL,
     AT(strict),
     .def = "false",
     .group = "Limits",
     .help = "415 unless a body says application/json"},
    {0},
};
#undef AT

#define AT(member) GIM_OPTION_AT(struct application, member)
static const struct gim_option application_rows[] = {
    {.name = "store",
     .type = GIM_OPTION_STR,
     AT(store),
     .group = "Posts",
     .help = "memory: or sqlite:FILE"},
    {.name = "offset",
     .type = GIM_OPTION_INT,
     AT(offset),
     .def = "-5",
     .group = "Posts",
     .help = "any whole number"},
    {0},
};

static struct framework framework;
static struct application application;
static const struct gim_option_table tables[] = {
    {application_rows, &application},
    {framework_rows, &framework},
};
static const struct gim_options options = {"my-posts", tables, 2};
static const char *const switches[] = {"routes", "check", NULL};

/* ---- helpers ------------------------------------------------------------------------------- */

#define ARGS_MAX 8

static enum gim_options_result result;
static uint32_t switched;
static char *out;

/* Reads with these arguments (one string, ' ' between); the text is in `out`. */
static void read_with(const char *args)
{
    static char words[4096];
    char *argv[ARGS_MAX + 2] = {(char *)(uintptr_t) "my-posts"};
    int argc = 1;
    struct gim_buf b = {0};

    snprintf(words, sizeof words, "%s", args);
    for (char *save = NULL, *w = strtok_r(words, " ", &save); w; w = strtok_r(NULL, " ", &save))
        argv[argc++] = w;
    memset(&framework, 0xa5, sizeof framework);
    memset(&application, 0xa5, sizeof application);
    switched = 0;
    result =
        gim_options_read(&options, argc, argv, "keeps posts", "1.2.3", switches, &switched, &b);
    gim_buf_char(&b, '\0');
    free(out);
    out = strdup(b.ptr);
    gim_buf_free(&b);
}

static char path[] = "/tmp/test_options.XXXXXX";

/* Writes the config file and reads it; `args` more. "@" in what is wanted is the file's name. */
static void read_file(const char *text, size_t len, const char *args)
{
    char all[4200];
    FILE *f = fopen(path, "w");

    assert_non_null(f);
    fwrite(text, 1, len, f);
    fclose(f);
    snprintf(all, sizeof all, "--config %s %s", path, args);
    read_with(all);
}

static int make_file(void **state)
{
    int fd = mkstemp(path);

    (void)state;
    return fd < 0 ? -1 : close(fd);
}

static int remove_file(void **state)
{
    (void)state;
    free(out);
    out = NULL;
    return unlink(path);
}

/* `want` with each '@' replaced by the file's name. */
static const char *with_path(const char *want)
{
    static char text[1024];
    size_t n = 0;

    for (; *want; want++)
        n += (size_t)snprintf(text + n, sizeof text - n, *want == '@' ? "%s" : "%.1s",
                              *want == '@' ? path : want);
    text[n] = '\0';
    return text;
}

/* ---- sources ------------------------------------------------------------------------------- */

static void defaults_fill_every_member(void **state)
{
    (void)state;
    read_with("");
    assert_int_equal(result, GIM_OPTIONS_GO);
    assert_string_equal(out, "");
    assert_string_equal(framework.host, "127.0.0.1");
    assert_int_equal(framework.port, 8080);
    assert_int_equal(framework.max_body, 1 << 20);
    assert_int_equal(framework.idle, 60000);
    assert_int_equal(framework.log, 1);
    assert_false(framework.strict);
    assert_null(application.store);
    assert_int_equal(application.offset, -5);

    memset(&framework, 0xa5, sizeof framework);
    gim_options_defaults(&tables[1]);
    assert_int_equal(framework.port, 8080);
    assert_string_equal(framework.host, "127.0.0.1");
}

static void later_sources_win(void **state)
{
    static const char file[] = "port = 1\nmax_body = 2K\nhost = ::1\n";

    (void)state;
    setenv("MY_POSTS_PORT", "2", 1);
    setenv("MY_POSTS_MAX_BODY", "3K", 1);
    read_file(file, strlen(file), "--port 3");
    unsetenv("MY_POSTS_PORT");
    unsetenv("MY_POSTS_MAX_BODY");
    assert_int_equal(result, GIM_OPTIONS_GO);
    assert_int_equal(framework.port, 3);
    assert_int_equal(framework.max_body, 3072);
    assert_string_equal(framework.host, "::1");
}

static void flags_have_all_their_forms(void **state)
{
    (void)state;
    read_with("--max-body=16K --idle-timeout 250ms --access-log all --strict-content-type "
              "--store= --routes");
    assert_int_equal(result, GIM_OPTIONS_GO);
    assert_int_equal(framework.max_body, 16384);
    assert_int_equal(framework.idle, 250);
    assert_int_equal(framework.log, 2);
    assert_true(framework.strict);
    assert_string_equal(application.store, "");
    assert_int_equal(switched, 1);
    read_with("--strict-content-type --no-strict-content-type --check --routes --port 1 --port 2");
    assert_int_equal(result, GIM_OPTIONS_GO);
    assert_false(framework.strict);
    assert_int_equal(switched, 3);
    assert_int_equal(framework.port, 2);
    read_with("--strict-content-type=on --store --port --offset -9");
    assert_int_equal(result, GIM_OPTIONS_GO);
    assert_true(framework.strict);
    assert_string_equal(application.store, "--port");
    assert_int_equal(application.offset, -9);
}

/* ---- values -------------------------------------------------------------------------------- */

static void values_are_read_exactly(void **state)
{
    static const struct {
        const char *flag;
        int64_t want; /* -1: refused */
    } rows[] = {
        {"--port=0", 0},
        {"--port=65535", 65535},
        {"--port=65536", -1},
        {"--port=-1", -1},
        {"--port=", -1},
        {"--port=8080x", -1},
        {"--port=0x10", -1},
        {"--port=+1", -1},
        {"--port=99999999999999999999", -1},
        {"--port=1K", -1},
        {"--max-body=0", 0},
        {"--max-body=512", 512},
        {"--max-body=1k", 1024},
        {"--max-body=2G", (int64_t)2 << 30},
        {"--max-body=1024G", (int64_t)1 << 40},
        {"--max-body=1025G", -1},
        {"--max-body=9223372036854775807G", -1},
        {"--max-body=-1K", -1},
        {"--max-body=K", -1},
        {"--max-body=1KB", -1},
        {"--max-body=1.5M", -1},
        {"--idle-timeout=0", 0},
        {"--idle-timeout=10", -1},
        {"--idle-timeout=10ms", 10},
        {"--idle-timeout=2s", 2000},
        {"--idle-timeout=5m", 300000},
        {"--idle-timeout=24h", 86400000},
        {"--idle-timeout=25h", -1},
        {"--idle-timeout=1d", -1},
        {"--offset=-9223372036854775808", INT64_MIN},
        {"--offset=9223372036854775808", -1},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const char *flag = rows[i].flag;
        int64_t got;

        read_with(flag);
        got = flag[2] == 'p'   ? framework.port
              : flag[2] == 'm' ? framework.max_body
              : flag[2] == 'i' ? framework.idle
                               : application.offset;
        if (rows[i].want == -1 ? result != GIM_OPTIONS_WRONG
                               : result != GIM_OPTIONS_GO || got != rows[i].want)
            fail_msg("%s: result %d, value %lld, %s", flag, (int)result, (long long)got, out);
    }
}

static void bools_take_their_six_words(void **state)
{
    static const char *const words[] = {"false", "true", "no", "yes", "off", "ON"};
    char flag[64];

    (void)state;
    for (size_t i = 0; i < 6; i++) {
        snprintf(flag, sizeof flag, "--strict-content-type=%s", words[i]);
        read_with(flag);
        assert_int_equal(result, GIM_OPTIONS_GO);
        assert_int_equal(framework.strict, i & 1);
    }
    read_with("--strict-content-type=1");
    assert_int_equal(result, GIM_OPTIONS_WRONG);
}

/* ---- complaints ---------------------------------------------------------------------------- */

static void a_wrong_flag_gets_one_line_that_helps(void **state)
{
    static const struct {
        const char *args, *want;
    } rows[] = {
        {"--prot 1", "my-posts: unknown flag --prot, did you mean --port?\n"},
        {"--prot=1", "my-posts: unknown flag --prot, did you mean --port?\n"},
        {"-p 1", "my-posts: unknown flag -p, did you mean --port?\n"},
        {"-port 1", "my-posts: unknown flag -port, did you mean --port?\n"},
        {"--max_body 1", "my-posts: unknown flag --max_body, did you mean --max-body?\n"},
        {"--maxbody 1", "my-posts: unknown flag --maxbody, did you mean --max-body?\n"},
        {"--strict", "my-posts: unknown flag --strict, did you mean --strict-content-type?\n"},
        {"--rotues", "my-posts: unknown flag --rotues, did you mean --routes?\n"},
        {"--rotuse", "my-posts: unknown flag --rotuse, did you mean --routes?\n"},
        {"--print-confg", "my-posts: unknown flag --print-confg, did you mean --print-config?\n"},
        {"--zzzzzz", "my-posts: unknown flag --zzzzzz; --help lists them\n"},
        {"--no-port", "my-posts: unknown flag --no-port; --help lists them\n"},
        {"--\x1b[31mx", "my-posts: unknown flag --?[31mx; --help lists them\n"},
        {"posts.db", "my-posts: unexpected argument 'posts.db'; flags start with --, see --help\n"},
        {"--", "my-posts: unexpected argument '--'; flags start with --, see --help\n"},
        {"-", "my-posts: unexpected argument '-'; flags start with --, see --help\n"},
        {"--port", "my-posts: --port needs a value\n"},
        {"--config", "my-posts: --config needs a value\n"},
        {"--help=yes", "my-posts: --help=yes: the flag takes no value\n"},
        {"--routes=1", "my-posts: --routes=1: the flag takes no value\n"},
        {"--no-strict-content-type=1",
         "my-posts: --no-strict-content-type=1: the flag takes no value\n"},
        {"--port x", "my-posts: --port x: expected a whole number from 0 to 65535\n"},
        {"--port=70000", "my-posts: --port 70000: expected a whole number from 0 to 65535\n"},
        {"--offset x", "my-posts: --offset x: expected a whole number\n"},
        {"--max-body 1X", "my-posts: --max-body 1X: expected a size such as 512, 16K or 1M\n"},
        {"--max-body 2000G", "my-posts: --max-body 2000G: expected a size from 0 to 1024G\n"},
        {"--idle-timeout 10",
         "my-posts: --idle-timeout 10: expected a duration such as 250ms, 10s, 5m or 24h\n"},
        {"--idle-timeout 30h", "my-posts: --idle-timeout 30h: expected a duration from 0 to 24h\n"},
        {"--access-log some", "my-posts: --access-log some: expected off, errors or all\n"},
        {"--strict-content-type=maybe",
         "my-posts: --strict-content-type maybe: expected true or false\n"},
        {"--config /nonexistent/x.ini",
         "my-posts: --config /nonexistent/x.ini: No such file or directory\n"},
        {"--config /tmp", "my-posts: --config /tmp: cannot be read\n"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        read_with(rows[i].args);
        assert_string_equal(out, rows[i].want);
        assert_int_equal(result, GIM_OPTIONS_WRONG);
    }
}

static void a_wrong_file_is_told_with_file_and_line(void **state)
{
    static const struct {
        const char *text, *want;
    } rows[] = {
        {"port = 1\n\nmax_body = 1X\n",
         "@:3: max_body = 1X: expected a size such as 512, 16K or 1M\n"},
        {"# c\n prot = 1\n", "@:2: unknown key prot, did you mean port?\n"},
        {"max-body = 1\n", "@:1: unknown key max-body, did you mean max_body?\n"},
        {"zzzzzz = 1\n", "@:1: unknown key zzzzzz; --print-config lists them\n"},
        {"help = 1\n", "@:1: unknown key help; --print-config lists them\n"},
        {"port = 1\nhost = a\nport = 1\n", "@:3: port stands twice; it was set in line 1\n"},
        {"port = 1\n  port = 2\n", "@:2: port stands twice; it was set in line 1\n"},
        {"port = 1\n \t host = x\n", ""},
        {"[other]\nport = 1\n",
         "@:2: port stands in an unknown section [other]; no section is needed, and [my-posts] is "
         "allowed\n"},
        {"[my-posts]\nport = 1\n", ""},
        {"[my-posts\nport = 1\n", "@:1: expected NAME = VALUE\n"},
        {"port = 1\nport\n", "@:2: expected NAME = VALUE\n"},
        {"port\nport = x\n", "@:1: expected NAME = VALUE\n"},
        {"port = x\nport\n", "@:1: port = x: expected a whole number from 0 to 65535\n"},
        {"port =\n", "@:1: port = : expected a whole number from 0 to 65535\n"},
        {"port = 9 # nine\n", "@:1: port = 9 # nine: expected a whole number from 0 to 65535\n"},
        {"\xef\xbb\xbfport = 9 ; nine\r\nhost=a;b\r\n", ""},
        {"", ""},
        {"port = 9", ""},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        read_file(rows[i].text, strlen(rows[i].text), "");
        assert_string_equal(out, with_path(rows[i].want));
        assert_int_equal(result, rows[i].want[0] ? GIM_OPTIONS_WRONG : GIM_OPTIONS_GO);
    }
}

static void a_line_too_long_for_the_file_is_told(void **state)
{
    char text[512];

    (void)state;
    snprintf(text, sizeof text, "port = 1\nhost = %0400d\nzzz = 1\n", 0);
    read_file(text, strlen(text), "");
    assert_string_equal(out, with_path("@:2: the line is longer than 198 bytes\n"));
    snprintf(text, sizeof text, "port = 1\nhost = %0191d\nstore = x\n", 0);
    read_file(text, strlen(text), "");
    assert_string_equal(out, "");
    assert_int_equal(strlen(framework.host), 191);
}

/* Any bytes: no crash, one line or none. */
static void garbage_is_refused_calmly(void **state)
{
    unsigned seed = 1;
    char text[600];

    (void)state;
    for (int round = 0; round < 200; round++) {
        for (size_t i = 0; i < sizeof text; i++) {
            seed = seed * 1103515245 + 12345;
            text[i] = (char)(seed >> 16);
            if (seed >> 28 == 0)
                text[i] = "\n= ;["[seed >> 8 & 3];
        }
        read_file(text, sizeof text, "");
        if (result == GIM_OPTIONS_WRONG)
            assert_ptr_equal(strchr(out, '\n'), out + strlen(out) - 1);
    }
}

static void a_wrong_environment_is_told_with_its_name(void **state)
{
    (void)state;
    setenv("MY_POSTS_PORT", "tcp://10.0.0.1:80", 1);
    read_with("--port 3");
    unsetenv("MY_POSTS_PORT");
    assert_int_equal(result, GIM_OPTIONS_WRONG);
    assert_string_equal(out, "MY_POSTS_PORT=tcp://10.0.0.1:80: expected a whole number from 0 to "
                             "65535\n");
}

static void a_bad_line_does_not_hide_behind_a_flag(void **state)
{
    (void)state;
    read_file("port = x\n", 9, "--port 3");
    assert_int_equal(result, GIM_OPTIONS_WRONG);
}

static void defects_of_the_tables_are_told(void **state)
{
    static const struct gim_option bad_default[] = {
        {.name = "n", .type = GIM_OPTION_INT, .def = "x"},
        {0},
    };
    static const struct gim_option twice[] = {
        {.name = "port", .type = GIM_OPTION_INT, .def = "1"},
        {0},
    };
    static struct {
        int small, next;
    } s = {7, 7};
    static const struct gim_option too_small[] = {
        {"small", GIM_OPTION_INT, .holds = GIM_HOLDS_INT, .def = "1"},
        {0},
    };
    static int64_t n;
    struct gim_option_table small_table = {too_small, &s};
    struct gim_options small = {"app", &small_table, 1};
    struct gim_option_table bad_table = {bad_default, &n};
    struct gim_option_table twice_tables[] = {{twice, &n}, {framework_rows, &framework}};
    struct gim_options bad = {"app", &bad_table, 1};
    struct gim_options two = {"app", twice_tables, 2};
    char *argv[] = {(char *)(uintptr_t) "app", NULL};
    struct gim_buf b = {0};

    (void)state;
    assert_int_equal(gim_options_read(&bad, 1, argv, NULL, NULL, NULL, NULL, &b),
                     GIM_OPTIONS_WRONG);
    gim_buf_char(&b, '\0');
    assert_string_equal(b.ptr, "app: the default of n, x: expected a whole number\n");
    b.len = 0;
    assert_int_equal(gim_options_read(&two, 1, argv, NULL, NULL, NULL, NULL, &b),
                     GIM_OPTIONS_WRONG);
    gim_buf_char(&b, '\0');
    assert_string_equal(b.ptr, "app: two options are called port\n");
    b.len = 0;
    assert_int_equal(gim_options_read(&small, 1, argv, NULL, NULL, NULL, NULL, &b),
                     GIM_OPTIONS_WRONG);
    gim_buf_char(&b, '\0');
    assert_string_equal(b.ptr, "app: the option small needs a member of type int64_t\n");
    gim_options_defaults(&small_table);
    assert_true(s.small == 7 && s.next == 7);
    gim_buf_free(&b);
}

/* ---- texts --------------------------------------------------------------------------------- */

static void help_is_made_of_the_rows_and_fits_the_screen(void **state)
{
    static const char want[] =
        "my-posts: keeps posts\n"
        "Usage: my-posts [--flag VALUE]...\n"
        "\n"
        "Posts:\n"
        "  --store TEXT           memory: or sqlite:FILE\n"
        "  --offset N             any whole number [-5]\n"
        "Listen:\n"
        "  --host TEXT            address, localhost, * or unix:/path [127.0.0.1]\n"
        "  --port N               TCP port; 0 takes a free one [8080]\n"
        "Limits:\n"
        "  --max-body SIZE        larger request bodies get 413 [1M]\n"
        "  --strict-content-type  415 unless a body says application/json\n"
        "Log:\n"
        "  --access-log WORD      a line per request, on stdout: off, errors, all\n"
        "                         [errors]\n"
        "\n"
        "--store X may also be MY_POSTS_STORE=X in the environment, or store = X in\n"
        "--config FILE; flags win. Besides: --help-all, --print-config (values and their\n"
        "sources), --version, --routes, --check.\n";

    (void)state;
    read_with("--help");
    assert_int_equal(result, GIM_OPTIONS_EXIT_OK);
    assert_string_equal(out, want);
    for (const char *line = out, *end; (end = strchr(line, '\n')) != NULL; line = end + 1)
        assert_in_range(end - line, 0, 80);
    read_with("-h");
    assert_string_equal(out, want);
    read_with("--help-all");
    assert_non_null(strstr(out, "  --idle-timeout TIME    for the next request [60s]\n"));
    read_with("--version");
    assert_string_equal(out, "my-posts 1.2.3\n");
}

static void help_comes_before_what_is_wrong_elsewhere(void **state)
{
    (void)state;
    setenv("MY_POSTS_PORT", "x", 1);
    read_with("--config /nonexistent --port x --help");
    unsetenv("MY_POSTS_PORT");
    assert_int_equal(result, GIM_OPTIONS_EXIT_OK);
    assert_memory_equal(out, "my-posts: keeps posts\n", 22);
}

static void print_config_names_each_source(void **state)
{
    static const char file[] = "# c\nmax_body = 2048\n";

    (void)state;
    setenv("MY_POSTS_ACCESS_LOG", "all", 1);
    read_file(file, strlen(file), "--print-config --no-strict-content-type --store=a;b");
    unsetenv("MY_POSTS_ACCESS_LOG");
    assert_int_equal(result, GIM_OPTIONS_EXIT_OK);
    assert_string_equal(out, with_path("# Posts\n"
                                       "store = a;b  ; --store\n"
                                       "offset = -5  ; default\n"
                                       "\n# Listen\n"
                                       "host = 127.0.0.1  ; default\n"
                                       "port = 8080  ; default\n"
                                       "\n# Limits\n"
                                       "max_body = 2K  ; @:2\n"
                                       "idle_timeout = 1m  ; default\n"
                                       "strict_content_type = false  ; --strict-content-type\n"
                                       "\n# Log\n"
                                       "access_log = all  ; MY_POSTS_ACCESS_LOG\n"));
}

static void what_print_config_prints_can_be_read_back(void **state)
{
    static const char *const rows[] = {
        "",
        "--store=sqlite:/var/lib/a;b.db --host=unix:/run/x --port=0 --max-body=1000001",
        "--store= --idle-timeout=90001ms --access-log=off --strict-content-type --offset=7",
        "--store=a=b:c#d --host=[::1]",
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct framework f;
        char host[64];
        char args[256];
        char *text;

        snprintf(args, sizeof args, "%s --print-config", rows[i]);
        read_with(args);
        assert_int_equal(result, GIM_OPTIONS_EXIT_OK);
        text = strdup(out);
        read_with(rows[i]);
        f = framework;
        snprintf(host, sizeof host, "%s", framework.host);
        assert_int_equal(result, GIM_OPTIONS_GO);
        read_file(text, strlen(text), "");
        free(text);
        assert_string_equal(out, "");
        assert_int_equal(result, GIM_OPTIONS_GO);
        assert_string_equal(framework.host, host);
        assert_int_equal(framework.port, f.port);
        assert_int_equal(framework.max_body, f.max_body);
        assert_int_equal(framework.idle, f.idle);
        assert_int_equal(framework.log, f.log);
        assert_int_equal(framework.strict, f.strict);
    }
}

/* A value that a file cannot hold becomes a comment, so that what is printed still reads back. */
static void values_a_file_cannot_hold_are_commented_out(void **state)
{
    struct gim_buf b = {0};
    char long_text[400];
    const char *const values[] = {" lead", "trail ", "a ; b", ";x", "two\nport = 1", long_text};

    (void)state;
    memset(long_text, 'x', sizeof long_text - 1);
    long_text[sizeof long_text - 1] = '\0';
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
        char *argv[] = {(char *)(uintptr_t) "p", (char *)(uintptr_t) "--store",
                        (char *)(uintptr_t)values[i], (char *)(uintptr_t) "--print-config", NULL};

        b.len = 0;
        assert_int_equal(gim_options_read(&options, 4, argv, NULL, NULL, NULL, NULL, &b),
                         GIM_OPTIONS_EXIT_OK);
        gim_buf_char(&b, '\0');
        assert_non_null(strstr(b.ptr, "\n# store holds a text that a file cannot give it"));
        read_file(b.ptr, b.len - 1, "");
        assert_int_equal(result, GIM_OPTIONS_GO);
        assert_int_equal(framework.port, 8080);
    }
    gim_buf_free(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(defaults_fill_every_member),
        cmocka_unit_test(later_sources_win),
        cmocka_unit_test(flags_have_all_their_forms),
        cmocka_unit_test(values_are_read_exactly),
        cmocka_unit_test(bools_take_their_six_words),
        cmocka_unit_test(a_wrong_flag_gets_one_line_that_helps),
        cmocka_unit_test(a_wrong_file_is_told_with_file_and_line),
        cmocka_unit_test(a_line_too_long_for_the_file_is_told),
        cmocka_unit_test(garbage_is_refused_calmly),
        cmocka_unit_test(a_wrong_environment_is_told_with_its_name),
        cmocka_unit_test(a_bad_line_does_not_hide_behind_a_flag),
        cmocka_unit_test(defects_of_the_tables_are_told),
        cmocka_unit_test(help_is_made_of_the_rows_and_fits_the_screen),
        cmocka_unit_test(help_comes_before_what_is_wrong_elsewhere),
        cmocka_unit_test(print_config_names_each_source),
        cmocka_unit_test(what_print_config_prints_can_be_read_back),
        cmocka_unit_test(values_a_file_cannot_hold_are_commented_out),
    };

    return cmocka_run_group_tests(tests, make_file, remove_file);
}
