#include "notes.h"
#include <stdlib.h>
#include <string.h>

/* One row a member: it is read, checked, written and documented by this. */
static const struct gim_field note_fields[] = {
    GIM_INT(struct note, id, .read_only = true),
    GIM_STR(struct note, text, .required = true, .min_len = 1, .max_len = NOTES_TEXT_MAX),
};
static const struct gim_schema note_schema = GIM_SCHEMA("Note", struct note, note_fields);

struct page {
    gim_array items;
};
static const struct gim_field page_fields[] = {
    GIM_ARRAY(struct page, items, .items = GIM_ITEM_OBJECT(struct note, &note_schema)),
};
static const struct gim_schema page_schema = GIM_SCHEMA("Notes", struct page, page_fields);

static bool find(const struct notes *s, int64_t id, struct note *n)
{
    if (id < 1 || id > s->last || !s->texts[id - 1])
        return false;
    *n = (struct note){id, {s->texts[id - 1], s->lens[id - 1]}};
    return true;
}

static int create_note(struct gim_ctx *c)
{
    struct notes *s = gim_state(c);
    struct note *n = gim_body(c); /* bound and valid, or the client has its 400 or 422 */

    if (s->last == NOTES_MAX)
        return gim_problem(c, 507, NULL, "at most %d notes are kept", NOTES_MAX);
    s->texts[s->last] = strndup(n->text.ptr, n->text.len);
    s->lens[s->last] = n->text.len;
    n->id = ++s->last;
    gim_set_header(c, GIM_S("Location"), gim_printf(gim_arena(c), "/notes/%lld", (long long)n->id));
    return gim_reply(c, 201, &note_schema, n);
}

static int list_notes(struct gim_ctx *c)
{
    const struct notes *s = gim_state(c);
    struct note *items = GIM_NEW_N(gim_arena(c), struct note, (size_t)s->last + 1);
    struct page page = {{items, 0}};

    for (int64_t id = 1; id <= s->last; id++)
        page.items.len += find(s, id, &items[page.items.len]);
    return gim_reply(c, 200, &page_schema, &page);
}

static int read_note(struct gim_ctx *c)
{
    struct note n;
    int64_t id;

    if (gim_param_int(c, GIM_S("id"), &id))
        return GIM_REPLIED;
    if (!find(gim_state(c), id, &n))
        return gim_problem(c, 404, NULL, "there is no note %lld", (long long)id);
    return gim_reply(c, 200, &note_schema, &n);
}

static int delete_note(struct gim_ctx *c)
{
    struct notes *s = gim_state(c);
    struct note n;
    int64_t id;

    if (gim_param_int(c, GIM_S("id"), &id))
        return GIM_REPLIED;
    if (!find(s, id, &n))
        return gim_problem(c, 404, NULL, "there is no note %lld", (long long)id);
    free(s->texts[id - 1]);
    s->texts[id - 1] = NULL;
    return gim_empty(c, 204);
}

const struct gim_route notes_routes[] = {
    GIM_POST("/notes", create_note, .body = &note_schema, .reply = &note_schema,
             .summary = "Keep a note"),
    GIM_GET("/notes", list_notes, .reply = &page_schema, .summary = "All notes"),
    GIM_GET("/notes/:id", read_note, .reply = &note_schema, .summary = "One note"),
    GIM_DELETE("/notes/:id", delete_note, .summary = "Forget a note"),
    {0},
};
