/* checkpoint.c: moving the write-ahead log into the file.
 *
 * Done by the writer's thread on the writer's connection, between two transactions: no other
 * connection writes or checkpoints, which is both what keeps latency in our hands and what stays
 * clear of the WAL-reset bug of SQLite 3.7.0 to 3.51.2.
 *
 * A checkpoint comes every STEP_BYTES of log, small enough that the log is soon written over again
 * from its start: writing over blocks a file already has makes an fdatasync about a third cheaper
 * than growing the file does. It is PASSIVE: it waits for no reader. A log whose start a reader
 * keeps from being reused grows on; beyond WAL_LIMIT bytes the readers are waited for, briefly.
 * What another program's open read transaction can still do (grow the log) is told in the log,
 * once. */
#include "sqlite.h"

#define STEP_BYTES (4 << 20)
#define TRUNCATE_BYTES (16 << 20)
#define WAL_LIMIT (48 << 20) /* the promise is 64 MiB: the rest is for the batch under way */
#define RETRY_US 1000000
#define WAIT_MS 100
#define BUSY_MS 2000

static int on_commit(void *arg, sqlite3 *db, const char *name, int pages)
{
    struct sq_checkpoint *c = arg;

    (void)db;
    (void)name;
    if (pages < c->done_pages)
        c->done_pages = 0; /* the log was started over */
    c->wal_pages = pages;
    return SQLITE_OK;
}

void sq_checkpoint_init(struct sq_checkpoint *c, sqlite3 *db)
{
    sqlite3_stmt *statement = sq_prepare(db, "PRAGMA page_size");

    *c = (struct sq_checkpoint){.db = db, .page_size = 4096};
    if (statement && sqlite3_step(statement) == SQLITE_ROW)
        c->page_size = sqlite3_column_int(statement, 0);
    sqlite3_finalize(statement);
    sqlite3_wal_hook(db, on_commit, c);
}

static int64_t bytes(const struct sq_checkpoint *c, int pages)
{
    return (int64_t)pages * c->page_size;
}

/* SQLITE_OK also when readers held it up: then less was moved, or the log goes on growing. */
static int move(struct sq_checkpoint *c, int mode)
{
    int in_log = -1, moved = -1;
    int code = sqlite3_wal_checkpoint_v2(c->db, NULL, mode, &in_log, &moved);

    if (in_log >= 0) {
        c->wal_pages = in_log;
        c->done_pages = in_log;
    }
    return (code & 0xff) == SQLITE_BUSY || (code & 0xff) == SQLITE_LOCKED ? SQLITE_OK : code;
}

static int move_waiting(struct sq_checkpoint *c)
{
    sqlite3_busy_timeout(c->db, WAIT_MS);
    int code = move(c, SQLITE_CHECKPOINT_RESTART);

    sqlite3_busy_timeout(c->db, BUSY_MS);
    return code;
}

static void warn_once(struct sq_checkpoint *c)
{
    if (c->warned)
        return;
    c->warned = true;
    gim_log(GIM_LOG_WARN, "posts",
            "the write-ahead log cannot be reused: another program keeps a read transaction open "
            "on the database; it grows until that ends");
}

int sq_checkpoint_step(struct sq_checkpoint *c, int64_t now_us)
{
    if (bytes(c, c->wal_pages - c->done_pages) < STEP_BYTES || now_us < c->retry_us)
        return SQLITE_OK;
    if (bytes(c, c->wal_pages) >= WAL_LIMIT + STEP_BYTES)
        warn_once(c);
    int code =
        bytes(c, c->wal_pages) < WAL_LIMIT ? move(c, SQLITE_CHECKPOINT_PASSIVE) : move_waiting(c);

    if (code != SQLITE_OK)
        c->retry_us = now_us + RETRY_US;
    return code;
}

int sq_checkpoint_idle(struct sq_checkpoint *c)
{
    bool is_long = bytes(c, c->wal_pages) >= TRUNCATE_BYTES;

    return move(c, is_long ? SQLITE_CHECKPOINT_TRUNCATE : SQLITE_CHECKPOINT_PASSIVE);
}

bool sq_checkpoint_pending(const struct sq_checkpoint *c)
{
    return c->wal_pages > c->done_pages;
}

int64_t sq_checkpoint_bytes(const struct sq_checkpoint *c)
{
    return bytes(c, c->wal_pages);
}
