/* routes.c: the posts resource: create, list, read, replace, patch, delete.
 *
 * Every handler fills one store_op, submits it, and goes on in an `after_...` continuation: at once
 * when the store was done inline, later on the same loop when it was not. A change is read, check,
 * compare-and-swap on the version, so that conditions (If-Match) and merge patches are atomic on
 * every store; losing the race means reading again. */
#include "routes.h"
#include "cursor.h"
#include "idempotency.h"
#include "metrics.h"
#include "model.h"

#define LIST_LIMIT_DEFAULT "20"
#define LIST_LIMIT_MAX 100
#define RACES_MAX 16 /* lost compare-and-swaps of one request */

/* One request on its way through the store. */
struct work {
    struct store_op op;
    gim_handler *after;
    struct gim_ctx *c;
    int races;
};

static const char work_key; /* its address names the request's work */

static struct work *work_of(struct gim_ctx *c)
{
    return gim_get(c, &work_key);
}

static struct work *work_new(struct gim_ctx *c, enum store_action action)
{
    struct work *w = GIM_NEW(gim_arena(c), struct work);

    w->c = c;
    w->op.action = action;
    w->op.arena = gim_arena(c);
    w->op.worker = gim_worker(c);
    w->op.user = w;
    gim_put(c, &work_key, w);
    return w;
}

static int submit(struct work *w, gim_handler *after)
{
    struct posts *posts = gim_state(w->c);

    w->after = after;
    if (posts->store->ops->submit(posts->store, &w->op) == STORE_PENDING)
        return GIM_SUSPENDED;
    metrics_operation(&w->op);
    return after(w->c);
}

static void pend(struct store_op *op)
{
    struct work *w = op->user;

    metrics_pending(1);
    op->handle = gim_suspend(w->c);
}

#define RESUME_AT_ONCE 64

static void complete(struct store_op *const *ops, size_t n)
{
    struct gim_resumption r[RESUME_AT_ONCE];

    metrics_pending(-(int64_t)n);
    while (n) {
        size_t k = n < RESUME_AT_ONCE ? n : RESUME_AT_ONCE;

        for (size_t i = 0; i < k; i++) {
            const struct work *w = ops[i]->user;

            metrics_operation(ops[i]);
            r[i] = (struct gim_resumption){ops[i]->handle, w->after};
        }
        gim_resume_all(r, k);
        ops += k;
        n -= k;
    }
}

const struct store_host posts_host = {pend, complete, metrics_committed};

/* ---- replies --------------------------------------------------------------------------------- */

static struct post view_of(const struct store_post *p, struct gim_arena *a)
{
    char *id = gim_alloc_raw(a, POST_ID_LEN, 1);

    post_id_write(id, p->id);
    return (struct post){{id, POST_ID_LEN}, p->title,      p->body,
                         p->author,         p->created_at, p->updated_at};
}

/* The ETag is the version: it changes with every change and with nothing else. */
static gim_str etag_of(struct gim_ctx *c, const struct store_post *p)
{
    char *text = gim_alloc_raw(gim_arena(c), 20, 1);

    return (gim_str){text, gim_int_write(text, p->version)};
}

static int reply_post(struct gim_ctx *c, int status, const struct store_post *p)
{
    struct post view = view_of(p, gim_arena(c));

    return gim_reply(c, status, &post_schema, &view);
}

struct refusal {
    int status;
    bool retry; /* with Retry-After */
    const char *slug, *detail;
};

static const struct refusal refusals[] = {
    [STORE_NOT_FOUND] = {404, false, NULL, "there is no post with this id"},
    [STORE_STALE] = {409, true, "busy-post", "the post is being changed by others; try again"},
    [STORE_KEY_MISUSED] = {422, false, "idempotency-key-reused",
                           "this Idempotency-Key was used for another request; use a new key"},
    [STORE_KEY_BUSY] = {409, true, "idempotency-key-busy",
                        "the first request with this Idempotency-Key is still under way"},
    [STORE_FULL] = {507, true, "storage-full", "no space is left; nothing was stored"},
    [STORE_BUSY] = {503, true, "overloaded", "too many writes are waiting; nothing was stored"},
    [STORE_FAILED] = {503, true, "storage-failed",
                      "the store cannot write; the outcome is unknown: retry with the same "
                      "Idempotency-Key"},
};

static int refuse(struct gim_ctx *c, enum store_result result)
{
    const struct refusal *r = &refusals[result];

    if (r->retry)
        (void)gim_set_header(c, GIM_S("Retry-After"), GIM_S("1"));
    return gim_problem(c, r->status, r->slug, "%s", r->detail);
}

/* ---- POST /posts ----------------------------------------------------------------------------- */

static int after_create(struct gim_ctx *c)
{
    struct work *w = work_of(c);
    char location[7 + POST_ID_LEN] = "/posts/";

    if (w->op.result == STORE_REPLAY)
        (void)gim_set_header(c, GIM_S("Idempotent-Replayed"), GIM_S("true"));
    else if (w->op.result != STORE_OK)
        return refuse(c, w->op.result);
    post_id_write(location + 7, w->op.post.id);
    (void)gim_set_header(c, GIM_S("Location"), (gim_str){location, sizeof location});
    gim_etag(c, etag_of(c, &w->op.post));
    return reply_post(c, 201, &w->op.post);
}

static int create_post(struct gim_ctx *c)
{
    const struct post *in = gim_body(c);
    struct work *w = work_new(c, STORE_CREATE);

    if (idempotency_read(c, &w->op))
        return GIM_REPLIED;
    w->op.post.title = in->title;
    w->op.post.body = in->body;
    w->op.post.author = in->author;
    return submit(w, after_create);
}

/* ---- GET /posts ------------------------------------------------------------------------------ */

struct list_query {
    int64_t limit;
    gim_str cursor, author;
};

static const struct gim_field list_query_fields[] = {
    GIM_INT(struct list_query, limit, .def = LIST_LIMIT_DEFAULT, .doc = "1 to 100; clamped."),
    GIM_STR(struct list_query, cursor, .doc = "The `next` of the page before."),
    GIM_STR(struct list_query, author, .max_len = 100, .doc = "Only posts of this author."),
};
static const struct gim_schema list_query_schema =
    GIM_SCHEMA("ListPosts", struct list_query, list_query_fields);

struct page {
    gim_array items;
    gim_str next;
};

static const struct gim_field page_fields[] = {
    GIM_ARRAY(struct page, items, .items = GIM_ITEM_OBJECT(struct post, &post_schema)),
    GIM_STR(struct page, next, .nullable = true,
            .doc = "Cursor of the next page; null at the end."),
};
static const struct gim_schema page_schema = GIM_SCHEMA("PostPage", struct page, page_fields);

static int after_list(struct gim_ctx *c)
{
    struct work *w = work_of(c);
    uint32_t n = w->op.list.n;
    struct post *items = GIM_NEW_N(gim_arena(c), struct post, n);
    struct page page = {{items, n}, {0}};

    if (w->op.result != STORE_OK)
        return refuse(c, w->op.result);
    for (uint32_t i = 0; i < n; i++)
        items[i] = view_of(&w->op.list.items[i], gim_arena(c));
    if (w->op.list.more)
        page.next = cursor_write(gim_arena(c), w->op.list.items[n - 1].id, w->op.list.author);
    return gim_reply(c, 200, &page_schema, &page);
}

static int list_posts(struct gim_ctx *c)
{
    const struct list_query *q = gim_query(c);
    struct work *w = work_new(c, STORE_LIST);
    int64_t limit = q->limit < 1 ? 1 : q->limit > LIST_LIMIT_MAX ? LIST_LIMIT_MAX : q->limit;

    w->op.list.limit = (uint32_t)limit;
    w->op.list.author = q->author;
    if (q->cursor.ptr && cursor_read(q->cursor, q->author, &w->op.list.before))
        return gim_problem(c, 400, "bad-cursor",
                           "the cursor is not one of ours, or belongs to another filter");
    return submit(w, after_list);
}

/* ---- one post -------------------------------------------------------------------------------- */

/* Begins with reading the post of the path. An id that is none of ours names no post. */
static int read_first(struct gim_ctx *c, gim_handler *after)
{
    struct work *w = work_new(c, STORE_READ);

    if (post_id_read(gim_param(c, GIM_S("id")), &w->op.post.id))
        return refuse(c, STORE_NOT_FOUND);
    return submit(w, after);
}

static int after_read(struct gim_ctx *c)
{
    struct work *w = work_of(c);

    if (w->op.result != STORE_OK)
        return refuse(c, w->op.result);
    if (gim_preconditions(c, etag_of(c, &w->op.post), (gim_time){0}))
        return GIM_REPLIED;
    return reply_post(c, 200, &w->op.post);
}

static int read_post(struct gim_ctx *c)
{
    return read_first(c, after_read);
}

/* ---- PUT, PATCH, DELETE ---------------------------------------------------------------------- */

static int read_for_change(struct gim_ctx *c, gim_handler *after)
{
    const struct posts *posts = gim_state(c);

    if (posts->require_if_match && !gim_header(c, GIM_S("If-Match")).ptr)
        return gim_problem(c, 428, NULL, "send If-Match with the ETag of the post you have read");
    return read_first(c, after);
}

/* The post is read: does it exist, do the request's conditions hold? GIM_OK to go on. */
static int check_for_change(struct gim_ctx *c, struct work *w)
{
    if (w->op.result != STORE_OK) /* 404 whatever the conditions say (RFC 9110 §13.2.1) */
        return refuse(c, w->op.result);
    return gim_preconditions(c, etag_of(c, &w->op.post), (gim_time){0});
}

static int change(struct work *w, enum store_action action, gim_handler *after)
{
    w->op.action = action;
    w->op.expect_version = w->op.post.version;
    return submit(w, after);
}

/* The version moved between our read and our write: begin again with what is there now. */
static int lost_race(struct work *w, gim_handler *after_read_again)
{
    (void)gim_set_header(w->c, GIM_S("ETag"),
                         (gim_str){0}); /* of what has been changed meanwhile */
    if (++w->races > RACES_MAX)
        return refuse(w->c, STORE_STALE);
    w->op.action = STORE_READ;
    return submit(w, after_read_again);
}

static int after_put_read(struct gim_ctx *c);
static int after_patch_read(struct gim_ctx *c);
static int after_delete_read(struct gim_ctx *c);

static int reply_updated(struct gim_ctx *c, gim_handler *again)
{
    struct work *w = work_of(c);

    if (w->op.result == STORE_STALE)
        return lost_race(w, again);
    if (w->op.result != STORE_OK)
        return refuse(c, w->op.result);
    gim_etag(c, etag_of(c, &w->op.post));
    return reply_post(c, 200, &w->op.post);
}

static int after_put(struct gim_ctx *c)
{
    return reply_updated(c, after_put_read);
}

static int after_put_read(struct gim_ctx *c)
{
    struct work *w = work_of(c);
    const struct post *in = gim_body(c);

    if (check_for_change(c, w))
        return GIM_REPLIED;
    w->op.post.title = in->title;
    w->op.post.body = in->body;
    w->op.post.author = in->author;
    return change(w, STORE_UPDATE, after_put);
}

static int replace_post(struct gim_ctx *c)
{
    return read_for_change(c, after_put_read);
}

static int after_patch(struct gim_ctx *c)
{
    return reply_updated(c, after_patch_read);
}

static int after_patch_read(struct gim_ctx *c)
{
    struct work *w = work_of(c);
    struct post merged;

    if (check_for_change(c, w))
        return GIM_REPLIED;
    merged = view_of(&w->op.post, gim_arena(c));
    if (gim_body_patch(c, &post_schema, &merged))
        return GIM_REPLIED;
    w->op.post.title = merged.title;
    w->op.post.body = merged.body;
    w->op.post.author = merged.author;
    return change(w, STORE_UPDATE, after_patch);
}

static int patch_post(struct gim_ctx *c)
{
    return read_for_change(c, after_patch_read);
}

static int after_delete(struct gim_ctx *c)
{
    struct work *w = work_of(c);

    if (w->op.result == STORE_STALE)
        return lost_race(w, after_delete_read);
    (void)gim_set_header(c, GIM_S("ETag"), (gim_str){0}); /* of what is no more */
    if (w->op.result != STORE_OK)
        return refuse(c, w->op.result);
    return gim_empty(c, 204);
}

static int after_delete_read(struct gim_ctx *c)
{
    struct work *w = work_of(c);

    if (check_for_change(c, w))
        return GIM_REPLIED;
    return change(w, STORE_DELETE, after_delete);
}

static int delete_post(struct gim_ctx *c)
{
    return read_for_change(c, after_delete_read);
}

/* ---- the table ------------------------------------------------------------------------------- */

/* What a route answers besides its reply and what gimlet answers for it; what it reads and sends. */
static const struct gim_answer create_answers[] = {
    {409, .doc = "The first request with this Idempotency-Key is still under way."},
    {422, .doc = "Or the Idempotency-Key was used for another request."},
    {507, .doc = "No space is left; nothing was stored."},
    {0},
};
static const struct gim_answer read_answers[] = {{304, .doc = "It is as it was."}, {0}};
static const struct gim_answer change_answers[] = {
    {409, .doc = "Others are changing the post; try again."},
    {412, .doc = "The post is not the one that If-Match names; read it again."},
    {428, .doc = "Send If-Match (only with --require-if-match)."},
    {507, .doc = "No space is left; nothing was stored."},
    {0},
};

#define ETAG "The post's version."
static const struct gim_header_note create_headers[] = {
    {"Idempotency-Key", .doc = "1 to 255 characters: sent again with it, the post is made once."},
    {"Location", "The post's path.", 201, true},
    {"ETag", ETAG, 201, true},
    {"Idempotent-Replayed", "`true`: the post was there already.", .status = 201},
    {0},
};
static const struct gim_header_note read_headers[] = {
    {"If-None-Match", .doc = "ETags that are known; 304 when one of them holds."},
    {"ETag", ETAG, 200, true},
    {"ETag", ETAG, 304, true},
    {0},
};
static const struct gim_header_note change_headers[] = {
    {"If-Match", .doc = "The ETag of the post that is to be changed."},
    {"ETag", ETAG, 200, true},
    {0},
};

const struct gim_route posts_routes[] = {
    GIM_POST("/posts", create_post, .body = &post_schema, .reply = &post_schema, .suspends = true,
             .queued = true, .summary = "Create a post", .id = "create_post",
             .answers = create_answers, .headers = create_headers),
    GIM_GET("/posts", list_posts, .query = &list_query_schema, .reply = &page_schema,
            .suspends = true, .summary = "List posts, newest first", .id = "list_posts"),
    GIM_GET("/posts/:id", read_post, .reply = &post_schema, .suspends = true,
            .summary = "Read a post", .id = "read_post", .answers = read_answers,
            .headers = read_headers),
    GIM_PUT("/posts/:id", replace_post, .body = &post_schema, .reply = &post_schema,
            .suspends = true, .queued = true, .summary = "Replace a post", .id = "replace_post",
            .answers = change_answers, .headers = change_headers),
    GIM_PATCH("/posts/:id", patch_post, .body_raw = true, .patch = &post_schema,
              .reply = &post_schema, .suspends = true, .queued = true,
              .media_types = "application/merge-patch+json",
              .summary = "Change members of a post (RFC 7396)", .id = "patch_post",
              .answers = change_answers, .headers = change_headers),
    GIM_DELETE("/posts/:id", delete_post, .suspends = true, .queued = true,
               .summary = "Delete a post", .id = "delete_post", .answers = change_answers,
               .headers = change_headers),
    GIM_GET("/metrics", gim_metrics_reply, .undocumented = true, .vital = true,
            .summary = "Figures for Prometheus"),
    {0},
};
