/* main.c: the posts service: options, store, routes. */
#include "command.h"
#include "full.h"
#include "metrics.h"
#include "tokens.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>

static const struct gim_option options[] = {
    {"store", GIM_OPTION_STR, GIM_OPTION_AT(struct posts, store_url), "sqlite:posts.db",
     .group = "Posts", .help = "memory: or sqlite:FILE"},
    {"rate_limit", GIM_OPTION_STR, GIM_OPTION_AT(struct posts, rate_limit), "off", .group = "Posts",
     .help = "of each client address: 100/s, 6000/m; then 429"},
    {"rate_burst", GIM_OPTION_INT, GIM_OPTION_AT(struct posts, rate_burst), "0", 0, 1000000,
     .group = "Posts", .rare = true, .help = "requests at once; 0: the number of rate_limit"},
    {"require_if_match", GIM_OPTION_BOOL, GIM_OPTION_AT(struct posts, require_if_match), "false",
     .group = "Posts", .help = "428 for changes without If-Match"},
    {"tokens", GIM_OPTION_STR, GIM_OPTION_AT(struct posts, tokens_file), "off", .group = "Posts",
     .help = "FILE of bearer tokens; read again on SIGHUP"},
    {0},
};

static int start(struct gim_app *app, void *state)
{
    struct posts *posts = state;
    char err[4096];
    const char *wrong = gim_rate_limit_check(gim_str_of(posts->rate_limit));
    int code;

    if (posts_tokens_open(app, posts, err, sizeof err)) {
        fprintf(stderr, "posts: --tokens: %s\n", err);
        return 2;
    }
    if (wrong) {
        fprintf(stderr, "posts: --rate-limit %s: %s\n", posts->rate_limit, wrong);
        return 2;
    }
    posts->store = store_open(posts->store_url, gim_app_workers(app), &posts_host, err, sizeof err);
    if (posts->store)
        return 0;
    code = errno == EINVAL ? 2 : 1; /* a wrong option is 2 everywhere */
    fprintf(stderr, "posts: %s\n", err);
    return code;
}

static void stop(void *state)
{
    struct posts *posts = state;

    posts->store->ops->close(posts->store);
    gim_tokens_close(posts->tokens);
}

static const char *describe(void *state)
{
    static char words[512];
    const struct posts *posts = state;
    const char *store = posts->store->ops->describe(posts->store);

    if (!posts->tokens)
        return store;
    snprintf(words, sizeof words, "%s, tokens: %zu", store, gim_tokens_count(posts->tokens));
    return words;
}

static const char *ready(void *state)
{
    const struct posts *posts = state;

    return posts->store->ops->ready(posts->store);
}

/* Whatever is to be opened once the service is shut in. */
static void paths(struct gim_sandbox_paths *p, void *state)
{
    const struct posts *posts = state;

    store_paths(posts->store_url, p);
    posts_tokens_paths(posts, p);
}

static const struct gim_sandbox sandbox = GIM_SANDBOX(.paths = paths);

/* The same sources make two programs: posts, and posts-full with the libraries that some options need. */
#ifdef POSTS_FULL
#define TLS &gim_tls_server
#define CONFIGURED NULL
#else
#define TLS &gim_tls_elsewhere
#define CONFIGURED configured
static int configured(struct gim_app *app, void *state)
{
    char err[512];
    int code = posts_hand_over(app, state, err, sizeof err);

    if (code)
        fprintf(stderr, "posts: %s\n", err);
    return code;
}
#endif

/* The limit's setting is where the options put it. */
static struct posts posts;
static const struct gim_middleware rate_limit =
    GIM_RATE_LIMIT(.setting = &posts.rate_limit, .burst_setting = &posts.rate_burst);

static const struct gim_middleware *const middleware[] = {&gim_request_id, &rate_limit, NULL};

static const struct gim_openapi api = GIM_OPENAPI(.title = "Posts", .license = "MIT");

/* What is done beside the service: `posts NAME ...`. */
static const struct {
    const char *name;
    int (*run)(int argc, char **argv, char *said, size_t size);
} commands[] = {
    {"backup", posts_backup},
    {"check", posts_check},
    {"health", posts_health},
    {"token", posts_token},
};

static int run_command(size_t i, int argc, char **argv)
{
    static char said[16384];
    int code = commands[i].run(argc, argv, said, sizeof said - 1);
    const char *beside = code ? "" : said + strlen(said) + 1;

    fprintf(code ? stderr : stdout, "%s\n", said);
    if (beside[0])
        fprintf(stderr, "%s\n", beside);
    return code;
}

int main(int argc, char **argv)
{
    posts.argv = argv;
    for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++) {
        if (argc > 1 && strcmp(argv[1], commands[i].name) == 0)
            return run_command(i, argc - 1, argv + 1);
    }

    return gim_main(argc, argv, .name = "posts", .version = GIM_VERSION,
                    .about = "Keeps every post it said 201 to. Also: posts backup, check, token.",
                    .routes = posts_routes, .middleware = middleware, .state = &posts,
                    .options = options, .arrange = posts_arrange, .tls = TLS,
                    .configured = CONFIGURED, .start = start, .stop = stop, .describe = describe,
                    .ready = ready, .openapi = &api, .metrics = &posts_metrics,
                    .sandbox = &sandbox);
}
