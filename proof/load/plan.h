/* plan.h: what is to be sent, how fast, for how long, and what to say about it: the command line,
 * read. Everything is a row of flags.c. */
#ifndef LOAD_PLAN_H
#define LOAD_PLAN_H

#include "../../gimlet/base/arena.h"
#include "../../gimlet/base/buf.h"

enum plan_output {
    OUTPUT_TEXT,
    OUTPUT_CSV,
    OUTPUT_JSON
};

struct plan_header {
    gim_str name, value;
};

enum plan_figure {
    LIMIT_PERCENTILE,
    LIMIT_MEAN,
    LIMIT_MAX,
    LIMIT_ERRORS,
    LIMIT_ERROR_RATE,
    LIMIT_RATE
};

/* --fail-if 'p99>5ms', 'errors>0', 'rate<1000', 'error_rate>1%': checked after the run: exit 99. */
struct plan_limit {
    char text[64];
    enum plan_figure what;
    double percentile;
    bool above;   /* fails when the figure is above the value; else when below */
    double value; /* ns, count, fraction, per second */
};

struct load_plan {
    /* hey's */
    int64_t requests;            /* -n, 200; INT64_MAX with -z */
    int64_t concurrency;         /* -c, 50 */
    double qps;                  /* -q per worker, 0 none: kept exactly */
    int64_t duration_ns;         /* -z, 0 none */
    int64_t timeout_ns;          /* -t, 20 s; 0 none */
    const char *method;          /* -m */
    struct plan_header *headers; /* -H, last of a name wins */
    size_t n_headers;
    const char *accept, *content_type; /* -A, -T text/html */
    const char *user_agent;            /* -U */
    const char *auth;                  /* -a user:password: sent */
    const char *proxy;                 /* -x */
    const char *host;                  /* -host */
    gim_str body;                      /* -d, or -D's content */
    bool h2, no_compression, no_keepalive, no_redirects;
    int64_t cpus;            /* -cpus: threads at most; 0 all we may use */
    enum plan_output output; /* on stdout: -o csv, -o json, --json */
    const char *url;
    /* beyond */
    double rate;                   /* --rate, total per second: open loop */
    int64_t ramp_ns;               /* --ramp: the rate rises to --rate over this */
    int64_t warmup_ns;             /* --warmup: sent, not counted */
    int64_t connections;           /* --connections: as -c (open loop: how many may be in flight) */
    int64_t threads;               /* --threads, 0: min(c, CPUs) */
    const char *cpu_list;          /* --cpu-list 1,3-5: pin the threads */
    const char *body_lines, *urls; /* --body-lines FILE, --urls FILE */
    const char *unix_socket;       /* --unix-socket PATH */
    bool insecure;                 /* -k */
    const char *ca_file;           /* --cacert */
    int64_t expect_status;         /* 0: any */
    const char *expect_body;       /* must be part of the body */
    struct plan_limit *limits;
    size_t n_limits;
    const char *json_file; /* --json=FILE: besides what is on stdout; NULL none */
    const char *html_file; /* --html FILE: the same as a page */
    bool quiet;            /* --no-progress */
    bool self_test;        /* --self-test */
    bool has_templates;    /* a {{seq}}, {{rand}} or {{uuid}} in body, path or headers */
    bool plain;            /* --plain, or called as hey: hey's lines and nothing after them */
    const char *program;   /* "proof load" or "hey": begins every message */
    /* proof compare's mixed traffic, no flag: whole requests, sent in turn instead of the one above.
     * The caller's, until the run has ended. */
    const gim_str *mix;
    size_t n_mix;
    /* what the texts above live in */
    struct gim_arena memory;
    struct gim_buf file; /* -D's content */
};

enum plan_result {
    PLAN_GO,
    PLAN_DONE /* --help, --version: 0 */,
    PLAN_WRONG /* exit code in *code */
};
/** Reads the command line (flags before and after the URL; argv[0] is the name it was called by).
 *  What is wrong goes to stderr as one line with the mend (codes of hey: 1 usage and files, 2 unknown
 *  flags and values that cannot be read). Strings live until plan_free, and as long as argv. */
enum plan_result plan_read(struct load_plan *p, int argc, char **argv, int *code);
/** The same without printing: what was to be said is in `out` (with PLAN_GO: notes for stderr). */
enum plan_result plan_parse(struct load_plan *p, int argc, char **argv, struct gim_buf *out,
                            int *code);
void plan_free(struct load_plan *p);
void plan_help(struct gim_buf *b); /* --help; 80 columns */
void plan_man(struct gim_buf *b);  /* --man: the man page, roff, from the same rows */

#endif
