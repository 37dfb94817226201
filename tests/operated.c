/* operated.c: a service that an operator's tests can wedge and reload: tests/e2e/test_watchdog.py,
 * test_reload.py. Its handler does what no handler may: it waits on the loop. */
#include <gimlet.h>
#include <stdio.h>
#include <time.h>

struct state {
    const char *file;
    char word[32];
};

struct how_long {
    int64_t ms;
};
static const struct gim_field fields[] = {
    GIM_INT(struct how_long, ms, .required = true, .min = 0, .max = 60000)};
static const struct gim_schema how_long = GIM_SCHEMA("HowLong", struct how_long, fields);

static void wait_ms(int64_t ms)
{
    const struct timespec t = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000};

    nanosleep(&t, NULL);
}

static int wedge(struct gim_ctx *c)
{
    const struct how_long *q = gim_query(c);

    wait_ms(q->ms);
    return gim_text(c, 200, GIM_S("awake"));
}

static void wedge_later(struct gim_app *app, unsigned worker, void *arg)
{
    (void)app;
    (void)worker;
    (void)arg;
    wait_ms(800);
}

/* No route is at fault then. */
static int wedge_by_timer(struct gim_ctx *c)
{
    gim_after(gim_app_of(c), 0, 1, wedge_later, NULL);
    return gim_text(c, 202, GIM_S("soon"));
}

static int word(struct gim_ctx *c)
{
    const struct state *s = gim_state(c);

    return gim_text(c, 200, gim_str_of(s->word));
}

/* Read and checked first, then put in the old one's place. One worker: no other thread reads it. */
static int read_word(struct gim_app *app, void *state)
{
    struct state *s = state;
    char now[sizeof s->word] = "";
    FILE *f = s->file[0] ? fopen(s->file, "re") : NULL;
    bool good = f && fgets(now, sizeof now, f) && now[0] != '\n';

    (void)app;
    if (f)
        fclose(f);
    if (!good && s->file[0]) {
        gim_log(GIM_LOG_ERROR, "operated", "%s has no word in it", s->file);
        return 1;
    }
    snprintf(s->word, sizeof s->word, "%s", now);
    return 0;
}

static const struct gim_route routes[] = {
    GIM_GET("/wedge", wedge, .query = &how_long),
    GIM_GET("/wedge-by-timer", wedge_by_timer),
    GIM_GET("/word", word),
    GIM_GET("/metrics", gim_metrics_reply),
    {0},
};

static const struct gim_option options[] = {
    {"word", GIM_OPTION_STR, GIM_OPTION_AT(struct state, file), "", .group = "Operated",
     .help = "a file with a word"},
    {0},
};

int main(int argc, char **argv)
{
    static struct state state;

    return gim_main(argc, argv, .name = "operated", .routes = routes, .state = &state,
                    .options = options, .start = read_word, .reload = read_word,
                    .metrics = &gim_metrics);
}
