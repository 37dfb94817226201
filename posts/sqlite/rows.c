/* rows.c: one write inside the writer's transaction.
 *
 * The statements are prepared once and bound to the operation's own bytes (SQLITE_STATIC: they live
 * until the operation completes). Nothing here commits; a result set here is only worth something
 * when the writer's COMMIT has succeeded.
 *
 * An Idempotency-Key is a row of `keys` in the same transaction as its post, so a key seen is a
 * post stored, also when both requests are in one batch. A replay gives the post as first replied:
 * while the post is unchanged that is the post itself; the first change or deletion copies the
 * first version into the key's row (KEY_KEEP finds nothing to do for posts without a key). */
#include "sqlite.h"

#define POST_COLUMNS "id, version, created_at, updated_at, title, body, author"

static const char *const sql[SQ_STATEMENTS] = {
    [SQ_BEGIN] = "BEGIN IMMEDIATE",
    [SQ_COMMIT] = "COMMIT",
    [SQ_ROLLBACK] = "ROLLBACK",
    [SQ_INSERT] = "INSERT INTO posts (" POST_COLUMNS ") VALUES (?1, 1, ?2, ?2, ?3, ?4, ?5)",
    [SQ_VERSION] = "SELECT version, created_at FROM posts WHERE id = ?1",
    [SQ_UPDATE] = "UPDATE posts SET version = ?2, title = ?3, body = ?4, author = ?5,"
                  " updated_at = ?6 WHERE id = ?1",
    [SQ_DELETE] = "DELETE FROM posts WHERE id = ?1",
    [SQ_KEY_FIND] = "SELECT k.post_id, 1, ifnull(k.created_at, p.created_at),"
                    " ifnull(k.created_at, p.created_at), ifnull(k.title, p.title),"
                    " ifnull(k.body, p.body), iif(k.title IS NULL, p.author, k.author),"
                    " k.fingerprint"
                    " FROM keys k LEFT JOIN posts p ON p.id = k.post_id WHERE k.key = ?1",
    [SQ_KEY_ADD] = "INSERT INTO keys (post_id, key, fingerprint) VALUES (?1, ?2, ?3)",
    [SQ_KEY_DROP] = "DELETE FROM keys WHERE key = ?1",
    [SQ_KEY_KEEP] = "UPDATE keys SET (title, body, author, created_at) ="
                    " (SELECT title, body, author, created_at FROM posts WHERE id = ?1)"
                    " WHERE post_id = ?1 AND title IS NULL",
    [SQ_KEYS_EXPIRE] = "DELETE FROM keys WHERE post_id IN (SELECT post_id FROM keys"
                       " WHERE post_id < ?1 ORDER BY post_id LIMIT ?2)",
};

/* ---- binding and running ------------------------------------------------------------------- */

static void bind_text(sqlite3_stmt *statement, int at, gim_str s)
{
    sqlite3_bind_text64(statement, at, s.ptr ? s.ptr : "", s.len, SQLITE_STATIC, SQLITE_UTF8);
}

static void bind_texts(sqlite3_stmt *statement, int at, const struct store_post *p)
{
    bind_text(statement, at, p->title);
    bind_text(statement, at + 1, p->body);
    if (p->author.ptr)
        bind_text(statement, at + 2, p->author);
    else
        sqlite3_bind_null(statement, at + 2);
}

static void bind_key(sqlite3_stmt *statement, int at, gim_str key)
{
    sqlite3_bind_blob64(statement, at, key.len ? key.ptr : "", key.len, SQLITE_STATIC);
}

/* Runs a bound statement that gives no rows and makes it ready for the next. */
static int finish(sqlite3_stmt *statement)
{
    int code = sqlite3_step(statement);

    sqlite3_reset(statement);
    return code == SQLITE_DONE ? SQLITE_OK : code;
}

int sq_rows_run(struct sq_rows *r, enum sq_statement which)
{
    return finish(r->statements[which]);
}

/* A statement whose only parameter is the post's id. */
static int run_on(struct sq_rows *r, enum sq_statement which, int64_t id)
{
    sqlite3_bind_int64(r->statements[which], 1, id);
    return finish(r->statements[which]);
}

/* ---- create -------------------------------------------------------------------------------- */

static int insert(struct sq_rows *r, struct store_post *p)
{
    sqlite3_stmt *statement = r->statements[SQ_INSERT];

    p->id = post_ids_next(&r->ids, r->now.us / 1000, 0);
    p->version = 1;
    p->created_at = p->updated_at = r->now;
    sqlite3_bind_int64(statement, 1, p->id);
    sqlite3_bind_int64(statement, 2, r->now.us);
    bind_texts(statement, 3, p);
    return finish(statement);
}

static int add_key(struct sq_rows *r, const struct store_op *op)
{
    sqlite3_stmt *statement = r->statements[SQ_KEY_ADD];

    sqlite3_bind_int64(statement, 1, op->post.id);
    bind_key(statement, 2, op->idem.key);
    sqlite3_bind_blob(statement, 3, op->idem.fingerprint, sizeof op->idem.fingerprint,
                      SQLITE_STATIC);
    return finish(statement);
}

static bool same_fingerprint(sqlite3_stmt *row, const struct store_op *op)
{
    const void *kept = sqlite3_column_blob(row, 7);

    return sqlite3_column_bytes(row, 7) == (int)sizeof op->idem.fingerprint &&
           memcmp(kept, op->idem.fingerprint, sizeof op->idem.fingerprint) == 0;
}

/* Looks the key up. SQLITE_ROW: it is known, and op->result holds. SQLITE_DONE: it is new. */
static int find_key(struct sq_rows *r, struct store_op *op)
{
    sqlite3_stmt *find = r->statements[SQ_KEY_FIND];
    bool expired = false;

    bind_key(find, 1, op->idem.key);
    int code = sqlite3_step(find);

    if (code == SQLITE_ROW) {
        expired = sqlite3_column_int64(find, 0) < r->key_floor;
        op->result = same_fingerprint(find, op) ? STORE_REPLAY : STORE_KEY_MISUSED;
        if (!expired && op->result == STORE_REPLAY && sq_post_read(find, op->arena, &op->post) != 0)
            code = SQLITE_NOMEM;
    }
    sqlite3_reset(find);
    if (!expired)
        return code;
    bind_key(r->statements[SQ_KEY_DROP], 1, op->idem.key);
    code = finish(r->statements[SQ_KEY_DROP]);
    return code == SQLITE_OK ? SQLITE_DONE : code;
}

static int create(struct sq_rows *r, struct store_op *op)
{
    op->result = STORE_OK;
    if (!op->idem.key.ptr || POSTS_BREAK == BREAK_KEYS)
        return insert(r, &op->post);
    int code = find_key(r, op);

    if (code != SQLITE_DONE)
        return code == SQLITE_ROW ? SQLITE_OK : code;
    op->result = STORE_OK;
    r->touched_keys = true;
    code = insert(r, &op->post);
    if (code != SQLITE_OK)
        return code;
    code = add_key(r, op);
    /* A post without its key must not stay; if it cannot be taken away, the batch is undone. */
    if (code != SQLITE_OK && !sqlite3_get_autocommit(r->db) &&
        run_on(r, SQ_DELETE, op->post.id) != SQLITE_OK)
        return SQLITE_ABORT;
    return code;
}

/* ---- update and delete --------------------------------------------------------------------- */

/* Whether the operation may touch its post: sets op->result, version and created_at. */
static int check_version(struct sq_rows *r, struct store_op *op)
{
    sqlite3_stmt *statement = r->statements[SQ_VERSION];

    sqlite3_bind_int64(statement, 1, op->post.id);
    int code = sqlite3_step(statement);

    op->result = STORE_NOT_FOUND;
    if (code == SQLITE_ROW) {
        op->post.version = sqlite3_column_int64(statement, 0);
        op->post.created_at.us = sqlite3_column_int64(statement, 1);
        op->result =
            op->expect_version && op->expect_version != op->post.version ? STORE_STALE : STORE_OK;
    }
    sqlite3_reset(statement);
    return code == SQLITE_ROW || code == SQLITE_DONE ? SQLITE_OK : code;
}

static int update(struct sq_rows *r, struct store_op *op)
{
    sqlite3_stmt *statement = r->statements[SQ_UPDATE];
    int code = check_version(r, op);

    if (code != SQLITE_OK || op->result != STORE_OK)
        return code;
    code = run_on(r, SQ_KEY_KEEP, op->post.id);
    if (code != SQLITE_OK)
        return code;
    op->post.version++;
    op->post.updated_at = r->now;
    sqlite3_bind_int64(statement, 1, op->post.id);
    sqlite3_bind_int64(statement, 2, op->post.version);
    bind_texts(statement, 3, &op->post);
    sqlite3_bind_int64(statement, 6, r->now.us);
    return finish(statement);
}

static int delete_one(struct sq_rows *r, struct store_op *op)
{
    int code = check_version(r, op);

    if (code != SQLITE_OK || op->result != STORE_OK)
        return code;
    code = run_on(r, SQ_KEY_KEEP, op->post.id);
    return code == SQLITE_OK ? run_on(r, SQ_DELETE, op->post.id) : code;
}

/* ---- public -------------------------------------------------------------------------------- */

static int (*const actions[])(struct sq_rows *r, struct store_op *op) = {
    [STORE_CREATE] = create,
    [STORE_UPDATE] = update,
    [STORE_DELETE] = delete_one,
};

int sq_rows_apply(struct sq_rows *r, struct store_op *op)
{
    return actions[op->action](r, op);
}

/* The greatest id the file has ever told anyone about, as far as it remembers. */
static int find_last_id(struct sq_rows *r)
{
    sqlite3_stmt *statement = sq_prepare(r->db, "SELECT max(ifnull((SELECT max(id) FROM posts), 0),"
                                                " ifnull((SELECT max(post_id) FROM keys), 0))");
    int code = statement ? sqlite3_step(statement) : SQLITE_ERROR;

    if (code == SQLITE_ROW)
        atomic_store(&r->ids.last, sqlite3_column_int64(statement, 0));
    sqlite3_finalize(statement);
    return code == SQLITE_ROW ? 0 : -1;
}

int sq_rows_open(struct sq_rows *r, sqlite3 *db, int64_t key_seconds)
{
    *r = (struct sq_rows){.db = db, .key_seconds = key_seconds};
    for (int i = 0; i < SQ_STATEMENTS; i++) {
        r->statements[i] = sq_prepare(db, sql[i]);
        if (!r->statements[i])
            return -1;
    }
    return find_last_id(r);
}

void sq_rows_close(struct sq_rows *r)
{
    for (int i = 0; i < SQ_STATEMENTS; i++)
        sqlite3_finalize(r->statements[i]);
}

void sq_rows_time(struct sq_rows *r, gim_time now)
{
    r->now = now;
    r->key_floor = (now.us / 1000 - r->key_seconds * 1000) << POST_ID_SHIFT;
}

int sq_rows_expire(struct sq_rows *r, int most)
{
    sqlite3_bind_int(r->statements[SQ_KEYS_EXPIRE], 2, most);
    return run_on(r, SQ_KEYS_EXPIRE, r->key_floor);
}

int sq_rows_probe(struct sq_rows *r)
{
    static const char page[4096];
    gim_str text = {page, sizeof page};
    struct store_post post = {.title = text, .body = text, .author = GIM_S("probe")};
    int code = insert(r, &post);

    return code == SQLITE_OK ? run_on(r, SQ_DELETE, post.id) : code;
}
