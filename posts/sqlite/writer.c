/* writer.c: the thread that owns the writing connection: group commit.
 *
 * While one COMMIT waits for the disk, operations gather in the queue; the next transaction takes
 * all of them (up to `batch`). One fsync then pays for many, and nobody waits for a timer: with one
 * client a batch is one write, with hundreds it is hundreds. Results go to the host only after
 * COMMIT has returned SQLITE_OK: that return is the promise.
 *
 * What can go wrong, and what then:
 *   a row      SQLite undoes its statement; it fails alone
 *   no space   the transaction is undone, each of its operations is tried once more by itself (one
 *              big post must not fail its neighbours); reads go on, so do later attempts, and when
 *              nobody writes a probe finds out that there is space again
 *   locked     by another program: STORE_BUSY for the batch
 *   I/O error  in COMMIT or anywhere: STORE_FAILED for the batch and no write ever again in this
 *              process: after a failed fsync the kernel may have dropped the pages and called them
 *              clean, so a later success would prove nothing
 *   no answer  a disk that hangs: nothing can be done but say so, in sq_writer_ready while it lasts */
#include "sqlite.h"

#include <sched.h>
#include <stdio.h>
#include <stdlib.h>

#define STACK_BYTES (256 << 10)
#define IDLE_MS 1000
#define EXPIRE_US 1000000
#define SLOW_NS ((int64_t)5 * 1000000000)

/* ---- failure ------------------------------------------------------------------------------- */

/* What an error of SQLite means for the operations it hit. */
static enum store_result result_of(int code)
{
    switch (code & 0xff) {
    case SQLITE_OK:
        return STORE_OK;
    case SQLITE_FULL:
        return STORE_FULL;
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
    case SQLITE_NOMEM:
    case SQLITE_TOOBIG:
    case SQLITE_CONSTRAINT:
    case SQLITE_ABORT:
        return STORE_BUSY; /* nothing was written, writes go on */
    default:
        return STORE_FAILED;
    }
}

/* No more writes. `doing` is where it happened. */
static void stop_writes(struct sq_writer *w, const char *doing, int code)
{
    if (atomic_load(&w->stopped))
        return;
    snprintf(w->why, sizeof w->why,
             "writes have stopped: %s in %s (SQLite code %d): check the disk, then restart posts",
             sqlite3_errstr(code & 0xff), doing, code);
    atomic_store(&w->stopped, true);
    gim_log(GIM_LOG_ERROR, "posts", "%s", w->why);
}

/* Undoes the transaction if SQLite has not done so by itself. */
static void roll_back(struct sq_writer *w)
{
    if (!sqlite3_get_autocommit(w->rows.db))
        sq_rows_run(&w->rows, SQ_ROLLBACK);
}

static void set_full(struct sq_writer *w, bool full)
{
    if (atomic_exchange(&w->full, full) == full)
        return;
    if (full)
        gim_log(GIM_LOG_ERROR, "posts", "the store cannot write: disk full");
    else
        gim_log(GIM_LOG_INFO, "posts", "the store writes again");
}

/* ---- a disk that hangs ----------------------------------------------------------------------- */

static void begin_busy(struct sq_writer *w)
{
    atomic_store_explicit(&w->busy, gim_metrics_clock(), memory_order_relaxed);
}

static void end_busy(struct sq_writer *w)
{
    int64_t began = atomic_load_explicit(&w->busy, memory_order_relaxed);
    int64_t took = gim_metrics_clock() - began;

    atomic_store_explicit(&w->busy, 0, memory_order_relaxed);
    if (took > SLOW_NS)
        gim_log(GIM_LOG_WARN, "posts", "the disk took %lld ms for a commit",
                (long long)(took / 1000000));
}

static bool hangs(struct sq_writer *w)
{
    int64_t began = atomic_load_explicit(&w->busy, memory_order_relaxed);

    return began && gim_metrics_clock() - began > SLOW_NS;
}

/* ---- a batch ------------------------------------------------------------------------------- */

/* Applies all. SQLITE_OK: the transaction is still open and a failed row has its result. */
static int apply_all(struct sq_writer *w, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        int code = sq_rows_apply(&w->rows, w->batch[i]);

        if (code == SQLITE_OK)
            continue;
        enum store_result result = result_of(code);

        if (result == STORE_FAILED || code == SQLITE_ABORT || sqlite3_get_autocommit(w->rows.db))
            return code;
        w->batch[i]->result = result;
    }
    return SQLITE_OK;
}

/* A few expired keys go with the batch: two for each that may have come, when it is time. */
static int expire(struct sq_writer *w, size_t n)
{
    if (!w->rows.touched_keys && w->rows.now.us - w->expired_us < EXPIRE_US)
        return SQLITE_OK;
    w->expired_us = w->rows.now.us;
    w->rows.touched_keys = false;
    return sq_rows_expire(&w->rows, (int)n * 2 + 64);
}

/* The one fsync of the batch. */
static int commit(struct sq_writer *w, size_t n)
{
    int64_t began = gim_metrics_clock();
    int code = sq_rows_run(&w->rows, SQ_COMMIT);

    if (code == SQLITE_OK && w->host->committed)
        w->host->committed(n, gim_metrics_clock() - began, sq_checkpoint_bytes(&w->checkpoint));
    return code;
}

/* One transaction around the first `n` of the batch. SQLITE_OK: committed. */
static int transact(struct sq_writer *w, size_t n, const char **doing)
{
    *doing = "BEGIN";
    int code = sq_rows_run(&w->rows, SQ_BEGIN);

    if (code != SQLITE_OK)
        return code;
    *doing = "a write";
    code = apply_all(w, n);
    if (code == SQLITE_OK)
        code = expire(w, n);
    if (code == SQLITE_OK) {
        *doing = "COMMIT";
        code = POSTS_BREAK == BREAK_ORDER ? SQLITE_OK : commit(w, n);
    }
    if (code != SQLITE_OK)
        roll_back(w);
    return code;
}

static void set_results(struct store_op **batch, size_t n, enum store_result result)
{
    for (size_t i = 0; i < n; i++)
        batch[i]->result = result;
}

static bool any_has(struct store_op *const *batch, size_t n, enum store_result result)
{
    for (size_t i = 0; i < n; i++) {
        if (batch[i]->result == result)
            return true;
    }
    return false;
}

/* Transacts the first `n` and gives each its result. */
static int settle(struct sq_writer *w, size_t n)
{
    const char *doing;
    int code = transact(w, n, &doing);
    enum store_result result = result_of(code);

    if (result == STORE_OK) {
        if (any_has(w->batch, n, STORE_OK))
            set_full(w, false);
        else if (any_has(w->batch, n, STORE_FULL))
            set_full(w, true);
        return code;
    }
    set_results(w->batch, n, result);
    if (result == STORE_FULL && n == 1)
        set_full(w, true); /* of several, some may still find space: see settle_singly */
    if (result == STORE_FAILED)
        stop_writes(w, doing, code);
    return code;
}

/* No space for all of them together: each by itself. */
static void settle_singly(struct sq_writer *w, size_t n)
{
    struct store_op **batch = w->batch;

    for (size_t i = 0; i < n; i++, w->batch++) {
        if (atomic_load(&w->stopped))
            w->batch[0]->result = STORE_FAILED;
        else
            settle(w, 1);
    }
    w->batch = batch;
}

static void after_batch(struct sq_writer *w)
{
    int code = sq_checkpoint_step(&w->checkpoint, w->rows.now.us);

    if (result_of(code) == STORE_FAILED)
        stop_writes(w, "a checkpoint", code);
}

/* Takes up to a batch from the list, settles and completes it. Returns the rest of the list. */
static struct store_op *run_batch(struct sq_writer *w, struct store_op *list)
{
    size_t n = 0;

    for (; list && n < w->batch_max; list = list->next)
        w->batch[n++] = list;
    sq_rows_time(&w->rows, gim_now());
    begin_busy(w);
    if (atomic_load(&w->stopped))
        set_results(w->batch, n, STORE_FAILED);
    else if ((settle(w, n) & 0xff) == SQLITE_FULL && n > 1)
        settle_singly(w, n);
    /* From here on the operations are the host's again. */
    w->host->complete(w->batch, n);
    if (POSTS_BREAK == BREAK_ORDER)
        commit(w, n);
    sq_queue_done(&w->queue, (unsigned)n);
    if (!atomic_load(&w->stopped))
        after_batch(w);
    end_busy(w);
    return list;
}

/* ---- quiet moments ------------------------------------------------------------------------- */

static int probe(struct sq_writer *w)
{
    sq_rows_time(&w->rows, gim_now());
    int code = sq_rows_run(&w->rows, SQ_BEGIN);

    if (code == SQLITE_OK)
        code = sq_rows_probe(&w->rows);
    if (code == SQLITE_OK)
        code = sq_rows_run(&w->rows, SQ_COMMIT);
    roll_back(w);
    if (code == SQLITE_OK)
        set_full(w, false);
    return code;
}

static void idle(struct sq_writer *w)
{
    const char *doing = "a checkpoint";
    int code = SQLITE_OK;

    if (sq_checkpoint_pending(&w->checkpoint))
        code = sq_checkpoint_idle(&w->checkpoint);
    if (result_of(code) != STORE_FAILED && atomic_load(&w->full)) {
        doing = "a probe";
        code = probe(w);
    }
    if (result_of(code) == STORE_FAILED)
        stop_writes(w, doing, code);
}

/* Sleeps until there is work. When woken, it lets the loops that share its CPU push what they have
 * just read: one fsync for all of it instead of one for the first. */
static void rest(struct sq_writer *w)
{
    bool busy_later = sq_checkpoint_pending(&w->checkpoint) || atomic_load(&w->full);

    if (busy_later && !atomic_load(&w->stopped)) {
        sq_queue_wait(&w->queue, IDLE_MS);
        if (!atomic_load(&w->queue.head) && !atomic_load(&w->queue.closed)) {
            begin_busy(w);
            idle(w);
            end_busy(w);
        }
    } else {
        sq_queue_wait(&w->queue, -1);
    }
    sched_yield();
}

static void *run(void *arg)
{
    struct sq_writer *w = arg;

    for (;;) {
        bool closed = atomic_load(&w->queue.closed); /* before taking: nothing is pushed after */
        struct store_op *list = sq_queue_take(&w->queue);

        if (!list && closed) {
            sq_copy_abandon(&w->copy);
            return NULL;
        }
        if (!sq_copy_step(&w->copy, w->rows.db) && !list)
            rest(w);
        while (list)
            list = run_batch(w, list);
    }
}

/* ---- public -------------------------------------------------------------------------------- */

int sq_writer_open(struct sq_writer *w, sqlite3 *db, const struct sq_options *o,
                   const struct store_host *host, char *err, size_t err_len)
{
    w->host = host;
    w->batch_max = (size_t)o->batch;
    w->batch = calloc(w->batch_max, sizeof *w->batch);
    sq_queue_init(&w->queue);
    sq_checkpoint_init(&w->checkpoint, db);
    if (w->batch && sq_rows_open(&w->rows, db, o->key_seconds) == 0 &&
        sq_thread_start(&w->thread, STACK_BYTES, run, w) == 0)
        return 0;
    snprintf(err, err_len, "the store cannot start its writer: %s", sqlite3_errmsg(db));
    sq_rows_close(&w->rows);
    sqlite3_close(db);
    sq_queue_release(&w->queue);
    free(w->batch);
    return -1;
}

enum store_submit sq_writer_submit(struct sq_writer *w, struct store_op *op)
{
    if (atomic_load_explicit(&w->stopped, memory_order_relaxed)) {
        op->result = STORE_FAILED;
        return STORE_DONE;
    }
    if (!sq_queue_reserve(&w->queue)) {
        op->result = STORE_BUSY;
        return STORE_DONE;
    }
    w->host->pend(op);
    sq_queue_push(&w->queue, op);
    return STORE_PENDING;
}

const char *sq_writer_ready(struct sq_writer *w)
{
    if (atomic_load(&w->stopped))
        return w->why;
    if (hangs(w))
        return "the disk has not answered for more than 5 s";
    return atomic_load(&w->full) ? "disk full" : NULL;
}

void sq_writer_close(struct sq_writer *w)
{
    sqlite3 *db = w->rows.db;

    sq_queue_close(&w->queue);
    pthread_join(w->thread, NULL);
    /* Closing the last connection moves the WAL into the file; not after a failure: what is on the
     * disk then is for the next start to find out. */
    if (atomic_load(&w->stopped))
        sqlite3_db_config(db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
    sq_rows_close(&w->rows);
    sqlite3_close(db);
    sq_queue_release(&w->queue);
    free(w->batch);
}
