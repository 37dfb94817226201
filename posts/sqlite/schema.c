/* schema.c: opening a posts file, so that what follows can rely on it.
 *
 * Nothing is taken on trust: synchronous=FULL and WAL are set and read back, and a file that does
 * not give them is refused, because the service promises that a 201 is on stable storage. The
 * schema is brought up to date by steps counted in user_version, all in one transaction;
 * application_id marks a file as ours, so that another program's database is not written into by
 * accident. Damage is told with the mend; -wal and -shm files are never touched: they hold
 * acknowledged posts. */
#include "sqlite.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define APPLICATION_ID 0x706f7374 /* "post" */
#define WRITER_BUSY_MS 2000
#if POSTS_BREAK == BREAK_SYNC
#define SYNCHRONOUS "1"
#else
#define SYNCHRONOUS "2" /* FULL */
#endif
#define READER_BUSY_MS 200

/* Step i brings a file from user_version i to i + 1. Never change one that was released.
 *
 * posts: ids rise, so the table grows at its end. The author index carries the id by itself (it
 * ends in the rowid) and costs nothing for posts without an author. keys: rides on the post's id,
 * so it grows at its end too and its age is in its id; title to created_at stay NULL until the post
 * is changed or deleted, then they keep its first version, which a replay gives. */
static const char *const migrations[] = {
    "CREATE TABLE posts ("
    "  id INTEGER PRIMARY KEY,"
    "  version INTEGER NOT NULL,"
    "  created_at INTEGER NOT NULL," /* microseconds since the epoch */
    "  updated_at INTEGER NOT NULL,"
    "  title TEXT NOT NULL,"
    "  body TEXT NOT NULL,"
    "  author TEXT"
    ") STRICT;"
    "CREATE INDEX posts_by_author ON posts (author) WHERE author IS NOT NULL;"
    "CREATE TABLE keys ("
    "  post_id INTEGER PRIMARY KEY,"
    "  key BLOB NOT NULL UNIQUE,"
    "  fingerprint BLOB NOT NULL,"
    "  title TEXT,"
    "  body TEXT,"
    "  author TEXT,"
    "  created_at INTEGER"
    ") STRICT;",
};

#define VERSION ((int64_t)(sizeof migrations / sizeof migrations[0]))

/* ---- small calls ----------------------------------------------------------------------------- */

static int run(sqlite3 *db, const char *sql)
{
    return sqlite3_exec(db, sql, NULL, NULL, NULL);
}

/* The first column of the first row as a number; -1: there is none. */
static int64_t number(sqlite3 *db, const char *sql)
{
    sqlite3_stmt *statement = NULL;
    int64_t value = -1;

    if (sqlite3_prepare_v2(db, sql, -1, &statement, NULL) == SQLITE_OK &&
        sqlite3_step(statement) == SQLITE_ROW)
        value = sqlite3_column_int64(statement, 0);
    sqlite3_finalize(statement);
    return value;
}

/* Whether the first column of the first row is `text`. */
static bool says(sqlite3 *db, const char *sql, const char *text)
{
    sqlite3_stmt *statement = NULL;
    bool same = false;

    if (sqlite3_prepare_v2(db, sql, -1, &statement, NULL) == SQLITE_OK &&
        sqlite3_step(statement) == SQLITE_ROW) {
        const char *got = (const char *)sqlite3_column_text(statement, 0);

        same = got && strcmp(got, text) == 0;
    }
    sqlite3_finalize(statement);
    return same;
}

/* ---- what is wrong, for people ------------------------------------------------------------- */

static const struct {
    int code;
    const char *sentence; /* %s: the file */
} faults[] = {
    {SQLITE_NOTADB, "%s is not an SQLite database: give another file, or restore it from a backup"},
    {SQLITE_CORRUPT, "%s is damaged: restore it from a backup, or save what can be read with "
                     "`sqlite3 FILE .recover` (keep the -wal file beside it: it holds posts too)"},
    {SQLITE_READONLY, "%s cannot be written: check the permissions of the file and its directory"},
    {SQLITE_PERM, "%s cannot be written: check the permissions of the file and its directory"},
    {SQLITE_CANTOPEN, "%s cannot be opened: the directory must exist and be writable, and the file "
                      "readable and writable"},
    {SQLITE_FULL, "%s cannot be opened for writing: the disk is full"},
    {SQLITE_BUSY, "%s is locked by another program (an sqlite3 shell?): let it finish first"},
};

static void tell(sqlite3 *db, const char *path, char *err, size_t err_len)
{
    int code = sqlite3_errcode(db) & 0xff;

    for (size_t i = 0; i < sizeof faults / sizeof faults[0]; i++) {
        if (faults[i].code == code) {
            const char *mark = strstr(faults[i].sentence, "%s");

            snprintf(err, err_len, "%.*s%s%s", (int)(mark - faults[i].sentence), faults[i].sentence,
                     path, mark + 2);
            return;
        }
    }
    snprintf(err, err_len, "%s cannot be opened: %s", path, sqlite3_errmsg(db));
}

/* ---- steps of opening, each 0 or -1 with the sentence -------------------------------------- */

struct opening {
    sqlite3 *db;
    const char *path;
    const struct sq_options *options;
    char *err;
    size_t err_len;
    bool has_log; /* a process before us did not end in good order */
};

static int fail(struct opening *o, const char *sentence)
{
    snprintf(o->err, o->err_len, "%s %s", o->path, sentence);
    return -1;
}

static int run_or_tell(struct opening *o, const char *sql)
{
    if (run(o->db, sql) == SQLITE_OK)
        return 0;
    tell(o->db, o->path, o->err, o->err_len);
    return -1;
}

/* Before anything is written: is the file a database, ours, and not from the future? */
static int check_owner(struct opening *o)
{
    int64_t version = number(o->db, "PRAGMA user_version");
    int64_t tables = number(o->db, "SELECT count(*) FROM sqlite_schema");

    if (version < 0 || tables < 0) {
        tell(o->db, o->path, o->err, o->err_len);
        return -1;
    }
    if (tables > 0 && number(o->db, "PRAGMA application_id") != APPLICATION_ID)
        return fail(o, "is the database of another program: give posts a file of its own");
    if (version > VERSION) {
        snprintf(o->err, o->err_len,
                 "%s was written by a newer posts (schema %lld, this one knows %lld): "
                 "run that version, or give another file",
                 o->path, (long long)version, (long long)VERSION);
        return -1;
    }
    return 0;
}

/* wal_autocheckpoint is off because the writer's thread decides when to checkpoint; the page cache
 * is bounded, because memory is; mmap stays off, because a read error would be a signal. */
static int set_durable(struct opening *o)
{
    if (run_or_tell(o, "PRAGMA page_size=4096;"
                       "PRAGMA journal_mode=WAL;"
                       "PRAGMA synchronous=" SYNCHRONOUS ";"
                       "PRAGMA trusted_schema=OFF;"
                       "PRAGMA mmap_size=0;"
                       "PRAGMA temp_store=MEMORY;"
                       "PRAGMA cache_size=-2048;"
                       "PRAGMA journal_size_limit=16777216;") != 0)
        return -1;
    sqlite3_wal_autocheckpoint(o->db, 0);
    if (!says(o->db, "PRAGMA journal_mode", "wal"))
        return fail(o, "cannot be kept with a write-ahead log: its file system must support "
                       "shared memory files (not NFS); give a file on a local disk");
    if (!says(o->db, "PRAGMA synchronous", SYNCHRONOUS))
        return fail(o, "is not written durably: synchronous=FULL is not in force");
    return 0;
}

static int migrate(struct opening *o)
{
    char sql[96];

    if (run_or_tell(o, "BEGIN IMMEDIATE") != 0)
        return -1;
    int64_t version = number(o->db, "PRAGMA user_version");
    int failed = version < 0 || version > VERSION;

    for (int64_t at = version; !failed && at < VERSION; at++)
        failed = run(o->db, migrations[at]) != SQLITE_OK;
    snprintf(sql, sizeof sql, "PRAGMA application_id=%d; PRAGMA user_version=%d", APPLICATION_ID,
             (int)VERSION);
    if (!failed && version < VERSION)
        failed = run(o->db, sql) != SQLITE_OK;
    if (!failed && run(o->db, "COMMIT") == SQLITE_OK)
        return 0;
    tell(o->db, o->path, o->err, o->err_len);
    run(o->db, "ROLLBACK");
    return -1;
}

static int check_pages(struct opening *o)
{
    if (!o->options->check || says(o->db, "PRAGMA quick_check(1)", "ok"))
        return 0;
    return fail(o, "is damaged (quick_check): restore it from a backup, or save what can be read "
                   "with `sqlite3 FILE .recover`");
}

static int limit_pages(struct opening *o)
{
    char sql[64];

    if (!o->options->max_pages)
        return 0;
    snprintf(sql, sizeof sql, "PRAGMA max_page_count=%lld", (long long)o->options->max_pages);
    return run_or_tell(o, sql);
}

/* The file's name must be as durable as its content. */
static int sync_directory(struct opening *o)
{
    char name[4096];
    const char *slash = strrchr(o->path, '/');
    size_t len = slash ? (size_t)(slash - o->path) : 0;

    if (len >= sizeof name)
        return fail(o, "has too long a name");
    memcpy(name, o->path, len);
    name[len] = '\0';
    int fd = open(!slash ? "." : len ? name : "/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int failed = fd < 0 || (fsync(fd) != 0 && errno != EINVAL);

    if (fd >= 0)
        close(fd);
    return failed ? fail(o, "is in a directory that cannot be synced to disk") : 0;
}

/* A process that was killed may have left transactions in the log that it never synced. This one
 * reads them out of the page cache and would vouch for them (a replay of their Idempotency-Key writes
 * nothing, so it syncs nothing): they are synced before anything is answered. Then they are written
 * once more, into the file, because pages whose fsync failed may be marked clean; on a full disk
 * that waits. */
static int settle_log(struct opening *o)
{
    char name[4096];

    if (!o->has_log || POSTS_BREAK == BREAK_LOG)
        return 0;
    int len = snprintf(name, sizeof name, "%s-wal", o->path);
    int fd = len > 0 && (size_t)len < sizeof name ? open(name, O_RDWR | O_CLOEXEC) : -1;
    int failed = fd < 0 ? errno != ENOENT : fdatasync(fd) != 0;

    if (fd >= 0)
        close(fd);
    if (failed)
        return fail(o, "has a -wal file that cannot be synced to disk: check the disk");
    int code = run(o->db, "PRAGMA wal_checkpoint(TRUNCATE)") & 0xff;

    if (code == SQLITE_OK || code == SQLITE_FULL || code == SQLITE_BUSY || code == SQLITE_LOCKED)
        return 0;
    tell(o->db, o->path, o->err, o->err_len);
    return -1;
}

static off_t size_of(const char *path, const char *suffix)
{
    char name[4096];
    struct stat st;

    snprintf(name, sizeof name, "%s%s", path, suffix);
    return stat(name, &st) == 0 ? st.st_size : 0;
}

/* SQLite takes the log beside an empty or missing file for a left-over and deletes it. It may be
 * all that is left of acknowledged posts. */
static int check_log(struct opening *o)
{
    o->has_log = size_of(o->path, "-wal") > 0;
    if (size_of(o->path, "") > 0 || !o->has_log)
        return 0;
    return fail(o,
                "is missing or empty, but its -wal file is there and may hold posts: restore the "
                "file beside it, or move the -wal file away to start anew");
}

static int (*const steps[])(struct opening *o) = {
    check_owner, set_durable, migrate, check_pages, limit_pages, settle_log, sync_directory,
};

static void configure(void)
{
    /* Refused when SQLite is already at work in this process; it is then only less lean. */
    sqlite3_config(SQLITE_CONFIG_MULTITHREAD);
    sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
    sqlite3_config(SQLITE_CONFIG_LOOKASIDE, 512, 32);
    sqlite3_config(SQLITE_CONFIG_PAGECACHE, NULL, 0, 0); /* pages one by one, as they are needed */
}

static void defend(sqlite3 *db, int busy_ms)
{
    sqlite3_db_config(db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    sqlite3_extended_result_codes(db, 1);
    sqlite3_busy_timeout(db, busy_ms);
}

/* ---- public ---------------------------------------------------------------------------------- */

sqlite3 *sq_open_writer(const char *path, const struct sq_options *options, char *err,
                        size_t err_len)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    struct opening o = {NULL, path, options, err, err_len, false};
    int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX;

    pthread_once(&once, configure);
    if (check_log(&o) != 0)
        return NULL;
    if (sqlite3_open_v2(path, &o.db, flags, NULL) != SQLITE_OK) {
        tell(o.db, path, err, err_len);
        sqlite3_close(o.db);
        return NULL;
    }
    defend(o.db, WRITER_BUSY_MS);
    for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++) {
        if (steps[i](&o) != 0) {
            /* Not ours, or damaged: leave even the WAL as it was found. */
            sqlite3_db_config(o.db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
            sqlite3_close(o.db);
            return NULL;
        }
    }
    return o.db;
}

sqlite3 *sq_open_existing(const char *path, bool read_only, char *err, size_t err_len)
{
    static const struct sq_options none;
    struct opening o = {NULL, path, &none, err, err_len, false};
    int flags = (read_only ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE) | SQLITE_OPEN_NOMUTEX;

    if (sqlite3_open_v2(path, &o.db, flags, NULL) != SQLITE_OK) {
        tell(o.db, path, err, err_len);
    } else {
        defend(o.db, WRITER_BUSY_MS);
        sqlite3_wal_autocheckpoint(o.db, 0);
        sqlite3_db_config(o.db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
        if (check_owner(&o) == 0)
            return o.db;
    }
    sqlite3_close(o.db);
    return NULL;
}

int sq_make_plain(sqlite3 *db, const char *path, char *err, size_t err_len)
{
    if (says(db, "PRAGMA journal_mode=DELETE", "delete"))
        return 0;
    tell(db, path, err, err_len);
    return -1;
}

int sq_health_read(sqlite3 *db, const char *path, struct sq_health *h, char *err, size_t err_len)
{
    struct opening o = {db, path, NULL, err, err_len, false};

    h->version = number(db, "PRAGMA user_version");
    if (h->version == 0)
        return fail(&o, "has no posts in it: it is empty");
    if (!says(db, "PRAGMA integrity_check(1)", "ok"))
        return fail(&o, "is damaged (integrity_check): restore a backup, or save what can be read "
                        "with `sqlite3 FILE .recover`");
    h->posts = number(db, "SELECT count(*) FROM posts");
    h->keys = number(db, "SELECT count(*) FROM keys");
    if (h->posts >= 0 && h->keys >= 0)
        return 0;
    tell(db, path, err, err_len);
    return -1;
}

sqlite3 *sq_open_reader(const char *path)
{
    sqlite3 *db = NULL;

    if (sqlite3_open_v2(path, &db, SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX, NULL) == SQLITE_OK) {
        defend(db, READER_BUSY_MS);
        sqlite3_wal_autocheckpoint(db, 0);
        sqlite3_db_config(db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
        if (run(db, "PRAGMA query_only=ON; PRAGMA trusted_schema=OFF; PRAGMA mmap_size=0;"
                    "PRAGMA cache_size=-1024;") == SQLITE_OK)
            return db;
    }
    sqlite3_close(db);
    return NULL;
}

sqlite3_stmt *sq_prepare(sqlite3 *db, const char *sql)
{
    sqlite3_stmt *statement = NULL;

    if (sqlite3_prepare_v3(db, sql, -1, SQLITE_PREPARE_PERSISTENT, &statement, NULL) != SQLITE_OK)
        return NULL;
    return statement;
}
