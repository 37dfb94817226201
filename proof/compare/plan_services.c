/* plan_services.c: the rules of services and groups, and what follows from them: the group of an A/A
 * copy is that of its original, and a group of which no service is marked has its first as reference.
 *
 * A command that is one plain text is for the shell: it is taken where `shell: true` says so, and
 * refused elsewhere, since splitting it at spaces would be right until the first quote. */
#include "plan_parts.h"
#include <stdio.h>
#include <sys/stat.h>

#define SERVICES_MAX 64 /* the results' reader takes no more */

static const char *const run_places[] = {"{port}", "{data}", "{cpus}", NULL};

static bool same(const char *a, const char *b)
{
    return gim_str_eq(gim_str_of(a), gim_str_of(b));
}

static const char *of(struct plan_reading *r, unsigned i, const char *key)
{
    return plan_path(r, "services[%u].%s", i, key);
}

/* ---- names and groups ------------------------------------------------------------------------- */

static void check_name(struct plan_reading *r, const char *at, const char *name)
{
    if (!name)
        plan_wrong(r, at, "expected; it is how the report calls it");
    else if (!plan_is_name(name))
        plan_wrong(r, at, "expected 1 to 60 letters, digits, spaces and _.()+-, got %s",
                   plan_got(r, at));
}

static void check_service_name(struct plan_reading *r, const struct compare_plan *p, unsigned i)
{
    const char *at = of(r, i, "name");

    check_name(r, at, p->services[i].name);
    for (unsigned k = 0; p->services[i].name && k < i; k++) {
        if (same(p->services[i].name, p->services[k].name))
            plan_wrong(r, at, "expected another name; '%s' is on line %zu too", p->services[i].name,
                       plan_line_find(r, of(r, k, "name"))->line);
    }
}

static bool has_group(const struct compare_plan *p, unsigned count, const char *name)
{
    for (unsigned i = 0; i < count; i++) {
        if (same(p->groups[i].name, name))
            return true;
    }
    return false;
}

static void check_groups(struct plan_reading *r, const struct compare_plan *p)
{
    for (unsigned i = 0; i < p->groups_count; i++) {
        const char *at = plan_path(r, "groups[%u].name", i);

        check_name(r, at, p->groups[i].name);
        if (p->groups[i].name && has_group(p, i, p->groups[i].name))
            plan_wrong(r, at, "expected another name; '%s' is a group already", p->groups[i].name);
    }
}

/* Services that name groups are enough: `groups` is for their titles and order. */
static void make_groups(struct compare_plan *p)
{
    struct compare_group *all =
        GIM_NEW_N(&p->memory, struct compare_group, p->groups_count + p->services_count + 1);
    bool listed = p->groups_count > 0;

    if (listed)
        memcpy(all, p->groups, p->groups_count * sizeof *all);
    p->groups = all;
    for (unsigned i = 0; i < p->services_count && !listed; i++) {
        const char *name = p->services[i].group;

        if (name && !has_group(p, p->groups_count, name))
            all[p->groups_count++] = (struct compare_group){.name = name};
    }
    for (unsigned i = 0; i < p->groups_count; i++)
        all[i].title = all[i].title ? all[i].title : all[i].name;
}

static void check_group(struct plan_reading *r, const struct compare_plan *p, unsigned i)
{
    const struct compare_service *s = &p->services[i];
    const char *at = of(r, i, "group");

    if (s->group && !plan_line_find(r, "groups"))
        check_name(r, at, s->group);
    if (!s->group && p->groups_count)
        plan_wrong(r, at, "expected the name of a group, since there are groups");
    else if (s->group && !has_group(p, p->groups_count, s->group))
        plan_wrong(r, at, "expected a name that groups lists, got %s", plan_got(r, at));
}

/* ---- commands --------------------------------------------------------------------------------- */

/* A plain text is for the shell. */
static void check_words(struct plan_reading *r, const char *at, const struct compare_words *w,
                        bool shell)
{
    const struct plan_line *l = plan_line_find(r, at);

    if (l && l->kind == PLAN_TEXT && !shell)
        plan_wrong(r, at,
                   "expected a list of words, such as [python3, app.py], or `shell: true` "
                   "beside it, got %s",
                   plan_got(r, at));
    else if (l && (!w->count || !w->items[0][0]))
        plan_wrong(r, at, "expected a command, got nothing");
    else if (l && l->kind == PLAN_MAP)
        plan_wrong(r, at, "expected a list of words, got keys and values");
}

static void give_to_shell(struct compare_plan *p, struct compare_words *w)
{
    char **items = GIM_NEW_N(&p->memory, char *, 3);

    items[0] = (char *)(uintptr_t)gim_dup(&p->memory, GIM_S("/bin/sh")).ptr;
    items[1] = (char *)(uintptr_t)gim_dup(&p->memory, GIM_S("-c")).ptr;
    items[2] = w->items[0];
    *w = (struct compare_words){.items = items, .count = 3};
}

/* `at` is where the text stands; a list of words is run as it is, shell or not. */
static void check_command(struct plan_reading *r, struct compare_plan *p, const char *at,
                          struct compare_words *w, bool shell)
{
    const struct plan_line *l = plan_line_find(r, at);

    check_words(r, at, w, shell);
    if (l && l->kind == PLAN_TEXT && shell && w->count)
        give_to_shell(p, w);
}

static void check_builds(struct plan_reading *r, struct compare_plan *p, unsigned i)
{
    struct compare_service *s = &p->services[i];
    const struct plan_line *whole = plan_line_find(r, of(r, i, "build"));

    for (unsigned k = 0; k < s->build_count; k++) {
        bool alone = whole && whole->kind == PLAN_TEXT;

        check_command(r, p, alone ? whole->path : of(r, i, plan_path(r, "build[%u]", k)),
                      &s->build[k], s->shell);
    }
}

static bool has_port(const struct compare_words *w)
{
    for (unsigned i = 0; i < w->count; i++) {
        if (strstr(w->items[i], "{port}"))
            return true;
    }
    return false;
}

static void check_run(struct plan_reading *r, const struct compare_service *s, unsigned i)
{
    const char *at = of(r, i, "run");

    if (!plan_line_find(r, at))
        plan_wrong(r, at, "expected the command that starts it, such as [python3, app.py]");
    check_words(r, at, &s->run, s->shell);
    if (s->shell && s->run.count > 1)
        plan_wrong(r, at, "expected one line for the shell, since shell is true, got %u words",
                   s->run.count);
    for (unsigned k = 0; k < s->run.count; k++)
        plan_check_places(r, plan_path(r, "%s[%u]", at, k), s->run.items[k], run_places);
}

/* ---- one service ------------------------------------------------------------------------------ */

static void check_env(struct plan_reading *r, const struct compare_service *s, unsigned i)
{
    for (unsigned k = 0; k < s->env.count; k++) {
        const char *at = of(r, i, plan_path(r, "env[%u]", k)), *text = s->env.items[k];

        if (!strchr(text, '=') || text[0] == '=')
            plan_wrong(r, at, "expected NAME=value, got %s", plan_got(r, at));
        plan_check_places(r, at, text, run_places);
    }
}

static void check_port(struct plan_reading *r, const struct compare_service *s, unsigned i)
{
    const char *at = of(r, i, "port");

    if (s->port < 0 || s->port > 65535)
        plan_wrong(r, at, "expected 0 to 65535, got %d", s->port);
    else if (!s->port && s->run.count && !has_port(&s->run) && !has_port(&s->env))
        plan_wrong(r, at,
                   "expected the port that it listens on, or {port} in run or env, which "
                   "tells it a free one");
}

static void check_directory(struct plan_reading *r, const struct compare_plan *p, unsigned i)
{
    const char *at = of(r, i, "directory"), *directory = p->services[i].directory;
    char path[4096];
    struct stat st;

    snprintf(path, sizeof path, directory[0] == '/' ? "%.0s%s" : "%s/%s", p->directory, directory);
    if (stat(path, &st) || !S_ISDIR(st.st_mode))
        plan_wrong(r, at, "expected a directory in %s, got %s", p->directory, plan_got(r, at));
}

static void check_own(struct plan_reading *r, struct compare_plan *p, unsigned i)
{
    struct compare_service *s = &p->services[i];

    check_group(r, p, i);
    check_run(r, s, i);
    check_builds(r, p, i);
    check_command(r, p, of(r, i, "version"), &s->version, s->shell);
    check_env(r, s, i);
    check_port(r, s, i);
    check_directory(r, p, i);
    if (!s->host[0])
        plan_wrong(r, of(r, i, "host"), "expected a name or an address, got %s",
                   plan_got(r, of(r, i, "host")));
}

/* ---- copies and references -------------------------------------------------------------------- */

static void check_copy_keys(struct plan_reading *r, unsigned i)
{
    static const char *const all[] = {"group", "directory", "needs",    "needs_help", "build",
                                      "run",   "shell",     "env",      "binary",     "version",
                                      "host",  "port",      "reference"};

    for (size_t k = 0; k < sizeof all / sizeof *all; k++) {
        if (plan_line_find(r, of(r, i, all[k])))
            plan_wrong(r, of(r, i, all[k]),
                       "expected nothing but name, about and control_of in a copy");
    }
}

static void check_copy(struct plan_reading *r, struct compare_plan *p, unsigned i)
{
    struct compare_service *s = &p->services[i];
    const char *at = of(r, i, "control_of");

    check_copy_keys(r, i);
    for (unsigned k = 0; k < p->services_count; k++) {
        if (k != i && same(p->services[k].name, s->control_of) && !p->services[k].control_of) {
            s->group = p->services[k].group;
            return;
        }
    }
    plan_wrong(r, at, "expected the name of a service that is no copy itself, got %s",
               plan_got(r, at));
}

/* The reference of service i's group, if it stands before i. */
static const struct compare_service *reference_before(const struct compare_plan *p, unsigned i)
{
    for (unsigned k = 0; k < i; k++) {
        if (p->services[k].reference && same(p->services[k].group, p->services[i].group))
            return &p->services[k];
    }
    return NULL;
}

static void check_references(struct plan_reading *r, struct compare_plan *p)
{
    for (unsigned i = 0; i < p->services_count; i++) {
        const struct compare_service *other = reference_before(p, i);

        if (p->services[i].reference && other)
            plan_wrong(r, of(r, i, "reference"), "expected one in a group; '%s' is it already",
                       other->name ? other->name : "");
    }
}

static void choose_references(struct compare_plan *p)
{
    for (unsigned i = 0; i < p->services_count; i++) {
        bool has = p->services[i].control_of != NULL;

        for (unsigned k = 0; k < p->services_count; k++)
            has |= p->services[k].reference && same(p->services[k].group, p->services[i].group);
        if (!has)
            p->services[i].reference = true;
    }
}

void plan_check_services(struct plan_reading *r, struct compare_plan *p)
{
    if (!p->services_count)
        plan_wrong(r, "services", "expected one service or more%s",
                   plan_line_find(r, "services") ? ", got none" : "");
    if (p->services_count > SERVICES_MAX)
        plan_wrong(r, "services", "expected at most %d services, got %u", SERVICES_MAX,
                   p->services_count);
    check_groups(r, p);
    make_groups(p);
    for (unsigned i = 0; i < p->services_count; i++) {
        check_service_name(r, p, i);
        if (!p->services[i].control_of)
            check_own(r, p, i);
    }
    for (unsigned i = 0; i < p->services_count; i++) {
        if (p->services[i].control_of)
            check_copy(r, p, i);
    }
    check_references(r, p);
    choose_references(p);
}
