/* request.c: writing requests as hey does: request line, Host, User-Agent, Content-Length, the
 * user's fields sorted by name (Content-Type and Authorization among them), and last either
 * Accept-Encoding or Connection: close. */
#include "request.h"
#include "../../gimlet/base/arena.h"
#include "../../gimlet/base/base64.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#define FIELDS_MAX 128
#define USER_MAX 762 /* bytes of "user:password" that are sent */
#define AUTH_MAX (6 + GIM_BASE64_LEN(USER_MAX) + 1)

/* ---- variables ------------------------------------------------------------------------------ */

/* xorshift128+: fast, and different in each thread; nothing here is a secret. */
static uint64_t next_random(struct load_writer *w)
{
    uint64_t a = w->random[0];
    uint64_t b = w->random[1];

    w->random[0] = b;
    a ^= a << 23;
    w->random[1] = a ^ b ^ (a >> 17) ^ (b >> 26);
    return w->random[1] + b;
}

static void put_uuid(struct gim_buf *b, struct load_writer *w)
{
    uint64_t high = (next_random(w) & ~UINT64_C(0xf000)) | 0x4000; /* version 4 */
    uint64_t low = (next_random(w) & (UINT64_MAX >> 2)) | UINT64_C(1) << 63;

    gim_buf_printf(b, "%08x-%04x-%04x-%04x-%012llx", (unsigned)(high >> 32),
                   (unsigned)(high >> 16 & 0xffff), (unsigned)(high & 0xffff),
                   (unsigned)(low >> 48), (unsigned long long)(low & UINT64_C(0xffffffffffff)));
}

/* `text` with its variables filled in; a {{word}} we do not know stays as it is. */
static void put_filled(struct gim_buf *b, gim_str text, struct load_writer *w)
{
    while (text.len) {
        const char *open = w ? memmem(text.ptr, text.len, "{{", 2) : NULL;

        if (!open) {
            gim_buf_str(b, text);
            return;
        }
        gim_buf_add(b, text.ptr, (size_t)(open - text.ptr));

        gim_str rest = {open, text.len - (size_t)(open - text.ptr)};
        if (gim_str_starts(rest, GIM_S("{{seq}}"))) {
            gim_buf_int(b, (int64_t)w->seq);
            text = (gim_str){rest.ptr + 7, rest.len - 7};
        } else if (gim_str_starts(rest, GIM_S("{{rand}}"))) {
            gim_buf_int(b, (int64_t)(next_random(w) >> 1));
            text = (gim_str){rest.ptr + 8, rest.len - 8};
        } else if (gim_str_starts(rest, GIM_S("{{uuid}}"))) {
            put_uuid(b, w);
            text = (gim_str){rest.ptr + 8, rest.len - 8};
        } else {
            gim_buf_lit(b, "{{");
            text = (gim_str){rest.ptr + 2, rest.len - 2};
        }
    }
}

/* ---- the head -------------------------------------------------------------------------------- */

struct fields {
    struct plan_header list[FIELDS_MAX];
    size_t n;
};

static void fields_set(struct fields *f, gim_str name, gim_str value)
{
    for (size_t i = 0; i < f->n; i++) {
        if (gim_str_eq_fold(f->list[i].name, name)) {
            f->list[i].value = value;
            return;
        }
    }
    if (f->n < FIELDS_MAX)
        f->list[f->n++] = (struct plan_header){name, value};
}

static int by_name(const void *a, const void *b)
{
    const struct plan_header *x = a;
    const struct plan_header *y = b;
    size_t n = x->name.len < y->name.len ? x->name.len : y->name.len;
    int order = memcmp(x->name.ptr, y->name.ptr, n);

    return order ? order : (x->name.len > y->name.len) - (x->name.len < y->name.len);
}

static bool has(const char *s)
{
    return s && *s;
}

/* -A overrides -H Accept, -H Content-Type overrides -T, as in hey. Host and User-Agent stand first. */
static void collect_fields(struct fields *f, const struct load_plan *p, char auth[AUTH_MAX])
{
    fields_set(f, GIM_S("Content-Type"), gim_str_of(p->content_type));
    if (has(p->auth)) {
        gim_str user = {p->auth, strnlen(p->auth, USER_MAX)};
        size_t n = (size_t)snprintf(auth, AUTH_MAX, "Basic ");

        n += gim_base64_write(auth + n, user, GIM_BASE64);
        fields_set(f, GIM_S("Authorization"), (gim_str){auth, n});
    }
    for (size_t i = 0; i < p->n_headers; i++) {
        if (!gim_str_eq_fold(p->headers[i].name, GIM_S("Host")) &&
            !gim_str_eq_fold(p->headers[i].name, GIM_S("User-Agent")) &&
            !gim_str_eq_fold(p->headers[i].name, GIM_S("Content-Length")))
            fields_set(f, p->headers[i].name, p->headers[i].value);
    }
    if (has(p->accept))
        fields_set(f, GIM_S("Accept"), gim_str_of(p->accept));
    qsort(f->list, f->n, sizeof f->list[0], by_name);
}

static gim_str user_agent(const struct load_plan *p)
{
    for (size_t i = p->n_headers; i > 0; i--) {
        if (gim_str_eq_fold(p->headers[i - 1].name, GIM_S("User-Agent")))
            return p->headers[i - 1].value;
    }
    return (gim_str){0};
}

static void put_line(struct gim_buf *b, gim_str name, gim_str value, struct load_writer *w)
{
    gim_buf_str(b, name);
    gim_buf_lit(b, ": ");
    put_filled(b, value, w);
    gim_buf_lit(b, "\r\n");
}

static bool has_length(const char *method, gim_str body)
{
    return body.len || strcmp(method, "POST") == 0 || strcmp(method, "PUT") == 0 ||
           strcmp(method, "PATCH") == 0;
}

static bool has_header(const struct load_plan *p, gim_str name)
{
    for (size_t i = 0; i < p->n_headers; i++) {
        if (gim_str_eq_fold(p->headers[i].name, name))
            return true;
    }
    return false;
}

/* As Go's client: not for HEAD, nor where the user has said what to send. A body that is to be
 * checked is asked for as it is. */
static bool wants_gzip(const struct load_plan *p, const char *method)
{
    return !p->no_compression && !p->expect_body && strcmp(method, "HEAD") != 0 &&
           !has_header(p, GIM_S("Accept-Encoding")) && !has_header(p, GIM_S("Range"));
}

static void put_head(struct gim_buf *b, const struct load_request *r, const struct load_target *t,
                     const char *method, gim_str path, gim_str body, struct load_writer *w)
{
    const struct load_plan *p = r->plan;
    struct fields f = {.n = 0};
    char auth[AUTH_MAX];
    gim_str agent = user_agent(p);

    gim_buf_printf(b, "%s ", method);
    if (r->absolute)
        gim_buf_printf(b, "http://%s", t->authority);
    if (!path.len || path.ptr[0] != '/')
        gim_buf_char(b, '/');
    put_filled(b, path, w);
    gim_buf_printf(b, " HTTP/1.1\r\nHost: %s\r\n", has(p->host) ? p->host : t->authority);
    if (agent.ptr)
        put_line(b, GIM_S("User-Agent"), agent, w);
    else
        gim_buf_printf(b, "User-Agent: %s%shey/0.0.1\r\n", has(p->user_agent) ? p->user_agent : "",
                       has(p->user_agent) ? " " : "");
    if (has_length(method, body))
        gim_buf_printf(b, "Content-Length: %zu\r\n", body.len);
    if (r->absolute && has(r->proxy_auth))
        gim_buf_str(b, gim_str_of(r->proxy_auth));
    collect_fields(&f, p, auth);
    for (size_t i = 0; i < f.n; i++)
        put_line(b, f.list[i].name, f.list[i].value, w);
    if (wants_gzip(p, method))
        gim_buf_lit(b, "Accept-Encoding: gzip\r\n");
    if (p->no_keepalive)
        gim_buf_lit(b, "Connection: close\r\n");
    gim_buf_lit(b, "\r\n");
}

void request_build(struct gim_buf *out, const struct load_request *r, const struct load_target *t,
                   const char *method, gim_str path, gim_str body)
{
    put_head(out, r, t, method, path, body, NULL);
    gim_buf_str(out, body);
}

/* ---- files ------------------------------------------------------------------------------------ */

static gim_str line_at(const struct load_lines *l, uint64_t seq)
{
    return l->lines[seq % l->n];
}

static int read_lines(struct load_lines *l, const char *path, char *err, size_t err_len)
{
    struct gim_buf *b = &l->text;
    FILE *f = fopen(path, "re");
    gim_str rest;
    size_t n = 0;

    if (!f) {
        snprintf(err, err_len, "%s cannot be read: %s", path, strerror(errno));
        return -1;
    }
    for (;;) {
        char *to = gim_buf_reserve(b, 65536);
        size_t got = to ? fread(to, 1, 65536, f) : 0;

        if (!got)
            break;
        b->len += got;
    }
    fclose(f);
    for (size_t i = 0; i < b->len; i++)
        n += b->ptr[i] == '\n';
    l->lines = gim_heap_alloc((n + 1) * sizeof *l->lines);
    for (rest = gim_buf_view(b); rest.len;) {
        gim_str line = gim_str_cut(&rest, '\n');

        if (line.len && line.ptr[line.len - 1] == '\r')
            line.len--;
        if (line.len)
            l->lines[l->n++] = line;
    }
    if (!l->n)
        snprintf(err, err_len, "%s has no lines", path);
    return l->n ? 0 : -1;
}

/* Lines of --urls are paths, or URLs of the same origin. */
static int check_urls(struct load_request *r, char *err, size_t err_len)
{
    for (size_t i = 0; i < r->urls.n; i++) {
        gim_str *line = &r->urls.lines[i];
        struct load_target t;
        gim_str copy;

        if (line->ptr[0] == '/')
            continue;
        copy = gim_dup(&r->memory, *line); /* ends in a NUL; t.path points into it */
        if (target_parse(copy.ptr, &t, err, err_len))
            return -1;
        if (strcmp(t.authority, r->target->authority) != 0 || t.tls != r->target->tls) {
            snprintf(err, err_len, "%s:%zu: %s is not on %s; all URLs of a run are of one origin",
                     r->plan->urls, i + 1, copy.ptr, r->target->authority);
            return -1;
        }
        *line = t.path;
    }
    return 0;
}

/* ---- public ------------------------------------------------------------------------------------ */

int request_open(struct load_request *r, const struct load_plan *p, const struct load_target *t,
                 const struct load_route *route, char *err, size_t err_len)
{
    *r = (struct load_request){.plan = p, .target = t, .proxy_auth = route->proxy_auth};
    r->absolute = route->proxy && !t->tls;
    r->varies = p->has_templates || p->body_lines || p->urls || p->n_mix;
    if (p->body_lines && read_lines(&r->bodies, p->body_lines, err, err_len))
        return -1;
    if (p->urls && (read_lines(&r->urls, p->urls, err, err_len) || check_urls(r, err, err_len)))
        return -1;
    if (!r->varies) {
        request_build(&r->fixed_buf, r, t, p->method, t->path, p->body);
        r->fixed = gim_buf_view(&r->fixed_buf);
    }
    return 0;
}

void request_close(struct load_request *r)
{
    gim_buf_free(&r->fixed_buf);
    gim_buf_free(&r->bodies.text);
    gim_buf_free(&r->urls.text);
    gim_heap_free(r->bodies.lines);
    gim_heap_free(r->urls.lines);
    gim_arena_reset(&r->memory);
}

gim_str request_next(const struct load_request *r, struct load_writer *w)
{
    gim_str path = r->target->path;
    gim_str body = r->plan->body;

    if (!r->varies)
        return r->fixed;
    if (r->plan->n_mix) {
        w->seq += w->stride;
        return r->plan->mix[(w->seq - w->stride) % r->plan->n_mix];
    }
    if (r->urls.n)
        path = line_at(&r->urls, w->seq);
    if (r->bodies.n)
        body = line_at(&r->bodies, w->seq);
    w->body.len = w->out.len = 0;
    put_filled(&w->body, body, w);
    put_head(&w->out, r, r->target, r->plan->method, path, gim_buf_view(&w->body), w);
    gim_buf_str(&w->out, gim_buf_view(&w->body));
    w->seq += w->stride;
    return gim_buf_view(&w->out);
}
