/* reader.c: reads, on the thread that asks.
 *
 * A read of the page cache costs a few microseconds, less than handing it to another thread; so
 * every worker has its own connection, opened at its first read (an unused one costs memory), and
 * answers at once. A reader sees what was committed before its call, hence its own writes: their
 * answers left after COMMIT. It only reads (query_only) and never checkpoints, not even when it
 * closes, because one connection alone may do that. Each call ends its read transaction: one that
 * stays open would keep the WAL from being reused. */
#include "sqlite.h"

#define SELECT_POSTS                                                                               \
    "SELECT id, version, created_at, updated_at, title, body, author FROM posts WHERE "

static void close_all(struct sq_reader *r)
{
    sqlite3_finalize(r->read);
    sqlite3_finalize(r->list);
    sqlite3_finalize(r->list_author);
    sqlite3_close(r->db);
    r->db = NULL;
    r->read = r->list = r->list_author = NULL;
}

static int open_reader(struct sq_reader *r, const char *path)
{
    r->db = sq_open_reader(path);
    if (!r->db)
        return -1;
    r->read = sq_prepare(r->db, SELECT_POSTS "id = ?1");
    r->list = sq_prepare(r->db, SELECT_POSTS "id < ?1 ORDER BY id DESC LIMIT ?2");
    r->list_author =
        sq_prepare(r->db, SELECT_POSTS "author = ?3 AND id < ?1 ORDER BY id DESC LIMIT ?2");
    if (r->read && r->list && r->list_author)
        return 0;
    close_all(r);
    return -1;
}

/* A reader's failure fails its request, no more. */
static enum store_result result_of(int code)
{
    switch (code & 0xff) {
    case SQLITE_ROW:
    case SQLITE_OK:
        return STORE_OK;
    case SQLITE_DONE:
        return STORE_NOT_FOUND;
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
    case SQLITE_NOMEM:
        return STORE_BUSY;
    default:
        return STORE_FAILED;
    }
}

static void read_one(struct sq_reader *r, struct store_op *op)
{
    sqlite3_bind_int64(r->read, 1, op->post.id);
    int code = sqlite3_step(r->read);

    if (code == SQLITE_ROW && sq_post_read(r->read, op->arena, &op->post) != 0)
        code = SQLITE_NOMEM;
    sqlite3_reset(r->read);
    op->result = result_of(code);
}

static sqlite3_stmt *bind_list(struct sq_reader *r, const struct store_op *op)
{
    gim_str author = op->list.author;
    sqlite3_stmt *list = author.ptr ? r->list_author : r->list;

    sqlite3_bind_int64(list, 1, op->list.before ? op->list.before : INT64_MAX);
    sqlite3_bind_int64(list, 2, (int64_t)op->list.limit + 1);
    if (author.ptr)
        sqlite3_bind_text64(list, 3, author.ptr, author.len, SQLITE_STATIC, SQLITE_UTF8);
    return list;
}

static void list(struct sq_reader *r, struct store_op *op)
{
    sqlite3_stmt *rows = bind_list(r, op);
    int code;

    op->list.n = 0;
    op->list.more = false;
    op->list.items = GIM_NEW_N(op->arena, struct store_post, op->list.limit + 1u);
    while ((code = sqlite3_step(rows)) == SQLITE_ROW) {
        if (op->list.n == op->list.limit) {
            op->list.more = true;
            break;
        }
        if (sq_post_read(rows, op->arena, &op->list.items[op->list.n]) != 0) {
            code = SQLITE_NOMEM;
            break;
        }
        op->list.n++;
    }
    sqlite3_reset(rows);
    op->result = code == SQLITE_DONE ? STORE_OK : result_of(code);
}

/* ---- public -------------------------------------------------------------------------------- */

int sq_post_read(sqlite3_stmt *row, struct gim_arena *a, struct store_post *p)
{
    gim_str texts[3];
    size_t size = 0;

    for (int i = 0; i < 3; i++) {
        texts[i].ptr = (const char *)sqlite3_column_text(row, 4 + i);
        texts[i].len = (size_t)sqlite3_column_bytes(row, 4 + i);
        size += texts[i].len;
        if (!texts[i].ptr && sqlite3_column_type(row, 4 + i) != SQLITE_NULL)
            return -1;
    }
    char *at = gim_alloc_raw(a, size + 1, 1);

    for (int i = 0; i < 3; i++) {
        if (texts[i].ptr)
            texts[i].ptr = memcpy(at, texts[i].ptr, texts[i].len);
        at += texts[i].len;
    }
    *p = (struct store_post){.id = sqlite3_column_int64(row, 0),
                             .version = sqlite3_column_int64(row, 1),
                             .title = texts[0],
                             .body = texts[1],
                             .author = texts[2],
                             .created_at = {sqlite3_column_int64(row, 2)},
                             .updated_at = {sqlite3_column_int64(row, 3)}};
    return 0;
}

void sq_reader_init(struct sq_reader *r)
{
    *r = (struct sq_reader){0};
    pthread_mutex_init(&r->lock, NULL);
}

void sq_reader_run(struct sq_reader *r, const char *path, struct store_op *op)
{
    pthread_mutex_lock(&r->lock);
    if (!r->db && open_reader(r, path) != 0)
        op->result = STORE_FAILED;
    else if (op->action == STORE_READ)
        read_one(r, op);
    else
        list(r, op);
    pthread_mutex_unlock(&r->lock);
}

void sq_reader_close(struct sq_reader *r)
{
    close_all(r);
    pthread_mutex_destroy(&r->lock);
}
