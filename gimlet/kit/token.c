/* token.c: tokens in use: checked on every worker, reloaded while all serve, made.
 *
 * Each worker has a pointer of its own to the set that it reads, and only its own thread changes it:
 * a reload reads the new set aside and posts it to every worker. The last that goes over frees the
 * old one. So a check takes no lock and counts nothing. */
#include <gimlet/token.h>
#include "../base/base64.h"
#include "../rest/ctx.h"
#include "../rest/reload.h"
#include "token_file.h"
#include <errno.h>
#include <gimlet/log.h>
#include <gimlet/task.h>
#include <stdio.h>
#include <sys/random.h>

struct gim_tokens {
    struct gim_app *app;
    struct gim_reload reload;
    const char *path;
    const char *const *scopes;
    size_t count;
    struct gim_token_set *now[]; /* by worker */
};

/* ---- opening and reloading --------------------------------------------------------------------- */

static void let_go(struct gim_token_set *set, unsigned users)
{
    if (users && atomic_fetch_sub(&set->users, users) == users)
        gim_heap_free(set);
}

/* NULL with lines in `why`. */
static struct gim_token_set *read_set(struct gim_app *app, const char *path,
                                      const char *const *scopes, struct gim_buf *why)
{
    struct gim_token_set *set = gim_token_set_read(path, scopes, why);

    if (!set)
        return NULL;
    atomic_init(&set->users, gim_app_workers(app));
    if (set->remark)
        gim_log(GIM_LOG_WARN, app->spec.name, "%s: %s", path, set->remark);
    return set;
}

/* On the worker's thread. */
static void go_over(struct gim_app *app, unsigned worker, void *arg)
{
    struct gim_token_set *set = arg, *old = set->of->now[worker];

    (void)app;
    set->of->now[worker] = set;
    let_go(old, 1);
}

/* 0, or the number of workers that could not be told: they keep what they have. */
static unsigned hand_out(struct gim_tokens *t, struct gim_token_set *set)
{
    unsigned workers = gim_app_workers(t->app), missed = 0;

    set->of = t;
    t->count = set->n;
    for (unsigned i = 0; i < workers; i++)
        missed += gim_post(t->app, i, go_over, set) != 0;
    let_go(set, missed);
    return missed;
}

static void log_lines(const struct gim_app *app, gim_str lines)
{
    while (lines.ptr) {
        gim_str line = gim_str_cut(&lines, '\n');

        gim_log(GIM_LOG_ERROR, app->spec.name, "%.*s", GIM_FMT(line));
    }
}

static int reload(struct gim_app *app, struct gim_reload *self, char *err, size_t err_len)
{
    struct gim_tokens *t = GIM_CONTAINER(self, struct gim_tokens, reload);
    struct gim_buf why = {0};
    struct gim_token_set *set = read_set(app, t->path, t->scopes, &why);
    unsigned missed = set ? hand_out(t, set) : 0;

    if (!set) {
        log_lines(app, gim_buf_view(&why));
        snprintf(err, err_len, "%.200s is not as it should be", t->path);
    } else if (missed) {
        snprintf(err, err_len, "%u workers could not be told; send SIGHUP again", missed);
    }
    gim_buf_free(&why);
    return set && !missed ? 0 : -1;
}

static struct gim_tokens *begin(struct gim_app *app, const char *path, const char *const *scopes,
                                struct gim_token_set *set)
{
    unsigned workers = gim_app_workers(app);
    struct gim_tokens *t = gim_heap_alloc(sizeof *t + workers * sizeof t->now[0]);

    t->app = app;
    t->path = path;
    t->scopes = scopes;
    t->count = set->n;
    t->reload = (struct gim_reload){.what = "tokens", .run = reload};
    for (unsigned i = 0; i < workers; i++)
        t->now[i] = set;
    gim_app_on_reload(app, &t->reload);
    return t;
}

struct gim_tokens *gim_tokens_open(struct gim_app *app, const char *path, const char *const *scopes,
                                   char *err, size_t err_len)
{
    struct gim_buf why = {0};
    struct gim_token_set *set = read_set(app, path, scopes, &why);

    snprintf(err, err_len, "%.*s", (int)why.len, why.ptr ? why.ptr : "");
    gim_buf_free(&why);
    return set ? begin(app, path, scopes, set) : NULL;
}

void gim_tokens_close(struct gim_tokens *t)
{
    unsigned workers = t ? gim_app_workers(t->app) : 0;

    for (unsigned i = 0; i < workers; i++)
        let_go(t->now[i], 1);
    gim_heap_free(t);
}

size_t gim_tokens_count(const struct gim_tokens *t)
{
    return t->count;
}

/* ---- checking ---------------------------------------------------------------------------------- */

int gim_tokens_check(struct gim_ctx *c, const struct gim_tokens *t, uint32_t needs, gim_str token,
                     struct gim_token_holder *holder)
{
    unsigned char digest[GIM_SHA256_LEN];
    const struct gim_token_entry *e;

    if (gim_sha256(token.ptr, token.len, digest))
        return GIM_DENIED;
    e = gim_token_set_find(t->now[gim_worker(c)], digest);
    if (!e || (e->until_us && gim_now().us >= e->until_us))
        return GIM_DENIED;
    gim_principal_set(c, (gim_str){e->name, e->name_len});
    *holder = (struct gim_token_holder){gim_principal(c), e->scopes};
    return (e->scopes & needs) == needs ? GIM_OK : GIM_FORBIDDEN;
}

/* ---- making ------------------------------------------------------------------------------------ */

#define PREFIX_MAX 64
#define RANDOM_LEN 32

static int fail(char *err, size_t err_len, const char *why)
{
    snprintf(err, err_len, "%s", why);
    return -1;
}

/* 0, or -1: the machine has no randomness. */
static int draw(const char *prefix, char *token)
{
    unsigned char random[RANDOM_LEN];
    size_t got = 0, len = strlen(prefix);

    while (got < sizeof random) {
        ssize_t n = getrandom(random + got, sizeof random - got, 0);

        if (n < 0 && errno != EINTR)
            return -1;
        got += n > 0 ? (size_t)n : 0;
    }
    memcpy(token, prefix, len);
    len += gim_base64_write(token + len, (gim_str){(const char *)random, sizeof random},
                            GIM_BASE64_URL);
    token[len] = '\0';
    return 0;
}

/* Is what was made what the file would take? */
static int check_line(const char *line, const char *const *known, char *err, size_t err_len)
{
    struct gim_buf why = {0};
    struct gim_token_set *set = gim_token_set_of(gim_str_of(line), "", known, &why);
    bool taken = set && set->n == 1;
    int skip = sizeof ":1: " - 1;

    if (!set)
        snprintf(err, err_len, "%.*s", (int)why.len - skip, why.ptr + skip);
    else if (!taken)
        snprintf(err, err_len, "expected a name first, not a comment");
    gim_buf_free(&why);
    gim_heap_free(set);
    return taken ? 0 : -1;
}

int gim_token_make(const char *prefix, const char *name, const char *scopes, const char *until,
                   const char *const *known, char *token, char *line, char *err, size_t err_len)
{
    unsigned char digest[GIM_SHA256_LEN];
    int n;

    if (!name[0])
        return fail(err, err_len, "expected a name");
    if (strlen(prefix) > PREFIX_MAX)
        return fail(err, err_len, "expected a prefix of at most 64 bytes");
    if (draw(prefix, token) || gim_sha256(token, strlen(token), digest))
        return fail(err, err_len, "this machine gives no random numbers, or no SHA-256");
    n = snprintf(line, GIM_TOKEN_LINE_MAX, "%.*s  %s  sha256:", GIM_TOKEN_NAME_MAX + 1, name,
                 scopes);
    if (n < 0 || n + 2 * GIM_SHA256_LEN + 40 > GIM_TOKEN_LINE_MAX)
        return fail(err, err_len, "expected fewer scopes");
    for (size_t i = 0; i < sizeof digest; i++)
        n += snprintf(line + n, GIM_TOKEN_LINE_MAX - (size_t)n, "%02x", digest[i]);
    snprintf(line + n, GIM_TOKEN_LINE_MAX - (size_t)n, "%s%.37s", until ? "  " : "",
             until ? until : "");
    return check_line(line, known, err, err_len);
}
