/* plan_schema.c: the plan's keys, and libcyaml, which reads by them.
 *
 * Every key is optional to libcyaml: what a plan must have is asked for in plan_check.c, which can say
 * it better. What libcyaml refuses it tells through its log as a back-trace, the innermost place first:
 *     Load: Invalid INT value: 'x'
 *     Load: Backtrace:
 *       in sequence entry '2' (line: 4, column: 9)
 *       in mapping field 'closed' (line: 4, column: 5)
 * The places make a path, the path finds the schema's entry, which knows what was expected, and the
 * line. Only the words "Unexpected key" are read from the message; all else means a value of a wrong
 * kind.
 *
 * A list in a list is nothing libcyaml knows: plan_lines.c makes a command of `build` {words: [...]}. */
#include "plan_parts.h"
#include "../../gimlet/base/near.h"
#include <cyaml/cyaml.h>
#include <stdio.h>
#include <stdlib.h>

#define WHOLE_MOST 999999999 /* 9 digits */

/* ---- the schema ------------------------------------------------------------------------------- */

#define MAY CYAML_FLAG_OPTIONAL
#define TEXT(type, key, member)                                                                    \
    CYAML_FIELD_STRING_PTR(key, MAY | CYAML_FLAG_POINTER, type, member, 0, CYAML_UNLIMITED)
#define WORDS(type, key, member)                                                                   \
    CYAML_FIELD_SEQUENCE_COUNT(key, MAY | CYAML_FLAG_POINTER, type, member.items, member.count,    \
                               &word, 0, CYAML_UNLIMITED)
#define LIST(type, key, member, entry)                                                             \
    CYAML_FIELD_SEQUENCE(key, MAY | CYAML_FLAG_POINTER, type, member, &entry, 0, CYAML_UNLIMITED)

static const cyaml_schema_value_t word = {
    CYAML_VALUE_STRING(CYAML_FLAG_POINTER, char *, 0, CYAML_UNLIMITED)};
static const cyaml_schema_value_t number = {CYAML_VALUE_INT(CYAML_FLAG_DEFAULT, int)};

static const cyaml_schema_field_t command_fields[] = {
    CYAML_FIELD_SEQUENCE_COUNT("words", MAY | CYAML_FLAG_POINTER, struct compare_words, items,
                               count, &word, 0, CYAML_UNLIMITED),
    CYAML_FIELD_END,
};
static const cyaml_schema_value_t command = {
    CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, struct compare_words, command_fields)};

static const cyaml_schema_field_t request_fields[] = {
    TEXT(struct compare_request, "method", method),
    TEXT(struct compare_request, "path", path),
    TEXT(struct compare_request, "body", body),
    TEXT(struct compare_request, "body_file", body_file),
    TEXT(struct compare_request, "content_type", content_type),
    WORDS(struct compare_request, "headers", headers),
    CYAML_FIELD_INT("status", MAY, struct compare_request, status),
    CYAML_FIELD_END,
};

static const cyaml_schema_field_t protocol_fields[] = {
    CYAML_FIELD_INT("rounds", MAY, struct compare_protocol, rounds),
    CYAML_FIELD_INT("idle_ms", MAY, struct compare_protocol, idle_ms),
    CYAML_FIELD_INT("later_calls", MAY, struct compare_protocol, later_calls),
    CYAML_FIELD_INT("small_requests", MAY, struct compare_protocol, small_requests),
    CYAML_FIELD_INT("small_connections", MAY, struct compare_protocol, small_connections),
    CYAML_FIELD_BOOL("hey", MAY, struct compare_protocol, hey),
    LIST(struct compare_protocol, "closed", closed, number),
    CYAML_FIELD_INT("warmup_ms", MAY, struct compare_protocol, warmup_ms),
    CYAML_FIELD_INT("closed_ms", MAY, struct compare_protocol, closed_ms),
    LIST(struct compare_protocol, "open", open, number),
    CYAML_FIELD_INT("open_ms", MAY, struct compare_protocol, open_ms),
    CYAML_FIELD_INT("open_connections", MAY, struct compare_protocol, open_connections),
    CYAML_FIELD_INT("mixed_ms", MAY, struct compare_protocol, mixed_ms),
    CYAML_FIELD_INT("mixed_connections", MAY, struct compare_protocol, mixed_connections),
    LIST(struct compare_protocol, "idle", idle, number),
    CYAML_FIELD_INT("ready_timeout_ms", MAY, struct compare_protocol, ready_timeout_ms),
    CYAML_FIELD_INT("stop_timeout_ms", MAY, struct compare_protocol, stop_timeout_ms),
    CYAML_FIELD_INT("call_timeout_ms", MAY, struct compare_protocol, call_timeout_ms),
    CYAML_FIELD_END,
};

static const cyaml_schema_field_t check_fields[] = {
    TEXT(struct compare_check, "name", name),
    CYAML_FIELD_MAPPING("request", MAY, struct compare_check, request, request_fields),
    CYAML_FIELD_INT("repeat_body", MAY, struct compare_check, repeat_body),
    CYAML_FIELD_INT("status", MAY, struct compare_check, status),
    TEXT(struct compare_check, "body_contains", body_contains),
    TEXT(struct compare_check, "json", json),
    WORDS(struct compare_check, "headers", headers),
    CYAML_FIELD_END,
};
static const cyaml_schema_value_t check = {
    CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, struct compare_check, check_fields)};

static const cyaml_schema_field_t group_fields[] = {
    TEXT(struct compare_group, "name", name),
    TEXT(struct compare_group, "title", title),
    CYAML_FIELD_END,
};
static const cyaml_schema_value_t group = {
    CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, struct compare_group, group_fields)};

static const cyaml_schema_field_t service_fields[] = {
    TEXT(struct compare_service, "name", name),
    TEXT(struct compare_service, "group", group),
    TEXT(struct compare_service, "about", about),
    TEXT(struct compare_service, "directory", directory),
    TEXT(struct compare_service, "needs", needs),
    TEXT(struct compare_service, "needs_help", needs_help),
    LIST(struct compare_service, "build", build, command),
    WORDS(struct compare_service, "run", run),
    CYAML_FIELD_BOOL("shell", MAY, struct compare_service, shell),
    WORDS(struct compare_service, "env", env),
    TEXT(struct compare_service, "binary", binary),
    WORDS(struct compare_service, "version", version),
    TEXT(struct compare_service, "host", host),
    CYAML_FIELD_INT("port", MAY, struct compare_service, port),
    CYAML_FIELD_BOOL("reference", MAY, struct compare_service, reference),
    TEXT(struct compare_service, "control_of", control_of),
    CYAML_FIELD_END,
};
static const cyaml_schema_value_t service = {
    CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, struct compare_service, service_fields)};

static const cyaml_schema_field_t plan_fields[] = {
    TEXT(struct compare_plan, "title", title),
    CYAML_FIELD_UINT("seed", MAY, struct compare_plan, seed),
    CYAML_FIELD_FLOAT("practical", MAY, struct compare_plan, practical),
    TEXT(struct compare_plan, "server_cpus", server_cpus),
    TEXT(struct compare_plan, "client_cpus", client_cpus),
    CYAML_FIELD_MAPPING("request", MAY, struct compare_plan, request, request_fields),
    CYAML_FIELD_MAPPING("read", MAY, struct compare_plan, read, request_fields),
    CYAML_FIELD_MAPPING("list", MAY, struct compare_plan, list, request_fields),
    CYAML_FIELD_MAPPING("protocol", MAY, struct compare_plan, protocol, protocol_fields),
    LIST(struct compare_plan, "contract", contract, check),
    LIST(struct compare_plan, "groups", groups, group),
    LIST(struct compare_plan, "services", services, service),
    CYAML_FIELD_END,
};
static const cyaml_schema_value_t plan = {
    CYAML_VALUE_MAPPING(CYAML_FLAG_POINTER, struct compare_plan, plan_fields)};

/* ---- what was expected ------------------------------------------------------------------------ */

static const cyaml_schema_value_t *field_value(const cyaml_schema_value_t *in, gim_str key)
{
    const cyaml_schema_field_t *f = in->type == CYAML_MAPPING ? in->mapping.fields : NULL;

    while (f && f->key && !gim_str_eq(gim_str_of(f->key), key))
        f++;
    return f && f->key ? &f->value : NULL;
}

/* The schema's entry for "services[1].run"; NULL when there is none. */
static const cyaml_schema_value_t *value_at(const char *path)
{
    const cyaml_schema_value_t *v = &plan;

    while (v && *path) {
        size_t n = strcspn(path, ".[");

        if (*path == '[') {
            v = v->type == CYAML_SEQUENCE ? v->sequence.entry : NULL;
            path += strcspn(path, "]");
            path += *path == ']';
        } else {
            v = field_value(v, (gim_str){path, n});
            path += n;
        }
        path += *path == '.';
    }
    return v;
}

static const char *expected(const cyaml_schema_value_t *v)
{
    static const char *const kinds[CYAML__TYPE_COUNT] = {
        [CYAML_INT] = "a whole number of at most 9 digits",
        [CYAML_UINT] = "a whole number from 0",
        [CYAML_FLOAT] = "a number",
        [CYAML_BOOL] = "true or false",
        [CYAML_STRING] = "text (in quotes, when it begins with { or [ )",
        [CYAML_MAPPING] = "keys and values",
    };

    if (v == &command)
        return "a command as a list of words, such as [make, all]";
    if (v->type != CYAML_SEQUENCE)
        return kinds[v->type];
    return v->sequence.entry == &word      ? "a list of words, such as [one, two]"
           : v->sequence.entry == &number  ? "a list of whole numbers, such as [1, 10]"
           : v->sequence.entry == &command ? "a list of commands, such as [[make, all]]"
                                           : "a list, each entry beginning with '-'";
}

static void say_unknown(struct plan_reading *r, const char *in, const char *key)
{
    const cyaml_schema_value_t *v = value_at(in);
    struct gim_near near = {.typed = gim_str_of(key)};
    const struct plan_line *l =
        plan_line_find(r, plan_path(r, "%s%s%.100s", in, *in ? "." : "", key));
    struct gim_buf known = {0};

    for (const cyaml_schema_field_t *f = v ? v->mapping.fields : plan_fields; f->key; f++) {
        gim_near_offer(&near, gim_str_of(f->key));
        gim_buf_printf(&known, "%s%s", known.len ? ", " : "", f->key);
    }
    if (near.best.ptr)
        plan_wrong_on(r, l ? l->line : 1, "unknown key '%.60s'; did you mean '%.*s'?", key,
                      GIM_FMT(near.best));
    else
        plan_wrong_on(r, l ? l->line : 1, "unknown key '%.60s'; known here: %.*s", key,
                      GIM_FMT(gim_buf_view(&known)));
    gim_buf_free(&known);
}

/* ---- libcyaml's log --------------------------------------------------------------------------- */

#define TOLD_DEPTH 8

struct told {
    char key[120];               /* the unknown one */
    char places[TOLD_DEPTH][64]; /* innermost first: ".closed", "[1]" */
    int depth;
};

/* The text between the first and the last quote. */
static gim_str quoted(const char *line)
{
    const char *from = strchr(line, '\''), *to = strrchr(line, '\'');

    return from && to > from ? (gim_str){from + 1, (size_t)(to - from - 1)} : GIM_S("");
}

static void listen(cyaml_log_t level, void *owner, const char *fmt, va_list ap) GIM_PRINTF(3, 0);
static void listen(cyaml_log_t level, void *owner, const char *fmt, va_list ap)
{
    static const char unknown[] = "Load: Unexpected key: ", field[] = "  in mapping field '",
                      entry[] = "  in sequence entry '";
    struct told *t = owner;
    char line[256];
    gim_str text;

    (void)level;
    vsnprintf(line, sizeof line, fmt, ap);
    line[strcspn(line, "\n")] = '\0';
    text = quoted(line);
    if (strncmp(line, unknown, sizeof unknown - 1) == 0)
        snprintf(t->key, sizeof t->key, "%.100s", line + sizeof unknown - 1);
    if (t->depth == TOLD_DEPTH)
        return;
    if (strncmp(line, field, sizeof field - 1) == 0)
        snprintf(t->places[t->depth++], sizeof t->places[0], ".%.*s", GIM_FMT(text));
    if (strncmp(line, entry, sizeof entry - 1) == 0) {
        int64_t n = 0;

        if (gim_str_to_int(text, &n) || n < 1)
            n = 1;
        snprintf(t->places[t->depth++], sizeof t->places[0], "[%lld]", (long long)n - 1);
    }
}

static void say_told(struct plan_reading *r, const struct told *t)
{
    char path[TOLD_DEPTH * sizeof t->places[0] + 1] = "";
    const cyaml_schema_value_t *v;
    size_t n = 0;

    for (int i = t->depth - 1; i >= 0; i--)
        n += (size_t)snprintf(path + n, sizeof path - n, "%s",
                              t->places[i] + (n == 0 && t->places[i][0] == '.'));
    v = value_at(path);
    if (t->key[0])
        say_unknown(r, path, t->key);
    else
        plan_wrong(r, path, "expected %s, got %s", v ? expected(v) : "another value",
                   plan_got(r, path));
}

/* ---- reading ---------------------------------------------------------------------------------- */

static void *memory(void *owner, void *p, size_t size)
{
    (void)owner;
    if (size)
        return gim_heap_grow(p, size);
    gim_heap_free(p);
    return NULL;
}

static bool is_bool(const char *text)
{
    static const char *const words[] = {"true", "false", "yes", "no"};
    size_t i = 0;

    while (i < CYAML_ARRAY_LEN(words) && strcmp(text, words[i]) != 0)
        i++;
    return i < CYAML_ARRAY_LEN(words);
}

/* Decimal: a leading 0 would make it octal. */
static bool is_whole(const char *text, int64_t least, int64_t most)
{
    const char *digits = text + (*text == '-');
    int64_t n = 0;

    return (digits[0] != '0' || !digits[1]) && gim_str_to_int(gim_str_of(text), &n) == 0 &&
           n >= least && n <= most;
}

static bool is_number(const char *text)
{
    char *end;

    (void)strtod(text, &end);
    return *text && !*end;
}

static bool fits(const cyaml_schema_value_t *v, const char *text)
{
    return v->type == CYAML_BOOL    ? is_bool(text)
           : v->type == CYAML_INT   ? is_whole(text, -WHOLE_MOST, WHOLE_MOST)
           : v->type == CYAML_UINT  ? is_whole(text, 0, INT64_MAX)
           : v->type == CYAML_FLOAT ? is_number(text)
                                    : true;
}

/* libcyaml takes any word for true, and as much of "10.5" as is a number. */
static bool check_scalars(struct plan_reading *r)
{
    unsigned before = r->wrong;

    for (size_t i = 0; i < r->lines_count; i++) {
        const struct plan_line *l = &r->lines[i];
        const cyaml_schema_value_t *v = value_at(l->path);

        if (v && l->kind <= PLAN_TEXT && !fits(v, l->kind == PLAN_TEXT ? l->text : ""))
            plan_wrong(r, l->path, "expected %s, got %s", expected(v), plan_got(r, l->path));
    }
    return r->wrong == before;
}

struct compare_plan *plan_schema_load(struct plan_reading *r)
{
    struct told told = {0};
    cyaml_config_t config = {
        .log_fn = listen, .log_ctx = &told, .mem_fn = memory, .log_level = CYAML_LOG_ERROR};
    struct compare_plan *loaded = NULL;
    cyaml_err_t failed;

    if (!check_scalars(r))
        return NULL;
    failed = cyaml_load_data((const uint8_t *)r->text.ptr, r->text.len, &config, &plan,
                             (cyaml_data_t **)&loaded, NULL);
    if (failed) {
        say_told(r, &told);
        return NULL;
    }
    return loaded;
}

void plan_schema_free(void *loaded)
{
    cyaml_config_t config = {.mem_fn = memory, .log_level = CYAML_LOG_ERROR};

    if (loaded)
        (void)cyaml_free(&config, &plan, loaded, 0);
}

void plan_schema_keys(struct gim_buf *out)
{
    static const struct {
        const char *in;
        const cyaml_schema_field_t *fields;
    } tables[] = {
        {"", plan_fields},           {"request.", request_fields}, {"protocol.", protocol_fields},
        {"contract.", check_fields}, {"groups.", group_fields},    {"services.", service_fields},
    };

    for (size_t i = 0; i < CYAML_ARRAY_LEN(tables); i++) {
        for (const cyaml_schema_field_t *f = tables[i].fields; f->key; f++)
            gim_buf_printf(out, "%s%s\n", tables[i].in, f->key);
    }
}
