/* posts in C with gimlet: the service every contender implements, as a gimlet user would write it. It is
 * here to be read and counted beside the others; what is measured is the real service, posts/.
 *   build/release/contenders/posts --port 8080 */
#include <gimlet.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#define DEFAULT_LIMIT "20"
#define MAX_LIMIT 100
#define POSTS_MAX 10000000

struct post {
    gim_str id, title, body, author;
    gim_time created_at, updated_at;
};
static const struct gim_field post_fields[] = {
    GIM_STR(struct post, id, .read_only = true),
    GIM_STR(struct post, title, .required = true, .min_len = 1, .max_len = 200),
    GIM_STR(struct post, body, .required = true, .max_len = 65536),
    GIM_STR(struct post, author, .max_len = 100, .omit_empty = true),
    GIM_TIME(struct post, created_at, .read_only = true),
    GIM_TIME(struct post, updated_at, .read_only = true),
};
static const struct gim_schema post_schema = GIM_SCHEMA("Post", struct post, post_fields);

struct page {
    gim_array items;
    gim_str next;
};
static const struct gim_field page_fields[] = {
    GIM_ARRAY(struct page, items, .items = GIM_ITEM_OBJECT(struct post, &post_schema)),
    GIM_STR(struct page, next, .nullable = true),
};
static const struct gim_schema page_schema = GIM_SCHEMA("Page", struct page, page_fields);

struct query {
    int64_t limit;
    gim_str cursor;
};
static const struct gim_field query_fields[] = {
    GIM_INT(struct query, limit, .def = DEFAULT_LIMIT),
    GIM_STR(struct query, cursor),
};
static const struct gim_schema query_schema = GIM_SCHEMA("Query", struct query, query_fields);

/* ---- the store: ids are places, as nothing is ever removed ----------------------------------- */

struct store {
    pthread_rwlock_t lock;
    struct post **posts;
    int64_t last;
};

/* A copy in one piece: the request's memory goes with the request. */
static struct post *keep(const struct post *p)
{
    struct post *kept = malloc(sizeof *kept + p->title.len + p->body.len + p->author.len);
    char *to = (char *)(kept + 1);

    *kept = *p;
    kept->title.ptr = memcpy(to, p->title.ptr, p->title.len);
    kept->body.ptr = memcpy(to += p->title.len, p->body.ptr, p->body.len);
    if (p->author.ptr)
        kept->author.ptr = memcpy(to + p->body.len, p->author.ptr, p->author.len);
    return kept;
}

static int64_t store_add(struct store *s, const struct post *p)
{
    struct post *kept = keep(p);
    int64_t id = 0;

    pthread_rwlock_wrlock(&s->lock);
    if (s->last < POSTS_MAX)
        s->posts[id = ++s->last] = kept;
    pthread_rwlock_unlock(&s->lock);
    return id;
}

/* At most `limit` posts below `before`, newest first. */
static size_t store_list(struct store *s, int64_t before, int64_t limit, const struct post **out,
                         int64_t *ids)
{
    size_t n = 0;

    pthread_rwlock_rdlock(&s->lock);
    for (int64_t id = before <= s->last ? before - 1 : s->last; id > 0 && (int64_t)n < limit;
         id--) {
        ids[n] = id;
        out[n++] = s->posts[id];
    }
    pthread_rwlock_unlock(&s->lock);
    return n;
}

/* ---- handlers -------------------------------------------------------------------------------- */

static struct post view(struct gim_ctx *c, const struct post *p, int64_t id)
{
    struct post v = *p;

    v.id = gim_printf(gim_arena(c), "%lld", (long long)id);
    return v;
}

static int create(struct gim_ctx *c)
{
    struct post *p = gim_body(c);
    int64_t id;

    p->created_at = p->updated_at = gim_now();
    id = store_add(gim_state(c), p);
    if (!id)
        return gim_problem(c, 507, NULL, "at most %d posts are kept", POSTS_MAX);
    *p = view(c, p, id);
    gim_set_header(c, GIM_S("Location"), gim_printf(gim_arena(c), "/posts/%lld", (long long)id));
    return gim_reply(c, 201, &post_schema, p);
}

static int get(struct gim_ctx *c)
{
    const struct post *found;
    struct post p;
    int64_t id, got;

    if (gim_param_int(c, GIM_S("id"), &id))
        return GIM_REPLIED;
    if (id < 1 || id == INT64_MAX || !store_list(gim_state(c), id + 1, 1, &found, &got) ||
        got != id)
        return gim_problem(c, 404, NULL, "there is no post with this id");
    p = view(c, found, id);
    return gim_reply(c, 200, &post_schema, &p);
}

/* Newest first. A cursor is the id of the last post of the part before. */
static int list(struct gim_ctx *c)
{
    const struct query *q = gim_query(c);
    int64_t limit = q->limit < 1 ? 1 : q->limit > MAX_LIMIT ? MAX_LIMIT : q->limit;
    int64_t before = INT64_MAX, ids[MAX_LIMIT + 1];
    const struct post *found[MAX_LIMIT + 1];
    struct post *items = GIM_NEW_N(gim_arena(c), struct post, MAX_LIMIT);
    struct page page = {{items, 0}, {0}};
    size_t n;

    if (q->cursor.ptr && (gim_str_to_int(q->cursor, &before) || before < 1))
        return gim_problem(c, 400, NULL, "the cursor is not one of ours");
    n = store_list(gim_state(c), before, limit + 1, found, ids);
    for (size_t i = 0; i < n && (int64_t)i < limit; i++)
        items[page.items.len++] = view(c, found[i], ids[i]);
    if ((int64_t)n > limit)
        page.next = items[limit - 1].id;
    return gim_reply(c, 200, &page_schema, &page);
}

static const struct gim_route routes[] = {
    GIM_POST("/posts", create, .body = &post_schema, .reply = &post_schema),
    GIM_GET("/posts", list, .query = &query_schema, .reply = &page_schema),
    GIM_GET("/posts/:id", get, .reply = &post_schema),
    {0},
};

int main(int argc, char **argv)
{
    static struct store store = {.lock = PTHREAD_RWLOCK_INITIALIZER};

    store.posts = calloc(POSTS_MAX + 1, sizeof(struct post *)); /* pages come as they are used */
    return gim_main(argc, argv, .name = "posts", .routes = routes, .state = &store);
}
