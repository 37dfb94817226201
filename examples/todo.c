/* todo.c: a to-do API in memory (one worker, so no locks): create, list, read, merge-patch, delete.
 *   curl -d '{"title":"buy milk","tags":["home"]}' localhost:8080/todos
 *   curl -X PATCH -d '{"state":"done"}' localhost:8080/todos/1 */
#include <gimlet.h>
#include <stdlib.h>

#define TODOS_MAX 10000

struct todo {
    int64_t id;
    gim_str title;
    gim_array tags; /* of gim_str */
    int state;
};
static const char *const states[] = {"open", "done", NULL};
static const struct gim_field todo_fields[] = {
    GIM_INT(struct todo, id, .read_only = true),
    GIM_STR(struct todo, title, .required = true, .min_len = 1, .max_len = 200),
    GIM_ARRAY(struct todo, tags, .max_items = 8, .unique = true,
              .items = GIM_ITEM_STR(.min_len = 1, .max_len = 20, .pattern = "^[a-z-]+$")),
    GIM_ENUM(struct todo, state, .names = states, .def = "\"open\""),
};
static const struct gim_schema todo_schema =
    GIM_SCHEMA("Todo", struct todo, todo_fields, .strict = true);
struct filter {
    int state;
};
static const char *const filters[] = {"open", "done", "any", NULL};
static const struct gim_field filter_fields[] = {
    GIM_ENUM(struct filter, state, .names = filters, .def = "\"any\"")};
static const struct gim_schema filter_schema = GIM_SCHEMA("Filter", struct filter, filter_fields);
struct page {
    gim_array items;
};
static const struct gim_field page_fields[] = {
    GIM_ARRAY(struct page, items, .items = GIM_ITEM_OBJECT(struct todo, &todo_schema))};
static const struct gim_schema page_schema = GIM_SCHEMA("Todos", struct page, page_fields);

struct store { /* a todo is kept as its JSON text: nothing here points into a request */
    char *json[TODOS_MAX + 1];
    int64_t last;
};
static int keep_and_reply(struct gim_ctx *c, int status, const struct todo *t)
{
    struct store *s = gim_state(c);
    gim_str json = gim_json_encode(&todo_schema, t, gim_arena(c));
    free(s->json[t->id]);
    s->json[t->id] = strndup(json.ptr, json.len);
    return gim_reply(c, status, &todo_schema, t);
}

static bool load(struct gim_ctx *c, int64_t id, struct todo *t)
{
    struct store *s = gim_state(c);
    struct gim_faults faults = {0};
    struct gim_json_error err;
    if (id < 1 || id > s->last || !s->json[id] ||
        gim_json_decode(&todo_schema, gim_dup(gim_arena(c), gim_str_of(s->json[id])), t,
                        gim_arena(c), &faults, &err))
        return false;
    t->id = id; /* a read-only member is not bound */
    return true;
}

static int create(struct gim_ctx *c)
{
    struct store *s = gim_state(c);
    struct todo *t = gim_body(c);
    if (s->last == TODOS_MAX)
        return gim_problem(c, 507, "full", "at most %d todos are kept", TODOS_MAX);
    t->id = ++s->last;
    gim_set_header(c, GIM_S("Location"), gim_printf(gim_arena(c), "/todos/%d", (int)t->id));
    return keep_and_reply(c, 201, t);
}

static int list(struct gim_ctx *c)
{
    struct store *s = gim_state(c);
    const struct filter *f = gim_query(c);
    struct todo *items = GIM_NEW_N(gim_arena(c), struct todo, (size_t)s->last + 1);
    struct page page = {{items, 0}};
    for (int64_t id = 1; id <= s->last; id++) {
        struct todo *t = &items[page.items.len];
        if (load(c, id, t) && (f->state == 2 || f->state == t->state))
            page.items.len++;
    }
    return gim_reply(c, 200, &page_schema, &page);
}

static int one(struct gim_ctx *c) /* GET, PATCH, DELETE */
{
    struct todo t;
    struct store *s = gim_state(c);
    int64_t id;
    if (gim_param_int(c, GIM_S("id"), &id))
        return GIM_REPLIED;
    if (!load(c, id, &t))
        return gim_problem(c, 404, NULL, "there is no todo %lld", (long long)id);
    if (gim_str_eq(gim_method(c), GIM_S("DELETE"))) {
        free(s->json[id]);
        s->json[id] = NULL;
        return gim_empty(c, 204);
    }
    if (gim_str_eq(gim_method(c), GIM_S("GET")))
        return gim_reply(c, 200, &todo_schema, &t);
    return gim_body_patch(c, &todo_schema, &t) ? GIM_REPLIED : keep_and_reply(c, 200, &t);
}

static const struct gim_route routes[] = {
    GIM_POST("/todos", create, .body = &todo_schema),
    GIM_GET("/todos", list, .query = &filter_schema),
    GIM_ROUTE("GET|PATCH|DELETE", "/todos/:id", one, .body_raw = true),
    {0}};

int main(int argc, char **argv)
{
    static struct store store;
    return gim_main(argc, argv, .name = "todo", .routes = routes, .state = &store, .workers = 1);
}
