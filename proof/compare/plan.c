/* plan.c: plan.yaml into a plan, in four steps: the file; what stands on which line (plan_lines.c); the
 * values by the schema (plan_schema.c); then defaults here, and the rules that no schema can say
 * (plan_check.c, plan_services.c).
 *
 * A number's default and its bounds are one row. A default holds when the key is not there: a zero that
 * was written is a value, and `closed: []` leaves the phase out. */
#include "plan.h"
#include "plan_parts.h"
#include <errno.h>
#include <stdio.h>

#define FILE_MAX ((size_t)1 << 20)
#define LEVELS_MAX 8

/* ---- numbers ---------------------------------------------------------------------------------- */

#define HOUR 3600000

static const struct number {
    const char *key; /* of protocol */
    size_t at;
    bool wide; /* int64_t */
    int def, least, most;
} numbers[] = {
#define INT(name) #name, offsetof(struct compare_protocol, name), false
#define MS(name) #name, offsetof(struct compare_protocol, name), true
    {INT(rounds), 10, STATS_ROUNDS_MIN, STATS_ROUNDS_MAX},
    {MS(idle_ms), 1000, 0, HOUR},
    {INT(later_calls), 100, 1, 10000},
    {INT(small_requests), 200, 1, 10000000},
    {INT(small_connections), 10, 1, 10000},
    {MS(warmup_ms), 500, 0, HOUR},
    {MS(closed_ms), 1500, 50, HOUR},
    {MS(open_ms), 1500, 50, HOUR},
    {INT(open_connections), 64, 1, 10000},
    {MS(mixed_ms), 1500, 50, HOUR},
    {INT(mixed_connections), 64, 1, 10000},
    {MS(ready_timeout_ms), 10000, 1, HOUR},
    {MS(stop_timeout_ms), 5000, 1, HOUR},
    {MS(call_timeout_ms), 20000, 1, HOUR},
};

static const struct list {
    const char *key;
    size_t at, count_at;
    int def[LEVELS_MAX];
    unsigned def_count;
    int least, most;
} lists[] = {
#define LIST(name)                                                                                 \
#name, offsetof(struct compare_protocol, name), offsetof(struct compare_protocol, name##_count)
    {LIST(closed), {1, 10, 64, 256}, 4, 1, 10000},
    {LIST(open), {50, 80}, 2, 1, 100},
    {LIST(idle), {1000, 10000}, 2, 1, 100000},
};

static bool given(const struct plan_reading *r, const char *path)
{
    return plan_line_find(r, path) != NULL;
}

static void number(struct plan_reading *r, struct compare_protocol *p, const struct number *n)
{
    const char *path = plan_path(r, "protocol.%s", n->key);
    void *at = (char *)p + n->at;
    int64_t value;

    value = !given(r, path) ? n->def : n->wide ? *(int64_t *)at : *(int *)at;
    if (value < n->least || value > n->most)
        plan_wrong(r, path, "expected %d to %d, got %lld", n->least, n->most, (long long)value);
    if (n->wide)
        *(int64_t *)at = value;
    else
        *(int *)at = (int)value;
}

static int *copy_levels(struct gim_arena *a, const int *from, unsigned count)
{
    int *to = GIM_NEW_N(a, int, count ? count : 1);

    if (count)
        memcpy(to, from, count * sizeof *to);
    return to;
}

static void list(struct plan_reading *r, struct compare_plan *p, const struct list *l)
{
    const char *path = plan_path(r, "protocol.%s", l->key);
    int **levels = (int **)((char *)&p->protocol + l->at);
    unsigned *count = (unsigned *)((char *)&p->protocol + l->count_at);

    if (!given(r, path)) {
        *levels = copy_levels(&p->memory, l->def, l->def_count);
        *count = l->def_count;
    }
    if (*count > LEVELS_MAX)
        plan_wrong(r, path, "expected at most %d numbers, got %u", LEVELS_MAX, *count);
    for (unsigned i = 0; i < *count; i++) {
        if ((*levels)[i] < l->least || (*levels)[i] > l->most)
            plan_wrong(r, plan_path(r, "%s[%u]", path, i), "expected %d to %d, got %d", l->least,
                       l->most, (*levels)[i]);
        else if (i && (*levels)[i] <= (*levels)[i - 1])
            plan_wrong(r, plan_path(r, "%s[%u]", path, i),
                       "expected rising numbers, got %d after %d", (*levels)[i], (*levels)[i - 1]);
    }
}

/* ---- defaults --------------------------------------------------------------------------------- */

static void fill(const char **at, const char *value)
{
    *at = *at ? *at : value;
}

static void fill_request(struct compare_request *q, const char *method)
{
    fill(&q->method, method);
    fill(&q->content_type, "application/json");
}

/* The lists of structs are libcyaml's, which frees what it finds in them: ours are copies. */
static void own_lists(struct compare_plan *p)
{
    struct compare_check *checks =
        GIM_NEW_N(&p->memory, struct compare_check, p->contract_count + 1);
    struct compare_service *services =
        GIM_NEW_N(&p->memory, struct compare_service, p->services_count + 1);

    if (p->contract_count)
        memcpy(checks, p->contract, p->contract_count * sizeof *checks);
    if (p->services_count)
        memcpy(services, p->services, p->services_count * sizeof *services);
    for (unsigned i = 0; i < p->services_count; i++) {
        struct compare_words *build =
            GIM_NEW_N(&p->memory, struct compare_words, services[i].build_count + 1);

        if (services[i].build_count)
            memcpy(build, services[i].build, services[i].build_count * sizeof *build);
        services[i].build = build;
    }
    p->contract = checks;
    p->services = services;
}

static void fill_defaults(struct plan_reading *r, struct compare_plan *p)
{
    own_lists(p);
    fill(&p->title, "Services compared");
    if (!given(r, "seed"))
        p->seed = 1;
    if (!given(r, "practical"))
        p->practical = 2;
    if (!given(r, "protocol.hey"))
        p->protocol.hey = true;
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        number(r, &p->protocol, &numbers[i]);
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++)
        list(r, p, &lists[i]);
    fill_request(&p->request, "POST");
    fill_request(&p->read, "GET");
    fill_request(&p->list, "GET");
    for (unsigned i = 0; i < p->contract_count; i++) {
        struct compare_request *q = &p->contract[i].request;

        fill_request(q, q->body || q->body_file ? "POST" : "GET");
    }
    for (unsigned i = 0; i < p->services_count; i++) {
        struct compare_service *s = &p->services[i];

        fill(&s->directory, ".");
        fill(&s->host, "127.0.0.1");
    }
}

/* `binary` comes last: a run that is missing was complained of. */
static void fill_binaries(struct compare_plan *p)
{
    for (unsigned i = 0; i < p->services_count; i++) {
        struct compare_service *s = &p->services[i];

        if (!s->shell && s->run.count)
            fill(&s->binary, s->run.items[0]);
    }
}

/* ---- the whole -------------------------------------------------------------------------------- */

static int read_text(struct plan_reading *r)
{
    FILE *in = fopen(r->file, "re");
    char piece[4096];
    size_t n;
    int failed;

    if (!in) {
        plan_wrong_on(r, 0, "%s; `proof init` writes a plan to begin with", strerror(errno));
        return -1;
    }
    while ((n = fread(piece, 1, sizeof piece, in)) > 0 && r->text.len <= FILE_MAX)
        gim_buf_add(&r->text, piece, n);
    failed = ferror(in) ? errno : 0;
    fclose(in);
    if (failed)
        plan_wrong_on(r, 0, "%s; expected a file", strerror(failed));
    else if (r->text.len > FILE_MAX)
        plan_wrong_on(r, 0, "longer than the 1 MiB that a plan may have");
    return r->wrong ? -1 : 0;
}

static void read_plan(struct plan_reading *r, struct compare_plan *p)
{
    const char *slash = strrchr(r->file, '/');
    size_t length = slash ? (size_t)(slash - r->file) : 0;
    gim_str directory = !slash ? GIM_S(".") : length ? (gim_str){r->file, length} : GIM_S("/");
    struct compare_plan *loaded;

    if (read_text(r) || plan_lines_read(r) || !(loaded = plan_schema_load(r)))
        return;
    *p = *loaded;
    p->loaded = loaded;
    p->directory = (char *)(uintptr_t)gim_dup(&p->memory, directory).ptr;
    p->file = gim_dup(&p->memory, gim_str_of(r->file)).ptr;
    fill_defaults(r, p);
    plan_check(r, p);
    plan_check_services(r, p);
    fill_binaries(p);
}

int compare_plan_read(struct compare_plan *p, const char *file, struct gim_buf *err)
{
    struct plan_reading r = {.file = file, .err = err};

    *p = (struct compare_plan){0};
    read_plan(&r, p);
    if (r.wrong)
        compare_plan_free(p);
    gim_buf_free(&r.text);
    gim_heap_free(r.lines);
    gim_arena_reset(&r.memory);
    return r.wrong ? -1 : 0;
}

static void at_most(int64_t *value, int64_t most)
{
    *value = *value < most ? *value : most;
}

static void set_levels(struct compare_plan *p, int **levels, unsigned *count, const int *to,
                       unsigned to_count)
{
    if (!*count)
        return; /* the phase is left out */
    *levels = copy_levels(&p->memory, to, to_count);
    *count = to_count;
}

void compare_plan_body(char *out, size_t size, const char *directory,
                       const struct compare_request *q)
{
    bool whole = q->body_file[0] == '/' || !directory;

    snprintf(out, size, "%s%s%s", whole ? "" : directory, whole ? "" : "/", q->body_file);
}

void compare_plan_quicken(struct compare_plan *p)
{
    struct compare_protocol *q = &p->protocol;

    q->rounds = 6;
    q->later_calls = q->later_calls < 50 ? q->later_calls : 50;
    q->hey = false;
    at_most(&q->idle_ms, 1000);
    at_most(&q->warmup_ms, 150);
    at_most(&q->closed_ms, 400);
    at_most(&q->open_ms, 500);
    at_most(&q->mixed_ms, 500);
    set_levels(p, &q->closed, &q->closed_count, (const int[]){10, 64}, 2);
    set_levels(p, &q->open, &q->open_count, (const int[]){60}, 1);
    set_levels(p, &q->idle, &q->idle_count, (const int[]){1000}, 1);
}

void compare_plan_free(struct compare_plan *p)
{
    void *loaded = p->loaded;

    gim_arena_reset(&p->memory);
    plan_schema_free(loaded);
    *p = (struct compare_plan){0};
}
