/* plan_check.c: what no schema can say about the requests, the contract and the CPUs.
 *
 * Each rule looks at one value and names its path; the reading knows the line. All rules run, so that
 * one look at the complaints mends the plan. */
#include "plan_parts.h"
#include "../../gimlet/base/near.h"
#include "../load/cpus.h"
#include <gimlet/json.h>
#include <stdio.h>
#include <sys/stat.h>

#define NAME_MAX_LENGTH 60
#define CPUS_LENGTH 255 /* as HOST_CPUS */
#define REPEAT_MAX 100000000

/* ---- for both --------------------------------------------------------------------------------- */

bool plan_is_name(const char *text)
{
    static const char letters[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789 _.()+-";
    size_t n = strlen(text);

    return n && n <= NAME_MAX_LENGTH && strspn(text, letters) == n && text[0] != ' ' &&
           text[n - 1] != ' ';
}

static bool is_known(gim_str place, const char *const *known)
{
    while (*known && !gim_str_eq(gim_str_of(*known), place))
        known++;
    return *known != NULL;
}

static void say_place(struct plan_reading *r, const char *path, gim_str place,
                      const char *const *known)
{
    struct gim_near near = {.typed = place};
    struct gim_buf list = {0};

    for (const char *const *k = known; *k; k++) {
        gim_near_offer(&near, gim_str_of(*k));
        gim_buf_printf(&list, "%s%s", list.len ? ", " : "", *k);
    }
    if (!known[0])
        plan_wrong(r, path, "expected no place to fill in, got %.*s", GIM_FMT(place));
    else if (near.best.ptr)
        plan_wrong(r, path, "unknown place %.*s; did you mean %.*s?", GIM_FMT(place),
                   GIM_FMT(near.best));
    else
        plan_wrong(r, path, "unknown place %.*s; known here: %.*s", GIM_FMT(place),
                   GIM_FMT(gim_buf_view(&list)));
    gim_buf_free(&list);
}

/* "${name}" is the shell's. */
void plan_check_places(struct plan_reading *r, const char *path, const char *text,
                       const char *const *known)
{
    for (const char *at = text; (at = strchr(at, '{')); at++) {
        size_t n = strspn(at + 1, "abcdefghijklmnopqrstuvwxyz_");
        gim_str place = {at, n + 2};

        if (n && n < 40 && at[n + 1] == '}' && (at == text || at[-1] != '$') &&
            !is_known(place, known))
            say_place(r, path, place, known);
    }
}

/* ---- requests --------------------------------------------------------------------------------- */

static void check_path(struct plan_reading *r, const char *in, const char *path,
                       const char *const *known)
{
    const char *at = plan_path(r, "%s.path", in);

    if (!path) {
        plan_wrong(r, at, "expected, such as /posts");
        return;
    }
    if (path[0] != '/' && strncmp(path, "{location}", 10) != 0)
        plan_wrong(r, at, "expected a path that begins with /, got %s", plan_got(r, at));
    for (const char *c = path; *c; c++) {
        if ((unsigned char)*c <= ' ' || *c == 0x7f) {
            plan_wrong(r, at, "expected no spaces in a path (write %%20), got %s", plan_got(r, at));
            break;
        }
    }
    plan_check_places(r, at, path, known);
}

static void check_method(struct plan_reading *r, const char *in, const char *method)
{
    const char *at = plan_path(r, "%s.method", in);

    if (!*method || strspn(method, "ABCDEFGHIJKLMNOPQRSTUVWXYZ-") != strlen(method))
        plan_wrong(r, at, "expected a method in capitals, such as POST, got %s", plan_got(r, at));
    else if (strcmp(method, "HEAD") == 0)
        plan_wrong(r, at, "expected a method whose answer has a body; HEAD is not supported");
}

static bool is_readable(const struct compare_plan *p, const char *file)
{
    char path[4096];
    struct stat st;
    FILE *in;

    snprintf(path, sizeof path, file[0] == '/' ? "%.0s%s" : "%s/%s", p->directory, file);
    in = stat(path, &st) == 0 && S_ISREG(st.st_mode) ? fopen(path, "re") : NULL;
    if (in)
        fclose(in);
    return in != NULL;
}

static void check_body(struct plan_reading *r, const struct compare_plan *p, const char *in,
                       const struct compare_request *q)
{
    const char *at = plan_path(r, "%s.body_file", in);

    if (q->body && q->body_file)
        plan_wrong(r, at, "expected body or body_file, got both");
    else if (q->body_file && !is_readable(p, q->body_file))
        plan_wrong(r, at, "expected a file in %s that can be read, got %s", p->directory,
                   plan_got(r, at));
}

/* "Name: value"; a contract may also ask for "Name" alone. */
static void check_fields(struct plan_reading *r, const char *in, const struct compare_words *fields,
                         bool name_is_enough)
{
    static const char letters[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789!#$%&'*+-.^_`|~";

    for (unsigned i = 0; i < fields->count; i++) {
        const char *at = plan_path(r, "%s.headers[%u]", in, i);
        size_t n = strspn(fields->items[i], letters);
        char after = fields->items[i][n];

        if (!n || (after != ':' && !(name_is_enough && !after)) ||
            strpbrk(fields->items[i], "\r\n"))
            plan_wrong(r, at, "expected \"Name: value\"%s in quotes, got %s",
                       name_is_enough ? " or \"Name\"" : "", plan_got(r, at));
    }
}

static void check_status(struct plan_reading *r, const char *at, int status)
{
    if (status != 0 && (status < 100 || status > 599))
        plan_wrong(r, at, "expected 100 to 599, or 0 for any 2xx, got %d", status);
}

static void check_request(struct plan_reading *r, const struct compare_plan *p, const char *in,
                          const struct compare_request *q, const char *const *known)
{
    check_path(r, in, q->path, known);
    check_method(r, in, q->method);
    check_body(r, p, in, q);
    check_fields(r, in, &q->headers, false);
    check_status(r, plan_path(r, "%s.status", in), q->status);
}

static void check_requests(struct plan_reading *r, const struct compare_plan *p)
{
    static const char *const none[] = {NULL}, *const of_post[] = {"{id}", "{location}", NULL};

    if (!plan_line_find(r, "request"))
        plan_wrong(r, "", "request: expected; it is the request that is measured");
    else
        check_request(r, p, "request", &p->request, none);
    if (plan_line_find(r, "read"))
        check_request(r, p, "read", &p->read, of_post);
    if (plan_line_find(r, "list"))
        check_request(r, p, "list", &p->list, none);
    if (plan_line_find(r, "list") && !plan_line_find(r, "read"))
        plan_wrong(r, "list", "expected read beside it: mixed traffic is mostly reads");
}

/* ---- the contract ----------------------------------------------------------------------------- */

static void check_json(struct plan_reading *r, const char *at, const char *json)
{
    struct gim_json_error wrong = {0};

    if (json && gim_json_check(gim_str_of(json), &r->memory, &wrong))
        plan_wrong(r, at, "expected JSON: %s at character %u, got %s", wrong.reason, wrong.column,
                   plan_got(r, at));
}

static void check_contract(struct plan_reading *r, const struct compare_plan *p)
{
    static const char *const of_post[] = {"{id}", "{location}", NULL};

    for (unsigned i = 0; i < p->contract_count; i++) {
        const struct compare_check *c = &p->contract[i];
        const char *in = plan_path(r, "contract[%u]", i), *request = plan_path(r, "%s.request", in);

        if (!c->name || !*c->name)
            plan_wrong(r, plan_path(r, "%s.name", in), "expected, such as 'an unknown id is 404'");
        if (plan_line_find(r, request))
            check_request(r, p, request, &c->request, of_post);
        else
            plan_wrong(r, request, "expected a path, such as {path: /posts/1}");
        if (plan_line_find(r, plan_path(r, "%s.status", request)))
            plan_wrong(r, plan_path(r, "%s.status", request), "expected beside request, not in it");
        check_status(r, plan_path(r, "%s.status", in), c->status);
        check_json(r, plan_path(r, "%s.json", in), c->json);
        check_fields(r, in, &c->headers, true);
        if (c->repeat_body < 0 || c->repeat_body > REPEAT_MAX)
            plan_wrong(r, plan_path(r, "%s.repeat_body", in), "expected 0 to %d, got %d",
                       REPEAT_MAX, c->repeat_body);
    }
}

/* ---- the rest --------------------------------------------------------------------------------- */

static void check_cpus(struct plan_reading *r, const char *key, const char *list)
{
    cpu_set_t set;

    if (list && (strlen(list) > CPUS_LENGTH || cpus_set(list, &set)))
        plan_wrong(r, key, "expected CPUs such as 0-3,8, got %s", plan_got(r, key));
}

void plan_check(struct plan_reading *r, struct compare_plan *p)
{
    if (!(p->practical > 0 && p->practical <= 50))
        plan_wrong(r, "practical", "expected a percentage above 0 and up to 50, got %s",
                   plan_got(r, "practical"));
    check_cpus(r, "server_cpus", p->server_cpus);
    check_cpus(r, "client_cpus", p->client_cpus);
    check_requests(r, p);
    check_contract(r, p);
    if (p->protocol.small_requests < p->protocol.small_connections)
        plan_wrong(r, "protocol.small_requests", "expected at least small_connections, %d, got %d",
                   p->protocol.small_connections, p->protocol.small_requests);
}
