/* test_compare_plan.c: plans, right and wrong. A wrong one is compared by all that is said of it. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
#include "../../../proof/compare/plan_parts.h"

#define PAGE TEST_DATA "/../../docs/reference/compare-plan.md"

/* What stands before and after, where a row is about something else. */
#define ASKS "request: {path: /posts}\n"
#define SERVES "services: [{name: a, run: [a, '{port}']}]\n"
#define SERVICES ASKS "services:\n- name: a\n  run: [a, '{port}']\n"

static char folder[] = "/tmp/test_compare_plan_XXXXXX";

static void write_file(const char *name, const char *text, size_t len)
{
    FILE *out = fopen(name, "we");

    assert_non_null(out);
    assert_int_equal(fwrite(text, 1, len, out), len);
    assert_int_equal(fclose(out), 0);
}

/* What is said of the text as plan.yaml; "" when it is read. */
static const char *said(struct compare_plan *p, const char *text, struct gim_buf *err)
{
    int failed;

    write_file("plan.yaml", text, strlen(text));
    failed = compare_plan_read(p, "plan.yaml", err);
    assert_int_equal(failed, err->len ? -1 : 0);
    gim_buf_char(err, '\0');
    return err->ptr;
}

static void read_good(struct compare_plan *p, const char *text)
{
    struct gim_buf err = {0};

    assert_string_equal(said(p, text, &err), "");
    gim_buf_free(&err);
}

/* ---- wrong plans ------------------------------------------------------------------------------ */

static const struct {
    const char *text, *said;
} wrong[] = {
    /* not YAML, or no plan */
    {"", "plan.yaml:1: expected a plan: request:, services: and so on; `proof init` writes one\n"},
    {"# nothing\n",
     "plan.yaml:1: expected a plan: request:, services: and so on; `proof init` writes one\n"},
    {"\n- a\n",
     "plan.yaml:2: expected a plan: request:, services: and so on; `proof init` writes one\n"},
    {ASKS "services: [\n",
     "plan.yaml:3: not YAML: did not find expected node content, while parsing a flow node\n"},
    {ASKS "services:\n\t- a\n",
     "plan.yaml:3: expected spaces: YAML takes no tab at the start of a line\n"},
    {ASKS SERVES "title: a: b\n",
     "plan.yaml:3: not YAML: mapping values are not allowed in this context\n"},
    {ASKS SERVES "title: \"a\n",
     "plan.yaml:4: not YAML: found unexpected end of stream, while scanning a quoted scalar\n"},
    {ASKS SERVES "title: a\n b: c\n",
     "plan.yaml:4: not YAML: mapping values are not allowed in this context\n"},
    {ASKS SERVES "title: \xff\n", "plan.yaml:3: expected UTF-8: invalid leading UTF-8 octet\n"},
    {ASKS SERVES "title: *a\n", "plan.yaml:3: not YAML: found undefined alias\n"},
    {ASKS SERVES "---\ntitle: b\n", "plan.yaml:4: expected one document, got a second after ---\n"},
    {ASKS SERVES "? [a]\n: b\n", "plan.yaml:3: expected a key, a word before ':', got a list\n"},
    {ASKS SERVES "seed: 1\ntitle: a\nseed: 2\n",
     "plan.yaml:5: seed: given twice; the first is on line 3\n"},
    {ASKS SERVES "title: [[[[[[[[[[[[[a]]]]]]]]]]]]]\n",
     "plan.yaml:3: nested deeper, or longer, than a plan can be\n"},
    {ASKS SERVES "title: &a [*a]\n", "plan.yaml:3: nested deeper, or longer, than a plan can be\n"},

    /* keys */
    {ASKS SERVES "tilte: a\n", "plan.yaml:3: unknown key 'tilte'; did you mean 'title'?\n"},
    {ASKS SERVES "protocol:\n  rounds: 10\n  closed-ms: 5\n",
     "plan.yaml:5: unknown key 'closed-ms'; did you mean 'closed_ms'?\n"},
    {ASKS SERVES "protocol:\n  rouds: 10\n",
     "plan.yaml:4: unknown key 'rouds'; did you mean 'rounds'?\n"},
    {ASKS SERVES "groups:\n- name: a\n- {name: b, wherefore: c}\n",
     "plan.yaml:5: unknown key 'wherefore'; known here: name, title\n"},
    {SERVICES "  comand: [b]\n- name: b\n",
     "plan.yaml:5: unknown key 'comand'; known here: name, group, about, directory, needs, "
     "needs_help, build, run, shell, env, binary, version, host, port, reference, control_of\n"},
    {ASKS SERVES "protocol.rounds: 10\n",
     "plan.yaml:3: unknown key 'protocol.rounds'; keys are words such as body_file\n"},
    {ASKS SERVES "a[b: 1\n", "plan.yaml:3: unknown key 'a[b'; keys are words such as body_file\n"},

    /* kinds */
    {ASKS SERVES "title: [a]\n",
     "plan.yaml:3: title: expected text (in quotes, when it begins with { or [ ), got a list\n"},
    {"request:\n  path: /a\n  body: {\"a\": 1}\n" SERVES,
     "plan.yaml:3: body: expected text (in quotes, when it begins with { or [ ), got keys and "
     "values\n"},
    {ASKS SERVES "protocol: {rounds: many}\n",
     "plan.yaml:3: rounds: expected a whole number of at most 9 digits, got 'many'\n"},
    {ASKS SERVES "protocol:\n  rounds:\n",
     "plan.yaml:4: rounds: expected a whole number of at most 9 digits, got nothing\n"},
    {ASKS SERVES "protocol: {rounds: 99999999999}\n",
     "plan.yaml:3: rounds: expected a whole number of at most 9 digits, got '99999999999'\n"},
    {ASKS SERVES "protocol: {rounds: 10.5}\n",
     "plan.yaml:3: rounds: expected a whole number of at most 9 digits, got '10.5'\n"},
    {ASKS SERVES "protocol: {rounds: 010, open: [60 %]}\n",
     "plan.yaml:3: rounds: expected a whole number of at most 9 digits, got '010'\n"
     "plan.yaml:3: open: expected a whole number of at most 9 digits, got '60 %'\n"},
    {ASKS SERVES "protocol: {hey: yess}\n",
     "plan.yaml:3: hey: expected true or false, got 'yess'\n"},
    {ASKS SERVES "protocol: {hey: }\n", "plan.yaml:3: hey: expected true or false, got nothing\n"},
    {ASKS SERVES "protocol: {hey: [true]}\n",
     "plan.yaml:3: hey: expected true or false, got a list\n"},
    {ASKS SERVES "seed: -1\n", "plan.yaml:3: seed: expected a whole number from 0, got '-1'\n"},
    {ASKS SERVES "practical: two\n", "plan.yaml:3: practical: expected a number, got 'two'\n"},
    {ASKS SERVES "protocol:\n  closed: 10\n",
     "plan.yaml:4: closed: expected a list of whole numbers, such as [1, 10], got '10'\n"},
    {ASKS SERVES "protocol:\n  closed:\n  - 1\n  - x\n",
     "plan.yaml:6: closed: expected a whole number of at most 9 digits, got 'x'\n"},
    {ASKS "services: a\n",
     "plan.yaml:2: services: expected a list, each entry beginning with '-', got 'a'\n"},
    {ASKS "services: {name: a}\n", "plan.yaml:2: services: expected a list, each entry beginning "
                                   "with '-', got keys and values\n"},
    {ASKS "services:\n- name: a\n  run: [a, '{port}']\n- b\n",
     "plan.yaml:5: services: expected keys and values, got 'b'\n"},
    {ASKS SERVES "protocol: 5\n", "plan.yaml:3: protocol: expected keys and values, got '5'\n"},
    {SERVICES "  env: A=b\n",
     "plan.yaml:5: env: expected a list of words, such as [one, two], got 'A=b'\n"},
    {SERVICES "  env: {A: b}\n",
     "plan.yaml:5: env: expected a list of words, such as [one, two], got keys and values\n"},
    {SERVICES "  build:\n  - [a]\n  - [a, [b]]\n",
     "plan.yaml:7: build: expected a command as a list of words, such as [make, all], got a "
     "list\n"},
    {SERVICES "  build: 2: 3\n",
     "plan.yaml:5: not YAML: mapping values are not allowed in this context\n"},
    {SERVICES "  build:\n",
     "plan.yaml:5: build: expected a list of commands, such as [[make, all]], got nothing\n"},

    /* the whole */
    {SERVES, "plan.yaml:1: request: expected; it is the request that is measured\n"},
    {ASKS, "plan.yaml:1: services: expected one service or more\n"},
    {ASKS "services: []\n", "plan.yaml:2: services: expected one service or more, got none\n"},
    {ASKS SERVES "practical: 0\n",
     "plan.yaml:3: practical: expected a percentage above 0 and up to 50, got '0'\n"},
    {ASKS SERVES "practical: nan\n",
     "plan.yaml:3: practical: expected a percentage above 0 and up to 50, got 'nan'\n"},
    {ASKS SERVES "server_cpus: 0-\nclient_cpus: 3-1\n",
     "plan.yaml:3: server_cpus: expected CPUs such as 0-3,8, got '0-'\n"
     "plan.yaml:4: client_cpus: expected CPUs such as 0-3,8, got '3-1'\n"},
    {ASKS SERVES "server_cpus: 0,\n",
     "plan.yaml:3: server_cpus: expected CPUs such as 0-3,8, got '0,'\n"},
    {ASKS SERVES "server_cpus: 0-9999\n",
     "plan.yaml:3: server_cpus: expected CPUs such as 0-3,8, got '0-9999'\n"},

    /* protocol */
    {ASKS SERVES "protocol:\n  rounds: 5\n", "plan.yaml:4: rounds: expected 6 to 200, got 5\n"},
    {ASKS SERVES "protocol:\n  closed: [64, 64]\n",
     "plan.yaml:4: closed: expected rising numbers, got 64 after 64\n"},
    {ASKS SERVES "protocol:\n  rounds: 0\n", "plan.yaml:4: rounds: expected 6 to 200, got 0\n"},
    {ASKS SERVES "protocol:\n  closed: [0]\n  open:\n  - 50\n  - 101\n  idle: [-1]\n",
     "plan.yaml:4: closed: expected 1 to 10000, got 0\n"
     "plan.yaml:7: open: expected 1 to 100, got 101\n"
     "plan.yaml:8: idle: expected 1 to 100000, got -1\n"},
    {ASKS SERVES "protocol:\n  closed: [1, 2, 3, 4, 5, 6, 7, 8, 9]\n",
     "plan.yaml:4: closed: expected at most 8 numbers, got 9\n"},
    {ASKS SERVES "protocol:\n  closed_ms: 0\n  call_timeout_ms: -1\n",
     "plan.yaml:4: closed_ms: expected 50 to 3600000, got 0\n"
     "plan.yaml:5: call_timeout_ms: expected 1 to 3600000, got -1\n"},
    {ASKS SERVES "protocol:\n  small_requests: 9\n",
     "plan.yaml:4: small_requests: expected at least small_connections, 10, got 9\n"},

    /* requests */
    {"request: {method: POST}\n" SERVES, "plan.yaml:1: path: expected, such as /posts\n"},
    {"request: {path: posts}\n" SERVES,
     "plan.yaml:1: path: expected a path that begins with /, got 'posts'\n"},
    {"request: {path: /a b}\n" SERVES,
     "plan.yaml:1: path: expected no spaces in a path (write %20), got '/a b'\n"},
    {"request: {path: '/a/{id}'}\n" SERVES,
     "plan.yaml:1: path: expected no place to fill in, got {id}\n"},
    {"request:\n  path: /a\n  method: post\n" SERVES,
     "plan.yaml:3: method: expected a method in capitals, such as POST, got 'post'\n"},
    {"request:\n  path: /a\n  method: HEAD\n" SERVES,
     "plan.yaml:3: method: expected a method whose answer has a body; HEAD is not supported\n"},
    {"request:\n  path: /a\n  body: a\n  body_file: there.json\n" SERVES,
     "plan.yaml:4: body_file: expected body or body_file, got both\n"},
    {"request:\n  path: /a\n  body_file: nowhere.json\n" SERVES,
     "plan.yaml:3: body_file: expected a file in . that can be read, got 'nowhere.json'\n"},
    {"request:\n  path: /a\n  body_file: /tmp\n" SERVES,
     "plan.yaml:3: body_file: expected a file in . that can be read, got '/tmp'\n"},
    {"request:\n  path: /a\n  headers:\n  - 'A: b'\n  - A\n" SERVES,
     "plan.yaml:5: headers: expected \"Name: value\" in quotes, got 'A'\n"},
    {"request:\n  path: /a\n  headers:\n  - A: b\n" SERVES,
     "plan.yaml:4: headers: expected text (in quotes, when it begins with { or [ ), got keys and "
     "values\n"},
    {"request:\n  path: /a\n  status: 99\n" SERVES,
     "plan.yaml:3: status: expected 100 to 599, or 0 for any 2xx, got 99\n"},
    {ASKS "read:\n  path: /a/{idd}\n" SERVES,
     "plan.yaml:3: path: unknown place {idd}; did you mean {id}?\n"},
    {ASKS "read:\n  path: /a/{something}\n" SERVES,
     "plan.yaml:3: path: unknown place {something}; known here: {id}, {location}\n"},
    {ASKS "list:\n  path: /a\n" SERVES,
     "plan.yaml:2: list: expected read beside it: mixed traffic is mostly reads\n"},

    /* the contract */
    {ASKS SERVES "contract:\n- name: a\n",
     "plan.yaml:4: request: expected a path, such as {path: /posts/1}\n"},
    {ASKS SERVES "contract:\n- request: {path: /a}\n",
     "plan.yaml:4: name: expected, such as 'an unknown id is 404'\n"},
    {ASKS SERVES "contract:\n- name: a\n  request: {path: /a, status: 200}\n",
     "plan.yaml:5: status: expected beside request, not in it\n"},
    {ASKS SERVES "contract:\n- name: a\n  request: {path: /a}\n  status: 600\n  json: '{\"a\": }'\n"
                 "  headers: ['A B']\n  repeat_body: -1\n",
     "plan.yaml:6: status: expected 100 to 599, or 0 for any 2xx, got 600\n"
     "plan.yaml:7: json: expected JSON: expected a value at character 7, got '{\"a\": }'\n"
     "plan.yaml:8: headers: expected \"Name: value\" or \"Name\" in quotes, got 'A B'\n"
     "plan.yaml:9: repeat_body: expected 0 to 100000000, got -1\n"},

    /* services */
    {ASKS "services:\n- run: [a, '{port}']\n",
     "plan.yaml:3: name: expected; it is how the report calls it\n"},
    {ASKS "services:\n- name: a/b\n  run: [a, '{port}']\n",
     "plan.yaml:3: name: expected 1 to 60 letters, digits, spaces and _.()+-, got 'a/b'\n"},
    {SERVICES "- name: b\n  run: [a, '{port}']\n- name: a\n  run: [a, '{port}']\n",
     "plan.yaml:7: name: expected another name; 'a' is on line 3 too\n"},
    {ASKS "services:\n- name: a\n",
     "plan.yaml:3: run: expected the command that starts it, such as [python3, app.py]\n"},
    {ASKS "services:\n- name: a\n  run: app {port}\n",
     "plan.yaml:4: run: expected a list of words, such as [python3, app.py], or `shell: true` "
     "beside it, got 'app {port}'\n"},
    {ASKS "services:\n- name: a\n  run: []\n",
     "plan.yaml:4: run: expected a command, got nothing\n"},
    {ASKS "services:\n- name: a\n  shell: true\n  run: [a, '{port}']\n",
     "plan.yaml:5: run: expected one line for the shell, since shell is true, got 2 words\n"},
    {SERVICES "  build: make\n",
     "plan.yaml:5: build: expected a list of words, such as [python3, app.py], or `shell: true` "
     "beside it, got 'make'\n"},
    {SERVICES "  build:\n  - [make]\n  - make all\n  version: a -v\n",
     "plan.yaml:7: build: expected a list of words, such as [python3, app.py], or `shell: true` "
     "beside it, got 'make all'\n"
     "plan.yaml:8: version: expected a list of words, such as [python3, app.py], or `shell: true` "
     "beside it, got 'a -v'\n"},
    {SERVICES "  build:\n  - words: [a]\n",
     "plan.yaml:6: build: expected a list of words, got keys and values\n"},
    {SERVICES "  build: [[]]\n", "plan.yaml:5: build: expected a command, got nothing\n"},
    {ASKS "services:\n- name: a\n  run:\n  - a\n  - '{prot}'\n  port: 80\n  env: ['A={cpu}', B]\n",
     "plan.yaml:6: run: unknown place {prot}; did you mean {port}?\n"
     "plan.yaml:8: env: unknown place {cpu}; did you mean {cpus}?\n"
     "plan.yaml:8: env: expected NAME=value, got 'B'\n"},
    {ASKS "services:\n- name: a\n  run: [a]\n", "plan.yaml:3: port: expected the port that it "
                                                "listens on, or {port} in run or env, which tells "
                                                "it a free one\n"},
    {SERVICES "  port: 65536\n", "plan.yaml:5: port: expected 0 to 65535, got 65536\n"},
    {SERVICES "  directory: nowhere\n",
     "plan.yaml:5: directory: expected a directory in ., got 'nowhere'\n"},
    {SERVICES "  host: ''\n", "plan.yaml:5: host: expected a name or an address, got ''\n"},
    {SERVICES "  group: x\n- name: b\n  run: [a, '{port}']\n",
     "plan.yaml:6: group: expected the name of a group, since there are groups\n"},
    {SERVICES "  group: x\ngroups: [{name: y}, {name: y}, {}]\n",
     "plan.yaml:6: name: expected another name; 'y' is a group already\n"
     "plan.yaml:6: name: expected; it is how the report calls it\n"
     "plan.yaml:5: group: expected a name that groups lists, got 'x'\n"},
    {SERVICES "  group: x,\n",
     "plan.yaml:5: group: expected 1 to 60 letters, digits, spaces and _.()+-, got 'x,'\n"},
    {SERVICES "  reference: true\n- name: b\n  run: [a, '{port}']\n  reference: true\n",
     "plan.yaml:8: reference: expected one in a group; 'a' is it already\n"},
    {SERVICES "- name: b\n  control_of: c\n",
     "plan.yaml:6: control_of: expected the name of a service that is no copy itself, got 'c'\n"},
    {SERVICES "- name: b\n  control_of: b\n",
     "plan.yaml:6: control_of: expected the name of a service that is no copy itself, got 'b'\n"},
    {SERVICES "- name: b\n  control_of: a\n- name: c\n  control_of: b\n",
     "plan.yaml:8: control_of: expected the name of a service that is no copy itself, got 'b'\n"},
    {SERVICES "- name: b\n  control_of: a\n  port: 0\n",
     "plan.yaml:7: port: expected nothing but name, about and control_of in a copy\n"},

    /* lines stay true after what is written anew; nothing drives the terminal */
    {ASKS
     "services:\n- name: a\n  build:\n  - - make\n    - |\n      one\n      two\n\n    # note\n"
     "  - - a\n  - >\n    b\n    c\n  version: |\n    a\n    b\n  shell: true\n  run: >\n"
     "    {port}\n\n  prot: 1\n",
     "plan.yaml:22: unknown key 'prot'; did you mean 'port'?\n"},
    {ASKS "services:\n- name: \xc3\xa4\xc3\xb6\xe2\x82\xac\n  about: \xc3\xa4\xc3\xb6\xe2\x82\xac\n"
          "  shell: true\n  run: \xc3\xa4 {port}\n  prot: 1\n",
     "plan.yaml:7: unknown key 'prot'; did you mean 'port'?\n"},
    {ASKS SERVES "server_cpus: \"\\e[2J\"\n",
     "plan.yaml:3: server_cpus: expected CPUs such as 0-3,8, got ' [2J'\n"},
};

static void each_wrong_plan_is_told_by_line(void **state)
{
    unsigned failed = 0;

    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        struct compare_plan p;
        struct gim_buf err = {0};

        if (strcmp(said(&p, wrong[i].text, &err), wrong[i].said) != 0) {
            print_error("of\n%s\nsaid\n%s\nnot\n%s\n", wrong[i].text, err.ptr, wrong[i].said);
            failed++;
        }
        gim_buf_free(&err);
    }
    assert_int_equal(failed, 0);
}

static void a_file_that_is_not_there_is_told(void **state)
{
    struct compare_plan p;
    struct gim_buf err = {0};

    (void)state;
    assert_int_equal(compare_plan_read(&p, "nowhere/plan.yaml", &err), -1);
    gim_buf_char(&err, '\0');
    assert_string_equal(err.ptr,
                        "nowhere/plan.yaml: No such file or directory; `proof init` writes "
                        "a plan to begin with\n");
    gim_buf_free(&err);
    assert_int_equal(compare_plan_read(&p, "/tmp", &err), -1);
    gim_buf_char(&err, '\0');
    assert_string_equal(err.ptr, "/tmp: Is a directory; expected a file\n");
    gim_buf_free(&err);
}

/* Any beginning of a plan is read or told; none crashes or leaks. */
static void every_beginning_of_a_plan_is_told_or_read(void **state)
{
    size_t n = strlen(compare_plan_template);

    (void)state;
    for (size_t i = 0; i < n; i += 7) {
        struct compare_plan p;
        struct gim_buf err = {0};

        write_file("plan.yaml", compare_plan_template, i);
        if (compare_plan_read(&p, "plan.yaml", &err) == 0)
            compare_plan_free(&p);
        else
            assert_true(err.len > 0);
        gim_buf_free(&err);
    }
}

/* ---- right plans ------------------------------------------------------------------------------ */

static void assert_levels(const int *levels, unsigned count, const int *expected, unsigned n)
{
    assert_int_equal(count, n);
    for (unsigned i = 0; i < n; i++)
        assert_int_equal(levels[i], expected[i]);
}

static void assert_words(const struct compare_words *w, const char *joined)
{
    struct gim_buf b = {0};

    for (unsigned i = 0; i < w->count; i++)
        gim_buf_printf(&b, "%s%s", i ? "|" : "", w->items[i]);
    gim_buf_char(&b, '\0');
    assert_string_equal(b.ptr, joined);
    gim_buf_free(&b);
}

static void assert_default_protocol(const struct compare_protocol *q)
{
    assert_int_equal(q->rounds, 10);
    assert_int_equal(q->idle_ms, 1000);
    assert_int_equal(q->later_calls, 100);
    assert_int_equal(q->small_requests, 200);
    assert_int_equal(q->small_connections, 10);
    assert_true(q->hey);
    assert_levels(q->closed, q->closed_count, (int[]){1, 10, 64, 256}, 4);
    assert_int_equal(q->warmup_ms, 500);
    assert_int_equal(q->closed_ms, 1500);
    assert_levels(q->open, q->open_count, (int[]){50, 80}, 2);
    assert_int_equal(q->open_ms, 1500);
    assert_int_equal(q->open_connections, 64);
    assert_int_equal(q->mixed_ms, 1500);
    assert_int_equal(q->mixed_connections, 64);
    assert_levels(q->idle, q->idle_count, (int[]){1000, 10000}, 2);
    assert_int_equal(q->ready_timeout_ms, 10000);
    assert_int_equal(q->stop_timeout_ms, 5000);
    assert_int_equal(q->call_timeout_ms, 20000);
}

static void what_is_not_given_has_its_default(void **state)
{
    struct compare_plan p;

    (void)state;
    read_good(&p, ASKS SERVES "contract:\n- {name: a, request: {path: /a}}\n"
                              "- {name: b, request: {path: /a, body: x}}\n");
    assert_string_equal(p.title, "Services compared");
    assert_int_equal(p.seed, 1);
    assert_true(p.practical > 1.99 && p.practical < 2.01);
    assert_null(p.server_cpus);
    assert_null(p.client_cpus);
    assert_string_equal(p.request.method, "POST");
    assert_string_equal(p.request.content_type, "application/json");
    assert_null(p.request.body);
    assert_int_equal(p.request.status, 0);
    assert_null(p.read.path);
    assert_default_protocol(&p.protocol);
    assert_string_equal(p.contract[0].request.method, "GET");
    assert_string_equal(p.contract[1].request.method, "POST");
    assert_int_equal(p.groups_count, 0);
    assert_string_equal(p.services[0].directory, ".");
    assert_string_equal(p.services[0].host, "127.0.0.1");
    assert_string_equal(p.services[0].binary, "a");
    assert_true(p.services[0].reference);
    assert_null(p.services[0].group);
    assert_string_equal(p.directory, ".");
    assert_string_equal(p.file, "plan.yaml");
    compare_plan_free(&p);
}

static void commands_are_words_or_for_the_shell(void **state)
{
    static const char text[] =
        ASKS "services:\n"
             "- name: a\n"
             "  build:\n"
             "  - - one\n"
             "    - 'two \"words\"\\'\n"
             "    # a note\n"
             "  - [three, 'f\xc3\xbcnf']\n"
             "\n"
             "  - - four\n"
             "  run: [a, '{port}', -x, 5]\n"
             "  version: [a, -v]\n"
             "- name: b\n"
             "  shell: true\n"
             "  build: [cd x && make, [touch, y]]\n"
             "  run: exec \"$HOME/b\" ${port} {port}\n"
             "  version: |\n"
             "    b -v |\n"
             "      head -1\n"
             "- {name: c, shell: yes, build: make c, run: &run 'c {port}'}\n"
             "- {name: d, shell: true, build: &build [[make, all], clean], run: *run}\n"
             "- {name: e, shell: true, build: *build, run: 'e {port}'}\n";
    struct compare_plan p;

    (void)state;
    read_good(&p, text);
    assert_int_equal(p.services[0].build_count, 3);
    assert_words(&p.services[0].build[0], "one|two \"words\"\\");
    assert_words(&p.services[0].build[1], "three|f\xc3\xbcnf");
    assert_words(&p.services[0].build[2], "four");
    assert_words(&p.services[0].run, "a|{port}|-x|5");
    assert_words(&p.services[0].version, "a|-v");
    assert_words(&p.services[1].build[0], "/bin/sh|-c|cd x && make");
    assert_words(&p.services[1].build[1], "touch|y");
    assert_words(&p.services[1].run, "exec \"$HOME/b\" ${port} {port}");
    assert_words(&p.services[1].version, "/bin/sh|-c|b -v |\n  head -1\n");
    assert_null(p.services[1].binary);
    assert_words(&p.services[2].build[0], "/bin/sh|-c|make c");
    assert_words(&p.services[3].build[0], "make|all");
    assert_words(&p.services[3].build[1], "/bin/sh|-c|clean");
    assert_words(&p.services[4].build[1], "/bin/sh|-c|clean");
    compare_plan_free(&p);
}

static void a_group_has_one_reference_and_a_copy_its_original_s_group(void **state)
{
    struct compare_plan p;

    (void)state;
    read_good(&p, ASKS "services:\n"
                       "- {name: again, control_of: b}\n"
                       "- {name: a, group: x, run: [a, '{port}']}\n"
                       "- {name: b, group: y, run: [a, '{port}']}\n"
                       "- {name: c, group: y, run: [a, '{port}'], reference: true}\n");
    assert_int_equal(p.groups_count, 2);
    assert_string_equal(p.groups[0].name, "x");
    assert_string_equal(p.groups[1].title, "y");
    assert_string_equal(p.services[0].group, "y");
    assert_false(p.services[0].reference);
    assert_true(p.services[1].reference);
    assert_false(p.services[2].reference);
    assert_true(p.services[3].reference);
    compare_plan_free(&p);
}

static void paths_start_at_the_plan(void **state)
{
    static const char text[] = "request: {path: /a, body_file: body.json}\n"
                               "services: [{name: a, directory: sub, run: [a], port: 80}]\n";
    struct compare_plan p;
    struct gim_buf err = {0};

    (void)state;
    assert_int_equal(mkdir("in", 0700), 0);
    assert_int_equal(mkdir("in/sub", 0700), 0);
    write_file("in/body.json", "{}", 2);
    write_file("in/plan.yaml", text, sizeof text - 1);
    assert_int_equal(compare_plan_read(&p, "in/plan.yaml", &err), 0);
    assert_string_equal(p.directory, "in");
    assert_string_equal(p.request.body_file, "body.json");
    compare_plan_free(&p);
    gim_buf_free(&err);
    assert_int_equal(
        unlink("in/body.json") | unlink("in/plan.yaml") | rmdir("in/sub") | rmdir("in"), 0);
}

static void a_big_plan_is_read(void **state)
{
    struct gim_buf text = {0};
    struct compare_plan p;

    (void)state;
    gim_buf_lit(&text, ASKS "contract:\n");
    for (int i = 0; i < 200; i++)
        gim_buf_printf(&text, "- name: check %d\n  request: {path: /a/%d}\n  status: 404\n", i, i);
    gim_buf_lit(&text, "services:\n");
    for (int i = 0; i < 64; i++)
        gim_buf_printf(&text,
                       "- name: s%d\n  build:\n  - [a, b]\n  - - c\n    - d%d\n"
                       "  run: [a, '{port}']\n  env: [A=b, C=d]\n",
                       i, i);
    gim_buf_char(&text, '\0');
    read_good(&p, text.ptr);
    assert_int_equal(p.contract_count, 200);
    assert_string_equal(p.contract[199].request.path, "/a/199");
    assert_int_equal(p.services_count, 64);
    assert_words(&p.services[63].build[1], "c|d63");
    compare_plan_free(&p);
    gim_buf_free(&text);
}

static void quick_is_shorter_and_leaves_out_what_the_plan_does(void **state)
{
    struct compare_plan p;

    (void)state;
    read_good(&p, ASKS SERVES "protocol: {idle: [], closed_ms: 100}\n");
    compare_plan_quicken(&p);
    assert_int_equal(p.protocol.rounds, 6);
    assert_int_equal(p.protocol.later_calls, 50);
    assert_false(p.protocol.hey);
    assert_levels(p.protocol.closed, p.protocol.closed_count, (int[]){10, 64}, 2);
    assert_int_equal(p.protocol.closed_ms, 100);
    assert_int_equal(p.protocol.warmup_ms, 150);
    assert_levels(p.protocol.open, p.protocol.open_count, (int[]){60}, 1);
    assert_int_equal(p.protocol.open_ms, 500);
    assert_int_equal(p.protocol.mixed_ms, 500);
    assert_int_equal(p.protocol.idle_count, 0);
    compare_plan_free(&p);
}

/* ---- the template and the manual -------------------------------------------------------------- */

static void the_template_is_a_plan(void **state)
{
    struct compare_plan p;

    (void)state;
    read_good(&p, compare_plan_template);
    assert_int_equal(p.services_count, 3);
    assert_string_equal(p.services[2].control_of, "first");
    assert_default_protocol(&p.protocol);
    compare_plan_free(&p);
}

/* The line without the '#' of a key: of "#key:" or "#  key:". */
static void put_bare(struct gim_buf *out, gim_str line)
{
    size_t at = gim_str_find(line, '#');
    bool key = at < line.len && strspn(line.ptr, " ") == at && line.len > at + 2 &&
               (line.ptr[at + 1] != ' ' || line.ptr[at + 2] == ' ');

    gim_buf_add(out, line.ptr, key ? at : line.len);
    if (key)
        gim_buf_add(out, line.ptr + at + 1, line.len - at - 1);
    gim_buf_char(out, '\n');
}

static void the_template_s_comments_are_the_defaults(void **state)
{
    gim_str rest = gim_str_of(strstr(compare_plan_template, "#protocol:"));
    struct gim_buf text = {0};
    struct compare_plan p;

    (void)state;
    gim_buf_lit(&text, ASKS SERVES);
    while (rest.len)
        put_bare(&text, gim_str_cut(&rest, '\n'));
    gim_buf_char(&text, '\0');
    assert_non_null(strstr(text.ptr, "\n  call_timeout_ms: 20000\n"));
    read_good(&p, text.ptr);
    assert_default_protocol(&p.protocol);
    compare_plan_free(&p);
    gim_buf_free(&text);
}

static void the_template_shows_every_key(void **state)
{
    struct gim_buf keys = {0};
    gim_str rest;

    (void)state;
    plan_schema_keys(&keys);
    rest = gim_buf_view(&keys);
    rest.len--;
    while (rest.len) {
        gim_str key = gim_str_cut(&rest, '\n');
        size_t dot = gim_str_find(key, '.');
        char name[80];

        if (dot < key.len)
            key = (gim_str){key.ptr + dot + 1, key.len - dot - 1};
        snprintf(name, sizeof name, "%.*s: ", GIM_FMT(key));
        name[strlen(name) - 1] = '\0';
        if (!strstr(compare_plan_template, name))
            fail_msg("the template has no %s", name);
    }
    gim_buf_free(&keys);
}

/* "## `request`, ..." begins the rows of request; "| `path` |" is a row. */
static void page_keys(struct gim_buf *out)
{
    FILE *in = fopen(PAGE, "re");
    char line[1000], prefix[80] = "", name[80];

    assert_non_null(in);
    while (fgets(line, sizeof line, in)) {
        if (sscanf(line, "## `%78[a-z]`", name) == 1)
            snprintf(prefix, sizeof prefix, "%.70s.", name);
        else if (sscanf(line, "| `%78[a-z_]` |", name) == 1)
            gim_buf_printf(out, "%s%s\n", prefix, name);
    }
    fclose(in);
    gim_buf_char(out, '\0');
}

static void the_manual_has_the_schema_s_keys(void **state)
{
    struct gim_buf keys = {0}, page = {0};

    (void)state;
    plan_schema_keys(&keys);
    gim_buf_char(&keys, '\0');
    page_keys(&page);
    assert_string_equal(page.ptr, keys.ptr);
    gim_buf_free(&keys);
    gim_buf_free(&page);
}

static void the_manual_s_smallest_plan_is_read(void **state)
{
    char page[4096] = "";
    FILE *in = fopen(PAGE, "re");
    struct compare_plan p;
    char *text, *end;

    (void)state;
    assert_non_null(in);
    page[fread(page, 1, sizeof page - 1, in)] = '\0';
    fclose(in);
    text = strstr(page, "```yaml\n");
    assert_non_null(text);
    text += strlen("```yaml\n");
    end = strstr(text, "```");
    assert_non_null(end);
    *end = '\0';
    read_good(&p, text);
    assert_int_equal(p.services_count, 2);
    compare_plan_free(&p);
}

/* ---- where they run --------------------------------------------------------------------------- */

static int enter(void **state)
{
    (void)state;
    if (!mkdtemp(folder) || chdir(folder))
        return -1;
    write_file("there.json", "{}", 2);
    return 0;
}

static int leave(void **state)
{
    (void)state;
    return unlink("plan.yaml") | unlink("there.json") | chdir("/") | rmdir(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_wrong_plan_is_told_by_line),
        cmocka_unit_test(a_file_that_is_not_there_is_told),
        cmocka_unit_test(every_beginning_of_a_plan_is_told_or_read),
        cmocka_unit_test(what_is_not_given_has_its_default),
        cmocka_unit_test(commands_are_words_or_for_the_shell),
        cmocka_unit_test(a_group_has_one_reference_and_a_copy_its_original_s_group),
        cmocka_unit_test(paths_start_at_the_plan),
        cmocka_unit_test(a_big_plan_is_read),
        cmocka_unit_test(quick_is_shorter_and_leaves_out_what_the_plan_does),
        cmocka_unit_test(the_template_is_a_plan),
        cmocka_unit_test(the_template_s_comments_are_the_defaults),
        cmocka_unit_test(the_template_shows_every_key),
        cmocka_unit_test(the_manual_has_the_schema_s_keys),
        cmocka_unit_test(the_manual_s_smallest_plan_is_read),
    };

    return cmocka_run_group_tests(tests, enter, leave);
}
