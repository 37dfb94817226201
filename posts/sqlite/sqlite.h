/* sqlite.h: the parts of the SQLite store, and the one door to <sqlite3.h>.
 *
 *   lock.c          one process a file
 *   schema.c        opening: pragmas set and read back, migrations, sentences for what is wrong
 *   queue.c         operations on their way to the writer
 *   rows.c          one write inside the writer's transaction
 *   writer.c        the thread that owns the writing connection: group commit, failure
 *   thread.c        how the two threads of the store begin
 *   checkpoint.c    moving the WAL into the file, by that same thread
 *   reader.c        a read connection per worker, used inline
 *   copy.c          a copy of the file, by that same thread
 *   control.c       the socket at which another process asks for one
 *   command.c       posts backup, posts check
 *   store_sqlite.c  the store_ops
 */
#ifndef POSTS_SQLITE_H
#define POSTS_SQLITE_H

#include "../ids.h"
#include "../store.h"

#include <pthread.h>
#include <semaphore.h>
#include <sqlite3.h>
#include <stdatomic.h>

/* BROKEN ON PURPOSE: script/soak builds posts with -DPOSTS_BREAK=1 to 4 to see tests/acked fail.
 * Nothing else sets it, and such a posts is for nothing else. */
#ifndef POSTS_BREAK
#define POSTS_BREAK 0
#endif
#define BREAK_SYNC 1  /* synchronous=NORMAL */
#define BREAK_ORDER 2 /* the answer leaves before COMMIT */
#define BREAK_KEYS 3  /* Idempotency-Keys are not unique */
#define BREAK_LOG 4   /* what a killed process left in the log is not synced at the start */

/* ---- lock ------------------------------------------------------------------------------------ */

/** `path`, a link, becomes what it leads to, there or not: where lock, log and socket stand. */
void sq_lock_follow(char *path, size_t size);
/** Takes PATH.lock for this process: a descriptor to keep, or -1 with a sentence in `err`. */
int sq_lock_take(const char *path, char *err, size_t err_len);
void sq_lock_drop(int fd);

/* ---- opening --------------------------------------------------------------------------------- */

struct sq_options {
    int64_t check;       /* PRAGMA quick_check at the start */
    int64_t max_pages;   /* PRAGMA max_page_count; 0: SQLite's own limit */
    int64_t key_seconds; /* how long an Idempotency-Key is remembered */
    int64_t batch;       /* most writes in one transaction */
};

/** Opens the writing connection, brings the schema up to date, and proves that commits are durable.
 *  NULL with a sentence in `err`. */
sqlite3 *sq_open_writer(const char *path, const struct sq_options *o, char *err, size_t err_len);
/** Opens a reading connection. NULL when it cannot be. */
sqlite3 *sq_open_reader(const char *path);
/** Opens a file that is there, as it is: no migration, no checkpoint. NULL with a sentence. */
sqlite3 *sq_open_existing(const char *path, bool read_only, char *err, size_t err_len);
/** No write-ahead log any more: the file is all there is. 0; -1 with a sentence. */
int sq_make_plain(sqlite3 *db, const char *path, char *err, size_t err_len);

struct sq_health {
    int64_t version, posts, keys;
};

/** Reads the whole file. 0; -1 with a sentence: damaged, or not a file of posts. */
int sq_health_read(sqlite3 *db, const char *path, struct sq_health *h, char *err, size_t err_len);
/** The SQL text prepared for many runs; NULL: failed. */
sqlite3_stmt *sq_prepare(sqlite3 *db, const char *sql);

/* ---- threads --------------------------------------------------------------------------------- */

/** Starts a thread that takes no signals. 0, or -1 with errno. */
int sq_thread_start(pthread_t *thread, size_t stack, void *(*run)(void *arg), void *arg);

/* ---- queue ----------------------------------------------------------------------------------- */

/** Many push, one takes all. Bounded by STORE_QUEUE_MAX. */
struct sq_queue {
    _Alignas(64) _Atomic(struct store_op *) head; /* newest first */
    _Atomic unsigned waiting;                     /* reserved places */
    _Atomic bool asleep;                          /* the taker waits on `wake` */
    _Atomic bool closed;
    _Atomic bool poked; /* there is something else to look at than the queue */
    pthread_mutex_t lock;
    pthread_cond_t wake;
};

void sq_queue_init(struct sq_queue *q);
void sq_queue_release(struct sq_queue *q);
/** A place for one operation: false when there is none. Then push it. */
bool sq_queue_reserve(struct sq_queue *q);
void sq_queue_push(struct sq_queue *q, struct store_op *op);
/** Everything pushed so far, oldest first; NULL: nothing. Each stays in `waiting` until done. */
struct store_op *sq_queue_take(struct sq_queue *q);
void sq_queue_done(struct sq_queue *q, unsigned n);
/** Sleeps until there is something to take, the queue is closed, or `ms` have passed (-1: for as
 *  long as it takes). */
void sq_queue_wait(struct sq_queue *q, int ms);
/** The next sq_queue_wait, or the one under way, returns. */
void sq_queue_poke(struct sq_queue *q);
/** No more will be pushed. */
void sq_queue_close(struct sq_queue *q);

/* ---- writing --------------------------------------------------------------------------------- */

enum sq_statement {
    SQ_BEGIN,
    SQ_COMMIT,
    SQ_ROLLBACK,
    SQ_INSERT,
    SQ_VERSION,
    SQ_UPDATE,
    SQ_DELETE,
    SQ_KEY_FIND,
    SQ_KEY_ADD,
    SQ_KEY_DROP,
    SQ_KEY_KEEP,
    SQ_KEYS_EXPIRE,
    SQ_STATEMENTS
};

/** The writer's statements and what all rows of a transaction share. */
struct sq_rows {
    sqlite3 *db;
    sqlite3_stmt *statements[SQ_STATEMENTS];
    struct post_ids ids;
    gim_time now;      /* of the batch */
    int64_t key_floor; /* keys of posts below this id are forgotten */
    int64_t key_seconds;
    bool touched_keys;
};

/** Prepares all; -1: sqlite3_errmsg says why. */
int sq_rows_open(struct sq_rows *r, sqlite3 *db, int64_t key_seconds);
void sq_rows_close(struct sq_rows *r);
void sq_rows_time(struct sq_rows *r, gim_time now);
/** Applies one write inside the open transaction and sets op->result. Returns SQLite's code:
 *  SQLITE_OK also when the result is no STORE_OK; else what went wrong with this row. */
int sq_rows_apply(struct sq_rows *r, struct store_op *op);
/** Runs a statement that has no parameters and gives no rows. */
int sq_rows_run(struct sq_rows *r, enum sq_statement which);
/** Forgets the oldest expired keys, at most so many. */
int sq_rows_expire(struct sq_rows *r, int most);
/** Writes a post of some pages and takes it away again: is there room? In a transaction. */
int sq_rows_probe(struct sq_rows *r);

/** What the writer has in the WAL, and when to move it. */
struct sq_checkpoint {
    sqlite3 *db;
    int wal_pages; /* in the WAL after the last commit */
    int page_size;
    int done_pages; /* of them seen by the last checkpoint */
    bool warned;
    int64_t retry_us; /* not again before, after a failure */
};

void sq_checkpoint_init(struct sq_checkpoint *c, sqlite3 *db);
/** Between two batches: moves the WAL when it has grown enough. SQLite's code. */
int sq_checkpoint_step(struct sq_checkpoint *c, int64_t now_us);
/** In a quiet moment: moves what there is and empties a long WAL. */
int sq_checkpoint_idle(struct sq_checkpoint *c);
bool sq_checkpoint_pending(const struct sq_checkpoint *c);
/** What is in the WAL. */
int64_t sq_checkpoint_bytes(const struct sq_checkpoint *c);

/** A copy under way; zeroed but for `path` when it is asked for. */
struct sq_copy {
    char path[4096];
    char err[4608];           /* empty: it succeeded */
    const _Atomic bool *stop; /* ends it early; NULL: nothing does */
    sqlite3 *to;
    sqlite3_backup *run;
    sem_t done;
};

struct sq_writer {
    const struct store_host *host;
    _Atomic(struct sq_copy *) copy; /* asked for; NULL: none */
    struct sq_queue queue;
    struct sq_rows rows;
    struct sq_checkpoint checkpoint;
    size_t batch_max;
    _Atomic bool full;    /* the last write found no space */
    _Atomic bool stopped; /* for good; `why` holds */
    char why[192];
    _Atomic int64_t busy; /* since when the disk is waited for, gim_metrics_clock; 0: it is not */
    int64_t expired_us;   /* when keys were last looked after */
    pthread_t thread;
    struct store_op **batch;
};

/** Takes over the connection and starts the thread. -1 with a sentence in `err`: the connection is
 *  then closed. */
int sq_writer_open(struct sq_writer *w, sqlite3 *db, const struct sq_options *o,
                   const struct store_host *host, char *err, size_t err_len);
enum store_submit sq_writer_submit(struct sq_writer *w, struct store_op *op);
const char *sq_writer_ready(struct sq_writer *w);
/** Finishes the queue, moves the WAL into the file, closes the connection. */
void sq_writer_close(struct sq_writer *w);

/** Copies some pages more. False: there is no copy to make (any more). */
bool sq_copy_step(_Atomic(struct sq_copy *) *place, sqlite3 *db);
/** The writer ends: so does the copy. */
void sq_copy_abandon(_Atomic(struct sq_copy *) *place);
/** Has the writer make the copy and waits for it. 0; -1: c->err. Any thread but the writer's. */
int sq_copy_ask(struct sq_writer *w, struct sq_copy *c);
/** Makes the whole copy here and now; c->err says how it went. */
void sq_copy_all(sqlite3 *db, struct sq_copy *c);

/* ---- another process asks -------------------------------------------------------------------- */

struct sq_control {
    struct sq_writer *writer;
    const char *path; /* of the file; the store's */
    int fd;           /* -1: it could not be opened, which was logged */
    int wake;         /* an eventfd: ends the thread's sleep */
    _Atomic bool closed;
    pthread_t thread;
};

/** Listens at PATH.control; `path` must outlive it. */
void sq_control_open(struct sq_control *c, const char *path, struct sq_writer *w);
/** Before the writer is closed: a copy under way ends without result. */
void sq_control_close(struct sq_control *c, const char *path);
/** Asks the process that has the file open for a copy: a descriptor to read it from, to be closed; or
 *  -1: c->err. */
int sq_control_ask(const char *path, struct sq_copy *c);

/* ---- reading --------------------------------------------------------------------------------- */

/** One worker's. The lock is for the worker's blocking routes, which run on other threads; nobody
 *  else waits at it. */
struct sq_reader {
    _Alignas(64) pthread_mutex_t lock;
    sqlite3 *db; /* NULL: not open yet */
    sqlite3_stmt *read, *list, *list_author;
};

void sq_reader_init(struct sq_reader *r);

/** READ or LIST: sets op->result. Opens the connection at its first call. */
void sq_reader_run(struct sq_reader *r, const char *path, struct store_op *op);
void sq_reader_close(struct sq_reader *r);

/** Columns 0.. of a row, in the order id, version, created_at, updated_at, title, body, author:
 *  copied into the arena. -1: no memory. */
int sq_post_read(sqlite3_stmt *row, struct gim_arena *a, struct store_post *p);

#endif
