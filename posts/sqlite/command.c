/* command.c: `posts backup FILE` and `posts check [FILE]`.
 *
 * A backup is made under another name (FILE.part): from the copy that the process which runs the
 * service hands over (control.c) or, when none does, from the file. It is then read through, synced and renamed: a file under its final name is
 * whole, and an older backup of that name stays until then. It is one plain file: no log beside it.
 *
 * A check only reads; it may run beside the service. integrity_check finds damage, not loss: posts
 * missing from a well-formed file are none of its business. */
#include "../command.h"
#include "../location.h"
#include "sqlite.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

#define COPY_BYTES (64 << 20) /* a step */

struct command {
    const char *name, *use;
    const char *file;
    char store[2048];             /* the database's path */
    char part[PATH_MAX + 8];      /* of a backup under way; absolute */
    char err[2 * PATH_MAX + 512]; /* what went wrong; or, at the end, what there is */
};

/* What the command says; its exit code. */
static int finish(const struct command *c, int code, char *said, size_t size)
{
    if (code)
        snprintf(said, size, "posts %s: %s", c->name, c->err);
    else
        snprintf(said, size, "%s", c->err);
    return code;
}

/* ---- arguments ----------------------------------------------------------------------------- */

static int set_store(struct command *c, const char *url)
{
    int64_t n; /* what the service's numbers are does not matter here */
    const struct store_param params[] = {{"check", &n, 0, INT64_MAX},
                                         {"max_pages", &n, 0, INT64_MAX},
                                         {"key_seconds", &n, 0, INT64_MAX},
                                         {"batch", &n, 0, INT64_MAX}};

    if (strncmp(url, "sqlite:", 7) == 0) {
        int failed = store_location_read(url + 7, c->store, sizeof c->store, params, 4, c->err,
                                         sizeof c->err);

        if (!failed)
            sq_lock_follow(c->store, sizeof c->store);
        return failed;
    }
    snprintf(c->err, sizeof c->err, "%s is no file: only sqlite:FILE can be backed up or checked",
             url);
    return -1;
}

static int misused(struct command *c)
{
    snprintf(c->err, sizeof c->err, "use: posts %s", c->use);
    return 2;
}

/* [--store URL] [FILE]. 0 or the exit code. */
static int read_arguments(struct command *c, int argc, char **argv)
{
    const char *url = getenv("POSTS_STORE");

    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--store") == 0 && i + 1 < argc)
            url = argv[++i];
        else if (strncmp(argv[i], "--store=", 8) == 0)
            url = argv[i] + 8;
        else if (argv[i][0] != '-' && argv[i][0] && !c->file)
            c->file = argv[i];
        else
            return misused(c);
    }
    return set_store(c, url ? url : "sqlite:posts.db") == 0 ? 0 : 2;
}

/* ---- looking through ----------------------------------------------------------------------- */

/* 0 with what there is, -1 with what is wrong, as the sentence. */
static int look_through(struct command *c, sqlite3 *db, const char *name)
{
    struct sq_health h;

    if (sq_health_read(db, name, &h, c->err, sizeof c->err) != 0)
        return -1;
    snprintf(c->err, sizeof c->err, "%s: ok, schema %lld, %lld posts, %lld keys",
             c->file ? c->file : c->store, (long long)h.version, (long long)h.posts,
             (long long)h.keys);
    return 0;
}

int posts_check(int argc, char **argv, char *said, size_t size)
{
    struct command c = {.name = "check", .use = "check [FILE] [--store sqlite:FILE]"};
    int code = read_arguments(&c, argc, argv);

    if (code == 0) {
        const char *name = c.file ? c.file : c.store;
        sqlite3 *db = sq_open_existing(name, true, c.err, sizeof c.err);

        code = !db || look_through(&c, db, name) != 0;
        sqlite3_close(db);
    }
    return finish(&c, code, said, size);
}

/* ---- backup -------------------------------------------------------------------------------- */

static int fail(struct command *c, const char *what, const char *name)
{
    snprintf(c->err, sizeof c->err, "%s %s: %s", what, name, strerror(errno));
    return -1;
}

static void split(const char *path, char *dir, size_t size)
{
    const char *slash = strrchr(path, '/');

    snprintf(dir, size, "%.*s", slash ? (int)(slash - path) + 1 : 2, slash ? path : "./");
}

/* Where the copy grows. */
static int name_part(struct command *c)
{
    const char *slash = strrchr(c->file, '/'), *last = slash ? slash + 1 : c->file;
    char dir[PATH_MAX], real[PATH_MAX];

    split(c->file, dir, sizeof dir);
    if (!*last || strchr(c->file, '\n')) {
        snprintf(c->err, sizeof c->err, "%s is no name for a file", c->file);
        return -1;
    }
    if (!realpath(dir, real))
        return fail(c, "the backup's directory must exist:", dir);
    int n = snprintf(c->part, sizeof c->part, "%s/%s.part", real, last);

    if (n < 0 || (size_t)n >= sizeof(((struct sq_copy *)0)->path)) {
        snprintf(c->err, sizeof c->err, "%s is too long a name", c->file);
        return -1;
    }
    if (unlink(c->part) != 0 && errno != ENOENT)
        return fail(c, "cannot remove", c->part);
    return 0;
}

/* All bytes of the copy that was handed over. */
static int fill_part(struct command *c, int from)
{
    struct stat st;
    int to = fstat(from, &st) == 0 && S_ISREG(st.st_mode)
                 ? open(c->part, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644)
                 : -1;
    int64_t left = to < 0 ? -1 : st.st_size;

    while (left > 0) {
        ssize_t n = sendfile(to, from, NULL, left < COPY_BYTES ? (size_t)left : COPY_BYTES);

        if (n <= 0)
            break;
        left -= n;
    }
    if (left)
        fail(c, "cannot write", c->part);
    if (to >= 0 && close(to) != 0 && !left)
        left = fail(c, "cannot write", c->part);
    return left ? -1 : 0;
}

static int take_copy(struct command *c, struct sq_copy *copy)
{
    int file = sq_control_ask(c->store, copy);
    int failed = file < 0 ? -1 : fill_part(c, file);

    if (file >= 0)
        close(file);
    return failed;
}

/* By the running process; or by this one, which keeps the lock meanwhile. */
static int copy(struct command *c)
{
    struct sq_copy *copy = calloc(1, sizeof *copy);
    char held[512];

    if (!copy)
        return fail(c, "no memory for", "a copy");
    memcpy(copy->path, c->part, strlen(c->part) + 1);
    sqlite3 *db = sq_open_existing(c->store, true, c->err, sizeof c->err);
    int failed = db ? 0 : -1; /* a sentence for a file that is not there, before a lock is made */

    sqlite3_close(db);
    int lock = failed ? -1 : sq_lock_take(c->store, held, sizeof held);

    if (!failed && lock < 0) {
        failed = take_copy(c, copy);
    } else if (!failed) {
        db = sq_open_existing(c->store, false, c->err, sizeof c->err);
        failed = db ? 0 : -1;
        if (db)
            sq_copy_all(db, copy);
        sqlite3_close(db);
        sq_lock_drop(lock);
    }
    if (copy->err[0])
        memcpy(c->err, copy->err,
               sizeof c->err < sizeof copy->err ? sizeof c->err : sizeof copy->err);
    failed = failed || copy->err[0] ? -1 : 0;
    free(copy);
    return failed;
}

static int sync_path(struct command *c, const char *path, int flags)
{
    int fd = open(path, flags | O_CLOEXEC);
    int failed = fd < 0 || (fsync(fd) != 0 && !(flags & O_DIRECTORY && errno == EINVAL));

    if (failed)
        fail(c, "cannot sync", path);
    if (fd >= 0)
        close(fd);
    return failed ? -1 : 0;
}

/* Reads the copy through, makes it durable, gives it its name. */
static int publish(struct command *c)
{
    char dir[PATH_MAX];
    sqlite3 *db = sq_open_existing(c->part, false, c->err, sizeof c->err);
    int failed = !db || sq_make_plain(db, c->part, c->err, sizeof c->err) != 0 ||
                 look_through(c, db, c->part) != 0;

    sqlite3_close(db);
    split(c->file, dir, sizeof dir);
    if (failed || sync_path(c, c->part, O_RDONLY) != 0)
        return -1;
    if (rename(c->part, c->file) != 0)
        return fail(c, "cannot name the backup", c->file);
    return sync_path(c, dir, O_RDONLY | O_DIRECTORY);
}

static bool same_file(const char *a, const char *b)
{
    char real_a[PATH_MAX], real_b[PATH_MAX];

    return realpath(a, real_a) && realpath(b, real_b) && strcmp(real_a, real_b) == 0;
}

static int back_up(struct command *c)
{
    if (same_file(c->file, c->store)) {
        snprintf(c->err, sizeof c->err, "%s is the database itself: give the backup another name",
                 c->file);
        return 1;
    }
    if (name_part(c) != 0)
        return 1;
    int failed = copy(c) != 0 || publish(c) != 0;

    if (failed)
        unlink(c->part);
    return failed ? 1 : 0;
}

int posts_backup(int argc, char **argv, char *said, size_t size)
{
    struct command c = {.name = "backup", .use = "backup FILE [--store sqlite:FILE]"};
    int code = read_arguments(&c, argc, argv);

    if (code == 0)
        code = c.file ? back_up(&c) : misused(&c);
    return finish(&c, code, said, size);
}
