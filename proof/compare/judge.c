/* judge.c: expected and got.
 *
 * The first thing that is not as expected is told, with what came instead. JSON is compared by a walk
 * over both texts with a stack of its own, as deep as JSON may be: a frame for each open object or array
 * of what is expected; the open frames are the place that is named, as a JSON Pointer. */
#include "judge.h"
#include "../../gimlet/json/utf8.h"
#include <gimlet/json.h>
#include <stdio.h>
#include <string.h>

#define SHOWN 120 /* bytes of an answer in a sentence */

/* Text of the network, made fit for a sentence. */
static void put_shown(struct gim_buf *b, gim_str s)
{
    const char *p = s.ptr, *end = s.len ? p + s.len : p;

    while (p < end && p - s.ptr < SHOWN) {
        unsigned n = gim_utf8_size(p, end);

        if (!n || (unsigned char)*p == 0x7f)
            gim_buf_char(b, '?');
        else if ((unsigned char)*p < ' ')
            gim_buf_char(b, ' ');
        else
            gim_buf_add(b, p, n);
        p += n ? n : 1;
    }
    if (p < end)
        gim_buf_lit(b, "...");
}

static bool told_wrong(struct gim_buf *why, gim_str place, gim_str wanted, gim_str got)
{
    gim_buf_str(why, place);
    gim_buf_lit(why, "expected ");
    put_shown(why, wanted);
    gim_buf_lit(why, ", got ");
    if (got.ptr)
        put_shown(why, got);
    else
        gim_buf_lit(why, "none");
    return false;
}

/* ---- status, headers, body ---------------------------------------------------------------------- */

static bool judge_status(const struct call *c, const struct compare_check *check,
                         struct gim_buf *why)
{
    int wanted = check->status ? check->status : check->request.status;

    if (wanted ? c->status == wanted : c->status >= 200 && c->status < 300)
        return true;
    gim_buf_lit(why, "expected status ");
    if (wanted)
        gim_buf_int(why, wanted);
    else
        gim_buf_lit(why, "200 to 299");
    gim_buf_lit(why, ", got ");
    gim_buf_int(why, c->status);
    if (c->body.len) {
        gim_buf_lit(why, " with body ");
        put_shown(why, gim_buf_view(&c->body));
    }
    return false;
}

static bool value_fits(gim_str wanted, gim_str got)
{
    if (wanted.len && wanted.ptr[wanted.len - 1] == '*')
        return gim_str_starts(got, (gim_str){wanted.ptr, wanted.len - 1});
    return gim_str_eq(wanted, got);
}

static bool judge_header(const struct call *c, const char *line, struct gim_buf *why)
{
    gim_str wanted = gim_str_of(line);
    gim_str trimmed = gim_str_trim(gim_str_cut(&wanted, ':'));
    char name[128], place[160];
    gim_str got;

    snprintf(name, sizeof name, "%.*s", GIM_FMT(trimmed));
    snprintf(place, sizeof place, "header %s: ", name);
    got = call_field(c, name);
    wanted = wanted.ptr ? gim_str_trim(wanted) : GIM_S("*");
    if (got.ptr && value_fits(wanted, got))
        return true;
    return told_wrong(why, gim_str_of(place),
                      gim_str_eq(wanted, GIM_S("*")) ? GIM_S("any value") : wanted, got);
}

static bool judge_text(const struct call *c, const char *text, struct gim_buf *why)
{
    gim_str body = c->body.len ? gim_buf_view(&c->body) : GIM_S("");

    if (memmem(body.ptr, body.len, text, strlen(text)))
        return true;
    return told_wrong(why, GIM_S("body: "), gim_str_of(text),
                      body.len ? body : GIM_S("an empty body"));
}

/* ---- JSON --------------------------------------------------------------------------------------- */

struct level {
    gim_json wanted, got;
    struct gim_json_iter at;
    size_t n; /* elements or members so far */
};

struct walk {
    struct level levels[GIM_JSON_MAX_DEPTH + 1];
    size_t depth;
    struct gim_arena *memory;
    struct gim_buf *why;
};

static gim_str text_of(gim_json v, struct gim_arena *a)
{
    gim_str s = {0};

    (void)gim_json_str(v, a, &s);
    return s;
}

static bool same_scalar(gim_json a, gim_json b, struct gim_arena *memory)
{
    double x, y;

    if (gim_str_eq(a.text, b.text))
        return true;
    if (gim_json_type(a) == GIM_JSON_STRING)
        return gim_str_eq(text_of(a, memory), text_of(b, memory));
    return gim_json_double(a, &x) && gim_json_double(b, &y) && x >= y && x <= y;
}

/* "/items/0/title: " */
static gim_str place(const struct walk *w)
{
    struct gim_buf b = {0};
    gim_str kept;

    gim_buf_lit(&b, "JSON ");
    for (size_t i = 0; i < w->depth; i++) {
        const struct level *l = &w->levels[i];

        gim_buf_char(&b, '/');
        if (gim_json_type(l->wanted) == GIM_JSON_OBJECT)
            put_shown(&b, text_of(l->at.name, w->memory));
        else
            gim_buf_int(&b, (int64_t)l->n - 1);
    }
    b.len -= w->depth ? 0 : 1;
    gim_buf_lit(&b, ": ");
    kept = gim_dup(w->memory, gim_buf_view(&b));
    gim_buf_free(&b);
    return kept;
}

static bool wrong_length(struct walk *w, gim_json wanted, gim_json got)
{
    gim_str a = gim_printf(w->memory, "%zu elements", gim_json_len(wanted));
    gim_str b = gim_printf(w->memory, "%zu", gim_json_len(got));

    return told_wrong(w->why, place(w), a, b);
}

/* One value; an object or array is opened, and its members come next. */
static bool compare(struct walk *w, gim_json wanted, gim_json got)
{
    enum gim_json_type type = gim_json_type(wanted);
    bool any = type == GIM_JSON_STRING && gim_str_eq(wanted.text, GIM_S("\"*\""));

    if (any && gim_json_type(got) != GIM_JSON_NONE)
        return true;
    if (type != gim_json_type(got))
        return told_wrong(w->why, place(w), any ? GIM_S("any value") : wanted.text, got.text);
    if (type != GIM_JSON_OBJECT && type != GIM_JSON_ARRAY)
        return same_scalar(wanted, got, w->memory) ||
               told_wrong(w->why, place(w), wanted.text, got.text);
    if (type == GIM_JSON_ARRAY && gim_json_len(wanted) != gim_json_len(got))
        return wrong_length(w, wanted, got);
    w->levels[w->depth++] = (struct level){.wanted = wanted, .got = got};
    return true;
}

static bool walk(struct walk *w, gim_json wanted, gim_json got)
{
    bool same = compare(w, wanted, got);

    while (same && w->depth) {
        struct level *l = &w->levels[w->depth - 1];

        if (!gim_json_next(l->wanted, &l->at)) {
            w->depth--;
            continue;
        }
        l->n++;
        same = compare(w, l->at.value,
                       gim_json_type(l->wanted) == GIM_JSON_OBJECT
                           ? gim_json_get(l->got, text_of(l->at.name, w->memory))
                           : gim_json_at(l->got, l->n - 1));
    }
    return same;
}

static bool judge_json(const struct call *c, const char *json, struct gim_buf *why)
{
    struct gim_arena memory = {0};
    struct gim_json_error bad;
    struct walk w = {.memory = &memory, .why = why};
    gim_str body = c->body.len ? gim_buf_view(&c->body) : GIM_S("");
    bool same = false;

    if (gim_json_check(gim_str_of(json), &memory, &bad))
        gim_buf_printf(why, "the plan's json is not JSON: %s at byte %zu", bad.reason,
                       (size_t)bad.offset);
    else if (gim_json_check(body, &memory, &bad))
        told_wrong(why, GIM_S("body: "), GIM_S("JSON"), body.len ? body : GIM_S("an empty body"));
    else
        same = walk(&w, gim_json_root(gim_str_of(json)), gim_json_root(body));
    gim_arena_reset(&memory);
    return same;
}

bool judge_answer(const struct call *c, const struct compare_check *check, struct gim_buf *why)
{
    if (!judge_status(c, check, why))
        return false;
    for (unsigned i = 0; i < check->headers.count; i++) {
        if (!judge_header(c, check->headers.items[i], why))
            return false;
    }
    if (check->body_contains && !judge_text(c, check->body_contains, why))
        return false;
    return !check->json || judge_json(c, check->json, why);
}
