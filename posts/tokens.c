/* tokens.c: bearer tokens by --tokens FILE, and `posts token`, which makes one.
 *
 * The route table stays as it is; where tokens are asked for, a copy of it has a guard before every
 * row, chosen by what the row does: so a route that is added is guarded without being thought of.
 * Not guarded are those of gimlet: /livez and /readyz, which balancers ask, and /openapi.json and
 * /docs, which tell nothing that this repository does not. */
#include "tokens.h"
#include "command.h"
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ROUTES_MAX 16
#define PREFIX "posts_"

static const char *const scopes[] = {"read", "write", "metrics", NULL};
enum {
    MAY_READ = 1,
    MAY_WRITE = 2,
    MAY_MEASURE = 4,
};

static int check(struct gim_ctx *c, uint32_t needs, gim_str token, void *value)
{
    const struct posts *posts = gim_state(c);

    return gim_tokens_check(c, posts->tokens, needs, token, value);
}

static int may_read(struct gim_ctx *c, gim_str token, void *value)
{
    return check(c, MAY_READ, token, value);
}

static int may_write(struct gim_ctx *c, gim_str token, void *value)
{
    return check(c, MAY_WRITE, token, value);
}

static int may_measure(struct gim_ctx *c, gim_str token, void *value)
{
    return check(c, MAY_MEASURE, token, value);
}

#define GUARD(fn, what) GIM_BEARER(fn, struct gim_token_holder, .realm = "posts", .scope = what)
static const struct gim_middleware reader = GUARD(may_read, "read");
static const struct gim_middleware writer = GUARD(may_write, "write");
static const struct gim_middleware meter = GUARD(may_measure, "metrics");
static const struct gim_middleware *const readers[] = {&reader, NULL};
static const struct gim_middleware *const writers[] = {&writer, NULL};
static const struct gim_middleware *const meters[] = {&meter, NULL};

static bool wanted(const struct posts *posts)
{
    const char *file = posts->tokens_file;

    return file && file[0] && strcmp(file, "off") != 0;
}

/* The file's directory: others of its name may come. And that of what it is a link to. */
void posts_tokens_paths(const struct posts *posts, struct gim_sandbox_paths *p)
{
    char directory[PATH_MAX], real[PATH_MAX];
    const char *names[] = {posts->tokens_file, NULL};

    if (!wanted(posts))
        return;
    names[1] = realpath(posts->tokens_file, real);
    for (size_t i = 0; i < 2 && names[i]; i++) {
        const char *slash = strrchr(names[i], '/');

        snprintf(directory, sizeof directory, "%.*s", slash ? (int)(slash - names[i]) + 1 : 1,
                 slash ? names[i] : ".");
        gim_sandbox_read(p, directory);
    }
}

void posts_arrange(struct gim_app_spec *spec, void *state)
{
    static struct gim_route guarded[ROUTES_MAX + 1];
    const struct posts *posts = state;
    const struct gim_route *row = spec->routes;

    if (!wanted(posts))
        return;
    for (size_t i = 0; i < ROUTES_MAX && row->pattern; i++, row++) {
        guarded[i] = *row;
        guarded[i].middleware = strcmp(row->pattern, "/metrics") == 0 ? meters
                                : strcmp(row->method, "GET") == 0     ? readers
                                                                      : writers;
    }
    spec->routes = row->pattern ? NULL : guarded; /* too many: nothing is served */
}

int posts_tokens_open(struct gim_app *app, struct posts *posts, char *err, size_t err_len)
{
    if (!wanted(posts))
        return 0;
    posts->tokens = gim_tokens_open(app, posts->tokens_file, scopes, err, err_len);
    return posts->tokens ? 0 : -1;
}

/* ---- posts token ------------------------------------------------------------------------------- */

static int misused(char *said, size_t size)
{
    snprintf(said, size,
             "use: posts token NAME [--scope read|write|read,write|metrics] [--until 2027-06-30]\n"
             "The token comes on stdout, once; its line for --tokens FILE on stderr:\n"
             "    posts token ci --scope read 2>>FILE");
    return 2;
}

int posts_token(int argc, char **argv, char *said, size_t size)
{
    const char *name = NULL, *scope = "read,write", *until = NULL;
    char token[GIM_TOKEN_TEXT_MAX], line[GIM_TOKEN_LINE_MAX], err[512];

    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--scope") == 0 && i + 1 < argc)
            scope = argv[++i];
        else if (strncmp(argv[i], "--scope=", 8) == 0)
            scope = argv[i] + 8;
        else if (strcmp(argv[i], "--until") == 0 && i + 1 < argc)
            until = argv[++i];
        else if (strncmp(argv[i], "--until=", 8) == 0)
            until = argv[i] + 8;
        else if (argv[i][0] != '-' && !name)
            name = argv[i];
        else
            return misused(said, size);
    }
    if (!name)
        return misused(said, size);
    if (gim_token_make(PREFIX, name, scope, until, scopes, token, line, err, sizeof err)) {
        snprintf(said, size, "posts token: %s", err);
        return 2;
    }
    snprintf(said, size, "%s%c%s", token, '\0', line);
    return 0;
}
