/* flags.c: the rows of the command line. hey's come with hey's names, meanings and defaults; what is
 * ours begins with two dashes. A row's help is one sentence without a full stop; where hey does
 * something else, docs/reference/load.md says what. */
#include "flags.h"

#define AT(member) .offset = (uint32_t)offsetof(struct load_plan, member)

#define HOW_MUCH "How much, how fast"
#define REQUEST "The request"
#define CONNECTION "The connection"
#define GENERATOR "The generator"
#define REPORT "The report"
#define CHECKS "Checks: exit 99 when one fails"
#define OTHER "Besides"

const struct load_flag load_flags[] = {
    {"-n", NULL, FLAG_INT, AT(requests), 0, 0, "N", "200", "requests in all; every one is sent",
     HOW_MUCH},
    {"-c", NULL, FLAG_INT, AT(concurrency), 0, 0, "N", "50",
     "connections; each has one request under way", HOW_MUCH},
    {"-z", NULL, FLAG_DURATION, AT(duration_ns), 0, INT64_MAX, "TIME", NULL,
     "send for so long, whatever -n says: 10s, 1m30s, 500ms", HOW_MUCH},
    {"-q", NULL, FLAG_FLOAT, AT(qps), 0, 0, "N", NULL,
     "at most so many a second on each connection", HOW_MUCH},
    {"-t", NULL, FLAG_SECONDS, AT(timeout_ns), 0, INT64_MAX, "SECS", "20",
     "limit of each request in seconds, or 500ms; 0: none", HOW_MUCH},
    {"--rate", NULL, FLAG_RATE, AT(rate), 0, 0, "RATE", NULL,
     "open loop: so many a second in all, sent when due, answered or not; latencies count from "
     "when "
     "they were due: 1000, 90/m",
     HOW_MUCH},
    {"--ramp", NULL, FLAG_DURATION, AT(ramp_ns), 0, INT64_MAX, "TIME", NULL,
     "the rate rises from 0 to --rate over this", HOW_MUCH},
    {"--warmup", NULL, FLAG_DURATION, AT(warmup_ns), 0, INT64_MAX, "TIME", NULL,
     "send for so long first, uncounted", HOW_MUCH},
    {"--connections", NULL, FLAG_INT, AT(connections), 1, 1000000, "N", NULL,
     "as -c; with --rate: how many requests may be under way", HOW_MUCH},

    {"-m", NULL, FLAG_METHOD, AT(method), 0, 0, "WORD", "GET", "method", REQUEST},
    {"-H", NULL, FLAG_HEADER, AT(headers), 0, 0, "LINE", NULL,
     "a field, 'Name: value'; may be repeated, the last of a name holds", REQUEST},
    {"-A", NULL, FLAG_FIELD, AT(accept), 0, 0, "TEXT", NULL, "the Accept field", REQUEST},
    {"-T", NULL, FLAG_FIELD, AT(content_type), 0, 0, "TEXT", "text/html", "the Content-Type field",
     REQUEST},
    {"-U", NULL, FLAG_FIELD, AT(user_agent), 0, 0, "TEXT", NULL, "stands first in User-Agent",
     REQUEST},
    {"-a", NULL, FLAG_AUTH, AT(auth), 0, 0, "TEXT", NULL, "basic authentication, user:password",
     REQUEST},
    {"-host", NULL, FLAG_FIELD, AT(host), 0, 0, "TEXT", NULL, "the Host field", REQUEST},
    {"-d", NULL, FLAG_BODY, AT(body), 0, 0, "TEXT", NULL, "the body", REQUEST},
    {"-D", NULL, FLAG_BODY_FILE, AT(body), 0, 0, "FILE", NULL, "the body, from a file", REQUEST},
    {"--body-lines", NULL, FLAG_FILE, AT(body_lines), 0, 0, "FILE", NULL,
     "each request takes the next line as its body", REQUEST},
    {"--urls", NULL, FLAG_FILE, AT(urls), 0, 0, "FILE", NULL,
     "each request takes the next line: a path, or a URL of the same host", REQUEST},

    {"-x", NULL, FLAG_TEXT, AT(proxy), 0, 0, "HOST", NULL, "HTTP proxy, host:port", CONNECTION},
    {"-h2", NULL, FLAG_BOOL, AT(h2), 0, 0, NULL, NULL, "HTTP/2: not there yet, exit 2", CONNECTION},
    {"-disable-compression", NULL, FLAG_BOOL, AT(no_compression), 0, 0, NULL, NULL,
     "do not ask for gzip", CONNECTION},
    {"-disable-keepalive", NULL, FLAG_BOOL, AT(no_keepalive), 0, 0, NULL, NULL,
     "a connection for each request", CONNECTION},
    {"-disable-redirects", NULL, FLAG_BOOL, AT(no_redirects), 0, 0, NULL, NULL,
     "take a redirect as the answer; else up to 10 are followed", CONNECTION},
    {"--insecure", "-k", FLAG_BOOL, AT(insecure), 0, 0, NULL, NULL,
     "https: accept any certificate (hey always does)", CONNECTION},
    {"--cacert", NULL, FLAG_FILE, AT(ca_file), 0, 0, "FILE", NULL,
     "https: trust these certificates (PEM) instead of the system's", CONNECTION},
    {"--unix-socket", NULL, FLAG_TEXT, AT(unix_socket), 0, 0, "PATH", NULL,
     "connect to this socket; the URL gives Host and path", CONNECTION},

    {"-cpus", NULL, FLAG_INT, AT(cpus), 0, 1024, "N", NULL,
     "CPUs at most; all that we may use unless given", GENERATOR},
    {"--threads", NULL, FLAG_INT, AT(threads), 0, 1024, "N", NULL,
     "threads; the smaller of -c and the CPUs unless given", GENERATOR},
    {"--cpu-list", NULL, FLAG_CPU_LIST, AT(cpu_list), 0, 0, "LIST", NULL,
     "pin the threads to these CPUs: 1,3-5", GENERATOR},

    {"-o", NULL, FLAG_OUTPUT, AT(output), 0, 0, "WORD", NULL,
     "instead of the report: csv (a line a success) or json", REPORT},
    {"--json", NULL, FLAG_JSON, AT(json_file), 0, 0, "FILE", NULL,
     "the result as JSON, besides the report: --json=FILE; without FILE, or with -, instead of the "
     "report",
     REPORT},
    {"--html", NULL, FLAG_TEXT, AT(html_file), 0, 0, "FILE", NULL,
     "the result as a page with charts, besides the report", REPORT},
    {"--plain", NULL, FLAG_BOOL, AT(plain), 0, 0, NULL, NULL,
     "hey's lines only; so it is when called by the name hey", REPORT},
    {"--no-progress", "--quiet", FLAG_BOOL, AT(quiet), 0, 0, NULL, NULL,
     "no progress line (there is none unless stderr is a terminal)", REPORT},

    {"--expect-status", NULL, FLAG_INT, AT(expect_status), 100, 599, "N", NULL,
     "any other status is an error", CHECKS},
    {"--expect-body", NULL, FLAG_TEXT, AT(expect_body), 0, 0, "TEXT", NULL,
     "a body without this text is an error", CHECKS},
    {"--fail-if", NULL, FLAG_LIMIT, AT(limits), 0, 0, "LIMIT", NULL,
     "'p99>5ms', 'mean>2ms', 'max>1s', 'errors>0', 'error_rate>1%' or 'rate<1000'; may be repeated",
     CHECKS},

    {"--self-test", NULL, FLAG_BOOL, AT(self_test), 0, 0, NULL, NULL,
     "how fast this host can send: a run against proof null", OTHER},
    {"--help", NULL, FLAG_HELP, 0, 0, 0, NULL, NULL, "this text", OTHER},
    {"--man", NULL, FLAG_MAN, 0, 0, 0, NULL, NULL, "the man page (roff)", OTHER},
    {"--version", NULL, FLAG_VERSION, 0, 0, 0, NULL, NULL, "the version", OTHER},
    {"-h", NULL, FLAG_OLD_HEADER, 0, 0, 0, "TEXT", NULL, NULL, OTHER},
    {.name = NULL},
};

_Static_assert(sizeof load_flags / sizeof load_flags[0] <= LOAD_FLAGS_MAX,
               "struct reading keeps 64 bits");

gim_str flag_bare(const char *name)
{
    return gim_str_of(name + strspn(name, "-"));
}

const struct load_flag *flag_find(gim_str name)
{
    for (const struct load_flag *f = load_flags; f->name; f++) {
        if (gim_str_eq(flag_bare(f->name), name) ||
            (f->alias && gim_str_eq(flag_bare(f->alias), name)))
            return f;
    }
    return NULL;
}
