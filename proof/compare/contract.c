/* contract.c: a request built from the plan, an answer held against it. The sentences are for the one
 * who wrote the service: what was expected, what came. */
#include "contract.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>

#define SHOWN 80 /* bytes of an answer in a sentence */

/* ---- requests ------------------------------------------------------------------------------------- */

static void put_filled(struct gim_buf *out, const char *text, gim_str id, gim_str location)
{
    while (*text) {
        if (strncmp(text, "{id}", 4) == 0) {
            gim_buf_str(out, id);
            text += 4;
        } else if (strncmp(text, "{location}", 10) == 0) {
            gim_str path = location;
            size_t scheme = gim_str_starts(path, GIM_S("http://")) ? 7 : 0;

            if (scheme) { /* an absolute one: its path */
                gim_str rest = {path.ptr + scheme, path.len - scheme};
                size_t slash = gim_str_find(rest, '/');

                path =
                    slash < rest.len ? (gim_str){rest.ptr + slash, rest.len - slash} : GIM_S("/");
            }
            gim_buf_str(out, path);
            text += 10;
        } else {
            gim_buf_char(out, *text++);
        }
    }
}

static int read_file(struct gim_buf *out, const char *directory, const char *name, char *err,
                     size_t err_len)
{
    char path[1200];
    FILE *f;
    size_t n;

    snprintf(path, sizeof path, name[0] == '/' ? "%.0s%s" : "%s/%s", directory, name);
    f = fopen(path, "re");
    if (!f) {
        snprintf(err, err_len, "%.400s: %s", path, strerror(errno));
        return -1;
    }
    do {
        char *to = gim_buf_reserve(out, 65536);

        n = to ? fread(to, 1, 65536, f) : 0;
        out->len += n;
    } while (n);
    fclose(f);
    return 0;
}

static int put_body(struct gim_buf *body, const struct compare_request *q, const char *directory,
                    int repeat, char *err, size_t err_len)
{
    struct gim_buf one = {0};
    int failed = 0;

    if (q->body_file)
        failed = read_file(&one, directory, q->body_file, err, err_len);
    else if (q->body)
        gim_buf_str(&one, gim_str_of(q->body));
    for (int i = 0; i < (repeat > 1 ? repeat : 1) && !failed; i++)
        gim_buf_str(body, gim_buf_view(&one));
    gim_buf_free(&one);
    return failed;
}

int contract_request(struct gim_buf *out, const struct compare_request *q, const char *directory,
                     gim_str host, gim_str id, gim_str location, int repeat, char *err,
                     size_t err_len)
{
    const char *method = q->method ? q->method : "GET";
    struct gim_buf body = {0};
    int failed = put_body(&body, q, directory, repeat, err, err_len);

    gim_buf_printf(out, "%s ", method);
    put_filled(out, q->path ? q->path : "/", id, location);
    gim_buf_printf(out, " HTTP/1.1\r\nHost: %.*s\r\nUser-Agent: proof/" GIM_VERSION "\r\n",
                   GIM_FMT(host));
    if (q->body || q->body_file || strcmp(method, "POST") == 0 || strcmp(method, "PUT") == 0) {
        gim_buf_printf(out, "Content-Type: %s\r\n",
                       q->content_type ? q->content_type : "application/json");
        gim_buf_printf(out, "Content-Length: %zu\r\n", body.len);
    }
    for (unsigned i = 0; i < q->headers.count; i++) {
        put_filled(out, q->headers.items[i], id, location);
        gim_buf_lit(out, "\r\n");
    }
    gim_buf_lit(out, "\r\n");
    gim_buf_str(out, gim_buf_view(&body));
    gim_buf_free(&body);
    return failed;
}

/* ---- JSON --------------------------------------------------------------------------------------------- */

struct place { /* the pointer of the value under the eye, outermost last */
    const struct place *outer;
    gim_str name;
};

static size_t put_place(const struct place *p, char *out, size_t len)
{
    size_t at;

    if (!p)
        return 0;
    at = put_place(p->outer, out, len);
    if (at < len)
        at += (size_t)snprintf(out + at, len - at, "/%.*s",
                               (int)(p->name.len < 64 ? p->name.len : 64), p->name.ptr);
    return at < len ? at : len - 1;
}

static bool differs(const struct place *p, gim_json wanted, gim_json got, char *what, size_t len)
{
    char place[256] = "";
    gim_str came = got.text.ptr ? got.text : GIM_S("nothing");

    put_place(p, place, sizeof place);
    snprintf(what, len, "%s%s expected %.*s, got %.*s", place[0] ? place : "the value",
             place[0] ? ":" : "", (int)(wanted.text.len < SHOWN ? wanted.text.len : SHOWN),
             wanted.text.ptr, (int)(came.len < SHOWN ? came.len : SHOWN), came.ptr);
    return false;
}

static bool same_scalar(gim_json wanted, gim_json got, struct gim_arena *a)
{
    gim_str s, t;
    double x, y;

    if (gim_json_str(wanted, a, &s))
        return gim_json_str(got, a, &t) && gim_str_eq(s, t);
    if (gim_json_double(wanted, &x))
        return gim_json_double(got, &y) && x == y;
    return gim_str_eq(wanted.text, got.text); /* true, false, null */
}

/* Depth is bounded: gim_json_check refuses more than GIM_JSON_MAX_DEPTH. */
static bool part_of(gim_json wanted, gim_json got, const struct place *outer, struct gim_arena *a,
                    char *what, size_t len)
{
    enum gim_json_type type = gim_json_type(wanted);
    struct gim_json_iter it = {0};
    size_t i = 0;

    if (gim_str_eq(wanted.text, GIM_S("\"*\"")) && gim_json_type(got) != GIM_JSON_NONE)
        return true;
    if (type != GIM_JSON_OBJECT && type != GIM_JSON_ARRAY)
        return same_scalar(wanted, got, a) || differs(outer, wanted, got, what, len);
    if (gim_json_type(got) != type ||
        (type == GIM_JSON_ARRAY && gim_json_len(got) != gim_json_len(wanted)))
        return differs(outer, wanted, got, what, len);
    while (gim_json_next(wanted, &it)) {
        struct place p = {.outer = outer};
        gim_json value;

        if (type == GIM_JSON_ARRAY) {
            p.name = gim_printf(a, "%zu", i);
            value = gim_json_at(got, i++);
        } else {
            if (!gim_json_str(it.name, a, &p.name))
                return false;
            value = gim_json_get(got, p.name);
        }
        if (!part_of(it.value, value, &p, a, what, len))
            return false;
    }
    return true;
}

bool contract_json(gim_str wanted, gim_str got, char *what, size_t len)
{
    struct gim_arena a = {0};
    struct gim_json_error err;
    bool good = false;

    if (gim_json_check(wanted, &a, &err))
        snprintf(what, len, "the plan's json is not JSON");
    else if (!got.len || gim_json_check(got, &a, &err))
        snprintf(what, len, "expected JSON, got %.*s", (int)(got.len < SHOWN ? got.len : SHOWN),
                 got.len ? got.ptr : "");
    else
        good = part_of(gim_json_root(wanted), gim_json_root(got), NULL, &a, what, len);
    gim_arena_reset(&a);
    return good;
}

/* ---- judging ------------------------------------------------------------------------------------------- */

/* "Name", "Name: value" or "Name: *". */
static bool judge_header(const char *line, const struct call *c, char *what, size_t len)
{
    gim_str value = gim_str_of(line), name = gim_str_cut(&value, ':');
    char text[128];
    gim_str got;

    snprintf(text, sizeof text, "%.*s", GIM_FMT(name));
    got = call_field(c, text);
    value = gim_str_trim(value);
    if (!got.ptr) {
        snprintf(what, len, "expected a field %s, got none", text);
        return false;
    }
    if (!value.len || gim_str_eq(value, GIM_S("*")) || gim_str_eq(value, got))
        return true;
    snprintf(what, len, "expected %.200s, got %.*s", line, (int)(got.len < SHOWN ? got.len : SHOWN),
             got.ptr);
    return false;
}

static bool judge_status(int wanted, const struct call *c, char *what, size_t len)
{
    if (wanted ? c->status == wanted : c->status >= 200 && c->status <= 299)
        return true;
    snprintf(what, len, "expected %s%d, got %d: %.*s", wanted ? "" : "at least ",
             wanted ? wanted : 200, c->status, (int)(c->body.len < SHOWN ? c->body.len : SHOWN),
             c->body.len ? c->body.ptr : "");
    return false;
}

bool contract_judge(const struct compare_check *k, const struct call *c, char *what, size_t len)
{
    gim_str body = gim_buf_view(&c->body);

    if (!judge_status(k->status, c, what, len))
        return false;
    for (unsigned i = 0; i < k->headers.count; i++) {
        if (!judge_header(k->headers.items[i], c, what, len))
            return false;
    }
    if (k->body_contains &&
        (!body.len || !memmem(body.ptr, body.len, k->body_contains, strlen(k->body_contains)))) {
        snprintf(what, len, "expected a body with %.100s, got %.*s", k->body_contains,
                 (int)(body.len < SHOWN ? body.len : SHOWN), body.len ? body.ptr : "");
        return false;
    }
    return !k->json || contract_json(gim_str_of(k->json), body, what, len);
}

/* ---- the whole -------------------------------------------------------------------------------------------- */

struct made { /* what the measured request's answer gave */
    gim_str host, id, location;
};

static gim_str id_of(const struct call *c, struct gim_arena *a)
{
    struct gim_json_error err;
    gim_json id;
    gim_str text;

    if (!c->body.len || gim_json_check(gim_buf_view(&c->body), a, &err))
        return GIM_S("");
    id = gim_json_get(gim_json_root(gim_buf_view(&c->body)), GIM_S("id"));
    if (!gim_json_str(id, a, &text))
        text = id.text;
    return text.ptr ? gim_dup(a, text) : GIM_S("");
}

static bool run_check(const struct compare_check *k, const struct compare_plan *p,
                      const struct gim_address *to, const struct made *m, struct call *c,
                      char *what, size_t len)
{
    struct gim_buf request = {0};
    bool good = false;

    *c = (struct call){.to = *to, .fd = -1, .timeout_ns = p->protocol.call_timeout_ms * 1000000};
    if (contract_request(&request, &k->request, p->directory, m->host, m->id, m->location,
                         k->repeat_body, what, len) == 0 &&
        call_make(c, gim_buf_view(&request), what, len) == 0)
        good = contract_judge(k, c, what, len);
    gim_buf_free(&request);
    return good;
}

int contract_run(struct compare_results *r, struct results_service *s, const struct compare_plan *p,
                 const struct gim_address *to, gim_str host)
{
    struct compare_check measured = {
        .name = "the measured request", .request = p->request, .status = p->request.status};
    struct made made = {.host = host, .id = GIM_S(""), .location = GIM_S("")};
    int failed = 0;

    s->n_checks = p->contract_count + 1;
    s->checks = GIM_NEW_N(&r->memory, struct results_check, s->n_checks);
    for (unsigned i = 0; i < s->n_checks; i++) {
        const struct compare_check *k = i ? &p->contract[i - 1] : &measured;
        char what[512] = "";
        struct call c;
        bool good = run_check(k, p, to, &made, &c, what, sizeof what);

        if (!i) {
            gim_str location = call_field(&c, "Location");

            s->head_bytes = (int64_t)c.head.len;
            s->body_bytes = (int64_t)c.body.len;
            made.id = id_of(&c, &r->memory);
            made.location = location.ptr ? gim_dup(&r->memory, location) : GIM_S("");
        }
        s->checks[i] = (struct results_check){results_text(r, "%s", k->name), good,
                                              results_text(r, "%s", good ? "" : what)};
        failed += !good;
        call_free(&c);
    }
    return failed;
}
