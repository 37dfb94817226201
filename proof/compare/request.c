/* request.c: a request of the plan as the bytes that are sent.
 *
 * Serialised once and sent many times: what is timed is the service, not the putting together. */
#include "contract.h"
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define FILE_STEP 65536

struct places {
    gim_str id, location; /* empty: there was none */
    char *err;
    size_t err_len;
};

GIM_PRINTF(2, 3) static int fail(const struct places *p, const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    vsnprintf(p->err, p->err_len, fmt, args);
    va_end(args);
    return -1;
}

/* Of "http://127.0.0.1:8080/posts/1" the path. */
static gim_str path_of(gim_str location)
{
    const char *scheme = memmem(location.ptr, location.len, "://", 3);
    gim_str rest;

    if (!scheme)
        return location;
    rest.ptr = scheme + 3;
    rest.len = location.len - (size_t)(rest.ptr - location.ptr);
    return (gim_str){rest.ptr + gim_str_find(rest, '/'), rest.len - gim_str_find(rest, '/')};
}

/* `text` with {id} and {location} filled in. */
static int put_filled(struct gim_buf *out, const char *text, const struct places *p)
{
    while (*text) {
        bool id = strncmp(text, "{id}", 4) == 0, location = strncmp(text, "{location}", 10) == 0;

        if (id && !p->id.len)
            return fail(p, "%s: the answer to the measured request has no \"id\"", text);
        if (location && !p->location.len)
            return fail(p, "%s: the answer to the measured request has no Location", text);
        if (id || location)
            gim_buf_str(out, id ? p->id : path_of(p->location));
        else
            gim_buf_char(out, *text);
        text += id ? 4 : location ? 10 : 1;
    }
    return 0;
}

static int put_path(struct gim_buf *out, const char *path, const struct places *p)
{
    size_t from = out->len;

    if (put_filled(out, path ? path : "/", p))
        return -1;
    if (memchr(out->ptr + from, ' ', out->len - from) ||
        memchr(out->ptr + from, '\n', out->len - from))
        return fail(p, "path \"%s\": spaces must be written as %%20", path);
    if (out->len > from && out->ptr[from] == '/')
        return 0;
    gim_buf_char(out, '/'); /* an empty or relative one starts at the root */
    memmove(out->ptr + from + 1, out->ptr + from, out->len - from - 1);
    out->ptr[from] = '/';
    return 0;
}

static bool has_header(const struct compare_request *q, const char *name)
{
    for (unsigned i = 0; i < q->headers.count; i++) {
        gim_str line = gim_str_of(q->headers.items[i]);

        if (gim_str_eq_fold(gim_str_trim(gim_str_cut(&line, ':')), gim_str_of(name)))
            return true;
    }
    return false;
}

static int put_headers(struct gim_buf *out, const struct compare_request *q, const struct places *p)
{
    for (unsigned i = 0; i < q->headers.count; i++) {
        const char *line = q->headers.items[i];

        if (!strchr(line, ':') || strpbrk(line, "\r\n"))
            return fail(p, "header \"%s\": expected one line, \"Name: value\"", line);
        if (put_filled(out, line, p))
            return -1;
        gim_buf_lit(out, "\r\n");
    }
    return 0;
}

static void put_header(struct gim_buf *out, const struct compare_request *q, const char *name,
                       gim_str value)
{
    if (!has_header(q, name))
        gim_buf_printf(out, "%s: %.*s\r\n", name, GIM_FMT(value));
}

static int read_file(struct gim_buf *body, int fd)
{
    ssize_t n = 1;

    while (n > 0) {
        char *to = gim_buf_reserve(body, FILE_STEP);

        n = to ? read(fd, to, FILE_STEP) : (errno = EFBIG, -1);
        body->len += n > 0 ? (size_t)n : 0;
    }
    return n < 0 ? -1 : 0;
}

static int read_body(struct gim_buf *body, const struct compare_request *q, const char *directory,
                     const struct places *p)
{
    char path[4096], why[4400];
    int fd, failed;

    if (!q->body_file) {
        gim_buf_str(body, gim_str_of(q->body));
        return 0;
    }
    compare_plan_body(path, sizeof path, directory, q);
    fd = open(path, O_RDONLY | O_CLOEXEC);
    failed = fd < 0 || read_file(body, fd);
    if (failed)
        snprintf(why, sizeof why, "%s: %s", path, strerror(errno));
    if (fd >= 0)
        close(fd);
    return failed ? fail(p, "body_file %s", why) : 0;
}

static bool sends_length(const struct compare_request *q, size_t len)
{
    static const char *const methods[] = {"POST", "PUT", "PATCH"};

    for (size_t i = 0; q->method && i < sizeof methods / sizeof *methods; i++) {
        if (strcmp(q->method, methods[i]) == 0)
            return true;
    }
    return len > 0;
}

static int put_head(struct gim_buf *out, const struct compare_request *q, gim_str host, size_t len,
                    const struct places *p)
{
    gim_buf_printf(out, "%s ", q->method ? q->method : "GET");
    if (put_path(out, q->path, p))
        return -1;
    gim_buf_lit(out, " HTTP/1.1\r\n");
    put_header(out, q, "Host", host);
    put_header(out, q, "User-Agent", GIM_S("proof"));
    if (sends_length(q, len)) {
        char digits[20];
        gim_str length = {digits, gim_int_write(digits, (int64_t)len)};
        const char *type = q->content_type ? q->content_type : "application/json";

        put_header(out, q, "Content-Type", gim_str_of(type));
        put_header(out, q, "Content-Length", length);
    }
    if (put_headers(out, q, p))
        return -1;
    gim_buf_lit(out, "\r\n");
    return 0;
}

int contract_request(struct gim_buf *out, const struct compare_request *q, const char *directory,
                     gim_str host, gim_str id, gim_str location, int repeat, char *err,
                     size_t err_len)
{
    const struct places p = {id, location, err, err_len};
    size_t times = repeat > 0 ? (size_t)repeat : 1, from = out->len;
    struct gim_buf body = {0};
    int failed = read_body(&body, q, directory, &p);

    if (!failed && body.len > GIM_BUF_MAX / times)
        failed = fail(&p, "%s: the repeated body has more than 1 GiB", q->path);
    if (!failed)
        failed = put_head(out, q, host, body.len * times, &p);
    for (size_t i = 0; i < times && !failed; i++)
        gim_buf_str(out, body.len ? gim_buf_view(&body) : GIM_S(""));
    gim_buf_free(&body);
    if (!failed && out->full)
        failed = fail(&p, "%s: the request has more than 1 GiB", q->path);
    if (failed)
        out->len = from;
    return failed;
}
