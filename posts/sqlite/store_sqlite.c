/* store_sqlite.c: posts in an SQLite file, durable.
 *
 * Writes go to the writer's thread and complete later (writer.c); reads are answered at once by the
 * calling worker's own connection (reader.c). The file is this process's alone (lock.c).
 *
 * `sqlite:FILE?check=1` looks for damage at the start (reads the whole file); `max_pages=N` bounds
 * the file (beyond it: STORE_FULL); `key_seconds=N` and `batch=N` set what their rows say. */
#include "sqlite.h"
#include "../location.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>

struct sqlite_store {
    struct store base;
    int lock_fd;
    unsigned workers;
    struct sq_reader *readers;
    char path[2048];
    char about[2048 + 128];
    struct sq_writer writer;
    struct sq_control control;
};

static struct sqlite_store *of(struct store *s)
{
    return (struct sqlite_store *)s;
}

static enum store_submit sqlite_submit(struct store *base, struct store_op *op)
{
    struct sqlite_store *s = of(base);

    if (op->action != STORE_READ && op->action != STORE_LIST)
        return sq_writer_submit(&s->writer, op);
    sq_reader_run(&s->readers[op->worker % s->workers], s->path, op);
    return STORE_DONE;
}

static const char *sqlite_ready(struct store *base)
{
    return sq_writer_ready(&of(base)->writer);
}

static const char *sqlite_describe(struct store *base)
{
    return of(base)->about;
}

static void sqlite_close_store(struct store *base)
{
    struct sqlite_store *s = of(base);

    for (unsigned i = 0; i < s->workers; i++)
        sq_reader_close(&s->readers[i]);
    sq_control_close(&s->control, s->path);
    sq_writer_close(&s->writer);
    sq_lock_drop(s->lock_fd);
    free(s->readers);
    free(s);
}

static int read_location(const char *location, struct sqlite_store *s, struct sq_options *o,
                         char *err, size_t err_len)
{
    const struct store_param params[] = {
        {"check", &o->check, 0, 1},
        {"max_pages", &o->max_pages, 1, UINT32_MAX - 1},
        {"key_seconds", &o->key_seconds, 1, STORE_KEY_SECONDS},
        {"batch", &o->batch, 1, STORE_QUEUE_MAX},
    };

    if (store_location_read(location, s->path, sizeof s->path, params, 4, err, err_len) != 0)
        return -1;
    /* What SQLite would not take for a file's name. */
    if (s->path[0] == '\0' || s->path[0] == ':' || strncmp(s->path, "file:", 5) == 0) {
        snprintf(err, err_len, "sqlite: needs a file's name, as in sqlite:posts.db");
        return -1;
    }
    sq_lock_follow(s->path, sizeof s->path);
    return 0;
}

static int open_all(struct sqlite_store *s, const char *location, const struct store_host *host,
                    char *err, size_t err_len)
{
    struct sq_options o = {.key_seconds = STORE_KEY_SECONDS, .batch = 512};

    if (read_location(location, s, &o, err, err_len) != 0)
        return EINVAL;
    s->lock_fd = sq_lock_take(s->path, err, err_len);
    if (s->lock_fd < 0)
        return EIO;
    sqlite3 *db = sq_open_writer(s->path, &o, err, err_len);

    if (db && sq_writer_open(&s->writer, db, &o, host, err, err_len) == 0)
        return 0;
    sq_lock_drop(s->lock_fd);
    return EIO;
}

static struct store *sqlite_open(const char *location, unsigned workers,
                                 const struct store_host *host, char *err, size_t err_len)
{
    size_t size = sizeof(struct sqlite_store);
    struct sqlite_store *s = aligned_alloc(64, size);
    unsigned n = workers ? workers : 1;
    int failed = ENOMEM;
    struct sq_reader *readers = aligned_alloc(64, n * sizeof *readers);

    if (s && readers) {
        memset(s, 0, size);
        for (unsigned i = 0; i < n; i++)
            sq_reader_init(&readers[i]);
        s->base.ops = &store_sqlite;
        s->workers = n;
        s->readers = readers;
        failed = open_all(s, location, host, err, err_len);
        if (!failed) {
            sq_control_open(&s->control, s->path, &s->writer);
            snprintf(s->about, sizeof s->about,
                     "sqlite:%s, durable (WAL, synchronous=FULL, group commit), SQLite %s", s->path,
                     sqlite3_libversion());
            return &s->base;
        }
    } else {
        snprintf(err, err_len, "no memory for the store");
    }
    free(readers);
    free(s);
    errno = failed;
    return NULL;
}

static void allow_directory_of(const char *path, struct gim_sandbox_paths *p)
{
    const char *slash = strrchr(path, '/');
    char directory[PATH_MAX];

    snprintf(directory, sizeof directory, "%.*s", slash ? (int)(slash - path) + 1 : 1,
             slash ? path : ".");
    gim_sandbox_write(p, directory);
}

/* Lock, log and socket stand beside the file. */
static void sqlite_paths(const char *location, struct gim_sandbox_paths *p)
{
    struct sqlite_store s;
    struct sq_options o;
    char err[256];

    if (read_location(location, &s, &o, err, sizeof err) == 0) /* else open will say it */
        allow_directory_of(s.path, p);
}

const struct store_ops store_sqlite = {
    .scheme = "sqlite:",
    .open = sqlite_open,
    .submit = sqlite_submit,
    .ready = sqlite_ready,
    .describe = sqlite_describe,
    .close = sqlite_close_store,
    .paths = sqlite_paths,
};
