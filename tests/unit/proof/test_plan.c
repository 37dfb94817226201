/* test_plan.c: command lines, good and bad. A good one is compared by a line that tells what differs
 * from the defaults; a bad one by its exit code and what it says. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include "../../../proof/load/plan.h"

#define WORDS 16

static char body_file[] = "/tmp/test_plan_XXXXXX";
static char empty_file[] = "/tmp/test_plan_XXXXXX";
static char url_file[] = "/tmp/test_plan_XXXXXX";

static const char *stand_in(const char *word)
{
    return strcmp(word, "BODY_FILE") == 0    ? body_file
           : strcmp(word, "EMPTY_FILE") == 0 ? empty_file
           : strcmp(word, "URL_FILE") == 0   ? url_file
                                             : word;
}

static enum plan_result parse(struct load_plan *p, const char *const *words, const char *program,
                              struct gim_buf *out, int *code)
{
    char *argv[WORDS + 2] = {(char *)program};
    int argc = 1;

    for (; words[argc - 1]; argc++)
        argv[argc] = (char *)stand_in(words[argc - 1]);
    return plan_parse(p, argc, argv, out, code);
}

static void tell_text(struct gim_buf *b, const char *name, const char *text, const char *usual)
{
    if (text && (!usual || strcmp(text, usual) != 0))
        gim_buf_printf(b, " %s=%s", name, text);
}

static void tell_int(struct gim_buf *b, const char *name, int64_t v, int64_t usual)
{
    if (v != usual)
        gim_buf_printf(b, " %s=%lld", name, (long long)v);
}

static void tell_float(struct gim_buf *b, const char *name, double v)
{
    if (v > 0)
        gim_buf_printf(b, " %s=%g", name, v);
}

static void tell_bool(struct gim_buf *b, const char *name, bool v)
{
    if (v)
        gim_buf_printf(b, " %s", name);
}

/* What is not the default, in the order of struct load_plan. */
static void tell(struct gim_buf *b, const struct load_plan *p)
{
    gim_buf_str(b, gim_str_of(p->url ? p->url : "(none)"));
    tell_int(b, "n", p->requests == INT64_MAX ? -1 : p->requests, 200);
    tell_int(b, "c", p->concurrency, 50);
    tell_float(b, "q", p->qps);
    tell_int(b, "z_ms", p->duration_ns / 1000000, 0);
    tell_int(b, "t_ms", p->timeout_ns / 1000000, 20000);
    tell_text(b, "m", p->method, "GET");
    for (size_t i = 0; i < p->n_headers; i++)
        gim_buf_printf(b, " <%.*s: %.*s>", GIM_FMT(p->headers[i].name),
                       GIM_FMT(p->headers[i].value));
    tell_text(b, "A", p->accept, NULL);
    tell_text(b, "T", p->content_type, "text/html");
    tell_text(b, "U", p->user_agent, NULL);
    tell_text(b, "a", p->auth, NULL);
    tell_text(b, "x", p->proxy, NULL);
    tell_text(b, "host", p->host, NULL);
    if (p->body.len)
        gim_buf_printf(b, " body=%.*s", GIM_FMT(p->body));
    tell_bool(b, "no_compression", p->no_compression);
    tell_bool(b, "no_keepalive", p->no_keepalive);
    tell_bool(b, "no_redirects", p->no_redirects);
    tell_int(b, "cpus", p->cpus, 0);
    tell_int(b, "output", p->output, OUTPUT_TEXT);
    tell_float(b, "rate", p->rate);
    tell_int(b, "ramp_ms", p->ramp_ns / 1000000, 0);
    tell_int(b, "warmup_ms", p->warmup_ns / 1000000, 0);
    tell_int(b, "connections", p->connections, p->concurrency);
    tell_int(b, "threads", p->threads, 0);
    tell_text(b, "cpu_list", p->cpu_list, NULL);
    tell_bool(b, "body_lines", p->body_lines);
    tell_bool(b, "urls", p->urls);
    tell_text(b, "unix", p->unix_socket, NULL);
    tell_bool(b, "insecure", p->insecure);
    tell_int(b, "status", p->expect_status, 0);
    tell_text(b, "expect", p->expect_body, NULL);
    for (size_t i = 0; i < p->n_limits; i++)
        gim_buf_printf(b, " {%d %g %s %.10g}", (int)p->limits[i].what, p->limits[i].percentile,
                       p->limits[i].above ? "above" : "below", p->limits[i].value);
    tell_text(b, "json", p->json_file, NULL);
    tell_bool(b, "quiet", p->quiet);
    tell_bool(b, "self_test", p->self_test);
    tell_bool(b, "varies", p->has_templates);
    tell_bool(b, "plain", p->plain);
}

static const struct {
    const char *words[WORDS];
    const char *told;
} good[] = {
    {{"u"}, "u"},
    {{"-n", "5", "-c", "2", "u"}, "u n=5 c=2"},
    {{"-n=5", "-c=2", "u"}, "u n=5 c=2"},
    {{"--n", "5", "--c=2", "u"}, "u n=5 c=2"},
    {{"u", "-n", "5", "-c", "2"}, "u n=5 c=2"},
    {{"-n", "5", "u", "-c", "2"}, "u n=5 c=2"},
    {{"-n", "5", "-n", "60", "u"}, "u n=60"},
    {{"-n", "7", "-c", "7", "--", "-u"}, "-u n=7 c=7"},
    {{"-z", "10s", "u"}, "u n=-1 z_ms=10000"},
    {{"-z", "1m30s", "-n", "3", "u"}, "u n=-1 z_ms=90000"},
    {{"-z", "0", "u"}, "u"},
    {{"-q", "0.5", "u"}, "u q=0.5"},
    {{"-q", "2e6", "u"}, "u q=2e+06"},
    {{"-t", "3", "u"}, "u t_ms=3000"},
    {{"-t", "0", "u"}, "u t_ms=0"},
    {{"-t", "500ms", "u"}, "u t_ms=500"},
    {{"-m", "post", "u"}, "u m=POST"},
    {{"-m", "", "u"}, "u"},
    {{"-H", "x-request-ID:  7 ", "u"}, "u <X-Request-Id: 7>"},
    {{"-H", "a:1", "-H", "b:2", "-H", "A: 3", "u"}, "u <A: 3> <B: 2>"},
    {{"-H", "a: b: c", "u"}, "u <A: b: c>"},
    {{"-H", "Host: example", "u"}, "u host=example"},
    {{"-H", "Host: a", "-host", "b", "u"}, "u host=b"},
    {{"-host", "b", "-H", "Host: a", "u"}, "u host=b"},
    {{"-H", "Connection: close", "u"}, "u no_keepalive"},
    {{"-A", "a/b", "-T", "c/d", "-U", "me", "u"}, "u A=a/b T=c/d U=me"},
    {{"-a", "user:p", "u"}, "u a=user:p"},
    {{"-a", "user:a:b c", "u"}, "u a=user:a:b c"},
    {{"-x", "localhost:3128", "u"}, "u x=localhost:3128"},
    {{"-d", "text", "u"}, "u body=text"},
    {{"-d", "-n", "u"}, "u body=-n"},
    {{"-D", "BODY_FILE", "u"}, "u body={\"a\":1}"},
    {{"-D", "BODY_FILE", "-d", "text", "u"}, "u body={\"a\":1}"},
    {{"-d", "text", "-D", "BODY_FILE", "u"}, "u body={\"a\":1}"},
    {{"-D", "EMPTY_FILE", "-d", "text", "u"}, "u"},
    {{"-disable-compression", "-disable-keepalive", "--disable-redirects", "u"},
     "u no_compression no_keepalive no_redirects"},
    {{"-disable-keepalive=false", "-disable-redirects=T", "u"}, "u no_redirects"},
    {{"-h2=false", "u"}, "u"},
    {{"-cpus", "2", "--threads", "4", "--cpu-list", "1,3-5", "u"},
     "u cpus=2 threads=4 cpu_list=1,3-5"},
    {{"-o", "csv", "u"}, "u output=1"},
    {{"-o", "", "u"}, "u"},
    {{"-o", "json", "u"}, "u output=2"},
    {{"--json", "u"}, "u output=2"},
    {{"--json", "-", "u"}, "u output=2"},
    {{"--json=x.txt", "u"}, "u json=x.txt"},
    {{"--json", "x.json", "u"}, "u json=x.json"},
    {{"--json", "x.json", "-o", "csv", "u"}, "u output=1 json=x.json"},
    {{"u", "--json"}, "u output=2"},
    {{"--rate", "100", "--ramp", "5s", "--warmup", "250ms", "u"},
     "u rate=100 ramp_ms=5000 warmup_ms=250"},
    {{"--rate", "90/m", "-n", "5", "u"}, "u n=5 c=5 rate=1.5"},
    {{"--connections", "300", "u"}, "u c=200"},
    {{"--connections", "3", "u"}, "u c=3"},
    {{"--body-lines", "BODY_FILE", "--urls", "BODY_FILE", "u"}, "u body_lines urls"},
    {{"--urls", "URL_FILE"}, "http://a/b urls"},
    {{"--unix-socket", "/run/x", "-k", "u"}, "u unix=/run/x insecure"},
    {{"--insecure", "--no-progress", "--quiet=false", "u"}, "u insecure"},
    {{"--expect-status", "201", "--expect-body", "ok", "u"}, "u status=201 expect=ok"},
    {{"--fail-if", "p99>5ms", "--fail-if", "errors > 0", "u"},
     "u {0 99 above 5000000} {3 0 above 0}"},
    {{"--fail-if", "p99.99<1s", "--fail-if", "mean>1us", "--fail-if", "max>1m", "u"},
     "u {0 99.99 below 1000000000} {1 0 above 1000} {2 0 above 6e+10}"},
    {{"--fail-if", "error_rate>1%", "--fail-if", "error_rate>0.5", "--fail-if", "rate<60/m", "u"},
     "u {4 0 above 0.01} {4 0 above 0.5} {5 0 below 1}"},
    {{"--self-test"}, "(none) self_test"},
    {{"-d", "{{seq}}", "u"}, "u body={{seq}} varies"},
    {{"-H", "a: {{uuid}}", "u"}, "u <A: {{uuid}}> varies"},
    {{"http://h/{{rand}}"}, "http://h/{{rand}} varies"},
    {{"-d", "{{name}}", "u"}, "u body={{name}}"},
    {{"--plain", "u"}, "u plain"},
};

static void a_good_command_line_is_a_plan(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        struct gim_buf out = {0};
        struct gim_buf told = {0};
        struct load_plan p;
        int code = -1;

        if (parse(&p, good[i].words, "proof load", &out, &code) != PLAN_GO || code || out.len)
            fail_msg("row %zu (%s): exit %d, %.*s", i, good[i].told, code,
                     GIM_FMT(gim_buf_view(&out)));
        tell(&told, &p);
        gim_buf_char(&told, '\0');
        assert_string_equal(told.ptr, good[i].told);
        gim_buf_free(&told);
        gim_buf_free(&out);
        plan_free(&p);
    }
}

static const struct {
    const char *words[WORDS];
    int code;
    const char *says;
} bad[] = {
    {{NULL}, 1, "no URL; for example: proof load -n 200"},
    {{"-n", "0", "u"}, 1, "-n and -c cannot be smaller than 1."},
    {{"-n", "-5", "u"}, 1, "-n and -c cannot be smaller than 1."},
    {{"-c", "0", "u"}, 1, "-n and -c cannot be smaller than 1."},
    {{"-z", "1s", "-c", "0", "u"}, 1, "-c cannot be smaller than 1."},
    {{"-n", "2", "-c", "3", "u"},
     1,
     "-n cannot be less than -c: 2 requests for 3 connections; -c 2"},
    {{"-n", "10", "u"}, 1, "10 requests for 50 connections (the default); -c 10"},
    {{"-c", "1000001", "-n", "2000000", "u"}, 1, "-c cannot be larger than 1000000."},
    {{"-n", "x", "u"}, 2, "invalid value \"x\" for flag -n: expected a whole number"},
    {{"-n", "", "u"}, 2, "invalid value \"\" for flag -n"},
    {{"-n", "9223372036854775808", "u"}, 2, "for flag -n"},
    {{"-n"}, 2, "flag needs an argument: -n"},
    {{"u", "-D"}, 2, "flag needs an argument: -D"},
    {{"-z", "10", "u"}, 2, "for flag -z: expected a duration such as 10s, 1m30s or 500ms"},
    {{"-z", "-10s", "u"}, 2, "for flag -z: expected 0 or more"},
    {{"-t", "-1", "u"}, 2, "for flag -t"},
    {{"-t", "1x", "u"}, 2, "for flag -t"},
    {{"-t", "9223372036854775807", "u"}, 2, "for flag -t"},
    {{"-q", "-1", "u"}, 2, "for flag -q: expected a number, 0 or more"},
    {{"-q", "fast", "u"}, 2, "for flag -q"},
    {{"--rate", "0", "u"}, 2, "for flag --rate"},
    {{"--rate", "9/d", "u"}, 2, "for flag --rate: expected requests a second"},
    {{"-h2=maybe", "u"}, 2, "for flag -h2: expected true or false"},
    {{"-h2", "u"}, 2, "-h2: HTTP/2 is not there yet"},
    {{"-h", "a: b", "u"}, 1, "Flag '-h' is deprecated, please use '-H' instead"},
    {{"-h"}, 2, "flag needs an argument: -h"},
    {{"-zebra", "u"}, 2, "flag provided but not defined: -zebra; --help lists the flags"},
    {{"--conections", "3", "u"}, 2, "not defined: --conections; did you mean --connections?"},
    {{"-disable-keepalives=1", "u"},
     2,
     "not defined: -disable-keepalives; did you mean --disable-"},
    {{"---n", "u"}, 2, "bad flag syntax: ---n"},
    {{"-=5", "u"}, 2, "bad flag syntax: -=5"},
    {{"u", "v"}, 1, "two URLs, 'u' and 'v'"},
    {{"a\nb"}, 1, "the URL 'a?b' holds control characters"},
    {{"-m", "A B", "u"}, 1, "-m A B: expected a method such as GET or POST"},
    {{"-H", "nothing", "u"}, 1, "-H nothing: expected 'Name: value'"},
    {{"-H", "a:", "u"}, 1, "-H a:: expected 'Name: value'"},
    {{"-H", ": b", "u"}, 1, "expected 'Name: value'"},
    {{"-H", "a b: c", "u"}, 1, "expected 'Name: value'"},
    {{"-H", "a: b\r\nc: d", "u"}, 1, "-H a: b??c: d: a value holds no line breaks"},
    {{"-A", "a\nb", "u"}, 1, "-A a?b: expected a text without line breaks"},
    {{"-a", "user", "u"}, 1, "-a user: expected user:password"},
    {{"-D", "/no/such/file", "u"}, 1, "-D /no/such/file: No such file or directory"},
    {{"-D", "/", "u"}, 1, "-D /: Is a directory"},
    {{"--urls", "/no/such/file", "u"}, 1, "--urls /no/such/file: No such file or directory"},
    {{"--cacert", "/no/such/file", "u"}, 1, "--cacert /no/such/file: No such file"},
    {{"-o", "xml", "u"}, 1, "-o xml: expected csv or json"},
    {{"-o", "{{.Fastest}}", "u"}, 1, "templates are hey's alone; -o json has all figures"},
    {{"-o", "csv", "--json", "u"}, 1, "-o and --json both want stdout"},
    {{"--json=", "u"}, 1, "--json : expected a file, or - for stdout"},
    {{"--threads", "-1", "u"}, 2, "for flag --threads: expected 0 to 1024"},
    {{"--expect-status", "20", "u"}, 2, "for flag --expect-status: expected 100 to 599"},
    {{"--cpu-list", "3-1", "u"}, 1, "--cpu-list 3-1: expected CPUs such as 1,3-5"},
    {{"--cpu-list", "1,", "u"}, 1, "expected CPUs such as 1,3-5"},
    {{"--cpu-list", "1024", "u"}, 1, "expected CPUs such as 1,3-5"},
    {{"--ramp", "5s", "u"}, 1, "--ramp is of --rate, which is not given"},
    {{"--rate", "5", "-q", "5", "u"}, 1, "-q (closed loop, each connection) and --rate"},
    {{"-c", "5", "--connections", "5", "u"}, 1, "-c and --connections are the same"},
    {{"--unix-socket", "/x", "-x", "h:1", "u"}, 1, "--unix-socket and -x exclude each other"},
    {{"--fail-if", "p99", "u"}, 1, "--fail-if p99: expected FIGURE>VALUE"},
    {{"--fail-if", "p99>5", "u"}, 1, "expected a time with its unit, such as 5ms after '>'"},
    {{"--fail-if", "p99>", "u"}, 1, "expected a time with its unit"},
    {{"--fail-if", "p100>5ms", "u"}, 1, "'p100' is none of p50 to p99.99, mean"},
    {{"--fail-if", "p>5ms", "u"}, 1, "'p' is none of"},
    {{"--fail-if", ">5ms", "u"}, 1, "'' is none of"},
    {{"--fail-if", "p99>=5ms", "u"}, 1, "expected a time with its unit"},
    {{"--fail-if", "p99>-5ms", "u"}, 1, "expected a time with its unit"},
    {{"--fail-if", "errors>0.5", "u"}, 1, "expected a whole number, such as 0 after '>'"},
    {{"--fail-if", "error_rate>101%", "u"}, 1, "expected a share from 0 to 100%"},
    {{"--fail-if", "rate<fast", "u"}, 1, "expected a number of requests a second"},
    {{"--fail-if", "p99>0000000000000000000000000000000000000000000000000000000000005ms", "u"},
     1,
     "a limit has less than 64 characters"},
};

static void what_is_wrong_is_one_line_with_the_mend(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct gim_buf out = {0};
        struct load_plan p;
        int code = -1;
        enum plan_result result = parse(&p, bad[i].words, "proof load", &out, &code);

        gim_buf_char(&out, '\0');
        if (result != PLAN_WRONG || code != bad[i].code || !strstr(out.ptr, bad[i].says) ||
            strncmp(out.ptr, "proof load: ", 12) != 0 ||
            strchr(out.ptr, '\n') != out.ptr + out.len - 2)
            fail_msg("row %zu: expected exit %d, '%s'; got exit %d, %s", i, bad[i].code,
                     bad[i].says, code, out.ptr);
        gim_buf_free(&out);
    }
}

static void fields_that_are_made_are_left_out_with_a_note(void **state)
{
    static const char *const words[] = {
        "-H", "content-length: 5", "-H", "Connection: keep-alive", "u", NULL};
    struct gim_buf out = {0};
    struct load_plan p;
    int code;

    (void)state;
    assert_int_equal(parse(&p, words, "proof load", &out, &code), PLAN_GO);
    assert_int_equal(p.n_headers, 0);
    gim_buf_char(&out, '\0');
    assert_string_equal(out.ptr,
                        "proof load: -H 'content-length: 5' is left out: it comes from the body\n"
                        "proof load: -H 'Connection: keep-alive' is left out: connections are "
                        "kept alive anyway\n");
    gim_buf_free(&out);
    plan_free(&p);
}

static void called_as_hey_it_is_hey(void **state)
{
    static const char *const fine[] = {"u", NULL};
    static const char *const wrong[] = {"-foo", NULL};
    struct gim_buf out = {0};
    struct load_plan p;
    int code;

    (void)state;
    assert_int_equal(parse(&p, fine, "/usr/bin/hey", &out, &code), PLAN_GO);
    assert_true(p.plain);
    plan_free(&p);
    assert_int_equal(parse(&p, fine, "they", &out, &code), PLAN_GO);
    assert_false(p.plain);
    plan_free(&p);
    assert_int_equal(parse(&p, wrong, "hey", &out, &code), PLAN_WRONG);
    assert_int_equal(strncmp(out.ptr, "hey: ", 5), 0);
    gim_buf_free(&out);
}

static void help_fits_80_columns(void **state)
{
    static const char *const words[] = {"--help", NULL};
    struct gim_buf out = {0};
    struct load_plan p;
    int code = -1;
    gim_str rest;

    (void)state;
    assert_int_equal(parse(&p, words, "proof load", &out, &code), PLAN_DONE);
    assert_int_equal(code, 0);
    for (rest = gim_buf_view(&out); rest.len;) {
        gim_str line = gim_str_cut(&rest, '\n');

        if (line.len > 80 || (line.len && line.ptr[line.len - 1] == ' '))
            fail_msg("'%.*s'", GIM_FMT(line));
    }
    gim_buf_free(&out);
}

static void the_man_page_has_no_line_that_roff_would_take_for_its_own(void **state)
{
    struct gim_buf out = {0};
    gim_str rest;

    (void)state;
    plan_man(&out);
    for (rest = gim_buf_view(&out); rest.len;) {
        gim_str line = gim_str_cut(&rest, '\n');

        if (line.len &&
            (line.ptr[0] == '\'' || (line.ptr[0] == '.' && (line.len < 2 || line.ptr[1] < 'A'))))
            fail_msg("'%.*s'", GIM_FMT(line));
    }
    assert_non_null(memmem(out.ptr, out.len, "\\-\\-fail\\-if LIMIT", 18));
    gim_buf_free(&out);
}

static void write_file(char *path, const char *text)
{
    int fd = mkstemp(path);

    assert_true(fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text));
    close(fd);
}

static int make_files(void **state)
{
    (void)state;
    write_file(body_file, "{\"a\":1}");
    write_file(empty_file, "");
    write_file(url_file, "http://a/b\r\nhttp://a/c\n");
    return 0;
}

static int remove_files(void **state)
{
    (void)state;
    return unlink(body_file) | unlink(empty_file) | unlink(url_file);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_good_command_line_is_a_plan),
        cmocka_unit_test(what_is_wrong_is_one_line_with_the_mend),
        cmocka_unit_test(fields_that_are_made_are_left_out_with_a_note),
        cmocka_unit_test(called_as_hey_it_is_hey),
        cmocka_unit_test(help_fits_80_columns),
        cmocka_unit_test(the_man_page_has_no_line_that_roff_would_take_for_its_own),
    };

    return cmocka_run_group_tests(tests, make_files, remove_files);
}
