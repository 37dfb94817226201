/* test_sqlite.c: what only the SQLite store promises: durability, and what it says and does when
 * the disk, the file or another process is in the way. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "store_client.h"
#include "sync_shim.h"

#include <fcntl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>

static char dir[64];
static char file[96]; /* dir/posts.db */

static int set_up(void **state)
{
    (void)state;
    scratch_make(dir);
    snprintf(file, sizeof file, "%s/posts.db", dir);
    atomic_store(&shim.fail_wal, 0);
    atomic_store(&shim.fail_db, 0);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    scratch_remove(dir);
    return 0;
}

static struct store *open_file(const char *path, const char *params, char err[512])
{
    char url[256];

    err[0] = '\0';
    snprintf(url, sizeof url, "sqlite:%s%s", path, params);
    return store_open(url, 2, &client_host, err, 512);
}

static struct store *open_store(const char *params)
{
    char err[512];
    struct store *s = open_file(file, params, err);

    if (!s)
        fail_msg("%s", err);
    return s;
}

/* Opening must fail with a sentence that holds `part`. */
static void assert_refused(const char *params, const char *part)
{
    char err[512];
    struct store *s = open_file(file, params, err);

    if (s)
        fail_msg("the file was opened; expected: %s", part);
    if (!strstr(err, part))
        fail_msg("the sentence is \"%s\"; expected in it: %s", err, part);
    assert_non_null(strstr(err, "posts.db")); /* it names the place */
}

static void close_store(struct store *s)
{
    s->ops->close(s);
}

static void assert_readable(struct store *s, int64_t id, enum store_result expected)
{
    struct call *got = read_post(s, id);

    assert_int_equal(got->op.result, expected);
    call_free(got);
}

static void run_sql(const char *sql)
{
    sqlite3 *db;

    assert_int_equal(sqlite3_open(file, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(db);
}

static void write_bytes(const char *path, off_t at, const char *bytes, size_t n)
{
    int fd = open(path, O_WRONLY | O_CREAT, 0644);

    assert_true(fd >= 0);
    assert_int_equal(pwrite(fd, bytes, n, at), n);
    close(fd);
}

static off_t size_of(const char *path)
{
    struct stat st;

    return stat(path, &st) == 0 ? st.st_size : -1;
}

static off_t wal_size(void)
{
    char wal[128];

    snprintf(wal, sizeof wal, "%s-wal", file);
    return size_of(wal);
}

/* ---- the promise --------------------------------------------------------------------------- */

/* A process of its own creates, tells each acknowledged id, and dies without closing anything. */
static void create_and_die(int out)
{
    char err[512];
    struct store *s = open_file(file, "", err);

    for (int i = 0; s && i < 300; i++) {
        int64_t id = create_post(s, "kept", "author");

        if (!id || write(out, &id, sizeof id) != sizeof id)
            break;
        if (i % 50 == 0)
            update_post(s, id, 1, "changed");
    }
    _exit(7);
}

static void what_was_acknowledged_survives_a_crash(void **state)
{
    int pipes[2], status;
    int64_t ids[300], last = 0;
    (void)state;

    assert_int_equal(pipe(pipes), 0);
    pid_t child = fork();

    if (child == 0)
        create_and_die(pipes[1]);
    close(pipes[1]);
    int n = 0;

    while (n < 300 && read(pipes[0], &ids[n], sizeof ids[n]) == sizeof ids[n])
        n++;
    close(pipes[0]);
    waitpid(child, &status, 0);
    assert_int_equal(WEXITSTATUS(status), 7);
    assert_int_equal(n, 300);
    assert_true(wal_size() > 0); /* it did crash: nobody moved the log */
    struct store *s = open_store("");

    for (int i = 0; i < n; i++) {
        struct call *got = read_post(s, ids[i]);

        assert_int_equal(got->op.result, STORE_OK);
        assert_int_equal(got->op.post.version, i % 50 == 0 ? 2 : 1);
        assert_memory_equal(got->op.post.title.ptr, i % 50 == 0 ? "changed" : "kept", 4);
        assert_true(ids[i] > last);
        last = ids[i];
        call_free(got);
    }
    assert_true(create_post(s, "next", NULL) > last);
    close_store(s);
}

/* The acknowledgement, on the store's own thread: another connection must see the row by then. */
static struct {
    sqlite3 *db;
    sqlite3_stmt *find;
    int seen, missing;
} witness;

static void witness_complete(struct store_op *const *ops, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        sqlite3_bind_int64(witness.find, 1, ops[i]->post.id);
        if (sqlite3_step(witness.find) == SQLITE_ROW)
            witness.seen++;
        else
            witness.missing++;
        sqlite3_reset(witness.find);
    }
    client_complete(ops, n);
}

static void an_acknowledgement_comes_after_the_commit_and_its_fsync(void **state)
{
    static const struct store_host host = {.pend = client_pend, .complete = witness_complete};
    char url[128], err[512];
    (void)state;

    snprintf(url, sizeof url, "sqlite:%s", file);
    struct store *s = store_open(url, 1, &host, err, sizeof err);

    assert_non_null(s);
    witness.seen = witness.missing = 0;
    assert_int_equal(sqlite3_open(file, &witness.db), SQLITE_OK);
    assert_int_equal(
        sqlite3_prepare_v2(witness.db, "SELECT 1 FROM posts WHERE id = ?", -1, &witness.find, NULL),
        SQLITE_OK);
    for (int i = 0; i < 100; i++) {
        int syncs = atomic_load(&shim.wal_syncs);

        assert_true(create_post(s, "seen", NULL) != 0);
        assert_true(atomic_load(&shim.wal_syncs) > syncs);
    }
    assert_int_equal(witness.missing, 0);
    assert_int_equal(witness.seen, 100);
    sqlite3_finalize(witness.find);
    sqlite3_close(witness.db);
    close_store(s);
}

/* ---- group commit ---------------------------------------------------------------------------- */

/* Starts `calls` while the writer waits for an fsync, so that they make one batch. */
static void run_together(struct store *s, struct call **calls, int n)
{
    struct call *first = create_call("first", "holds the writer", NULL);

    shim_gate(true);
    call_start(s, first);
    shim_await();
    for (int i = 0; i < n; i++)
        call_start(s, calls[i]);
    shim_gate(false);
    for (int i = 0; i < n; i++)
        call_wait(calls[i]);
    assert_int_equal(call_wait(first), STORE_OK);
    call_free(first);
}

static void what_arrives_during_an_fsync_shares_the_next(void **state)
{
    struct store *s = open_store("");
    struct call *calls[100];
    int64_t last = 0;
    (void)state;

    for (int i = 0; i < 100; i++)
        calls[i] = create_call("together", "body", NULL);
    int syncs = atomic_load(&shim.wal_syncs);

    run_together(s, calls, 100);
    assert_int_equal(atomic_load(&shim.wal_syncs) - syncs, 2); /* the first's, and theirs */
    for (int i = 0; i < 100; i++) {
        assert_int_equal(calls[i]->op.result, STORE_OK);
        assert_true(calls[i]->op.post.id > last); /* in order */
        last = calls[i]->op.post.id;
        assert_readable(s, calls[i]->op.post.id, STORE_OK);
        call_free(calls[i]);
    }
    close_store(s);
}

static void one_batch_keeps_each_operation_apart(void **state)
{
    struct store *s = open_store("");
    int64_t id = create_post(s, "old", NULL), gone = create_post(s, "gone", NULL);
    (void)state;
    struct call *calls[] = {
        keyed_call("keyed", "key", 1),   keyed_call("keyed", "key", 1),
        keyed_call("other", "key", 2),   update_call(id, 1, "new"),
        update_call(id, 1, "too late"),  update_call(id, 2, "newer"),
        update_call(gone, 1, "changed"), update_call(12345, 0, "nowhere"),
        keyed_call("keyed", "key", 1),   create_call("plain", "body", NULL),
    };
    const enum store_result expected[] = {
        STORE_OK, STORE_REPLAY, STORE_KEY_MISUSED, STORE_OK,     STORE_STALE,
        STORE_OK, STORE_OK,     STORE_NOT_FOUND,   STORE_REPLAY, STORE_OK,
    };
    enum {
        N = sizeof calls / sizeof calls[0]
    };

    run_together(s, calls, N);
    for (int i = 0; i < N; i++)
        assert_int_equal(calls[i]->op.result, expected[i]);
    assert_int_equal(calls[1]->op.post.id, calls[0]->op.post.id);
    assert_int_equal(calls[8]->op.post.id, calls[0]->op.post.id);
    for (int i = 0; i < N; i++)
        call_free(calls[i]);
    close_store(s);
}

static void a_full_queue_is_busy_and_a_closing_store_finishes_it(void **state)
{
    enum {
        MORE = 5
    };
    static struct call *calls[STORE_QUEUE_MAX + MORE];
    struct store *s = open_store("");
    struct call *first = create_call("first", "holds the writer", NULL);
    int done = 0, busy = 0;
    (void)state;

    shim_gate(true);
    call_start(s, first);
    shim_await();
    for (int i = 0; i < STORE_QUEUE_MAX + MORE; i++) {
        calls[i] = create_call("queued", "body", NULL);
        call_start(s, calls[i]);
    }
    shim_gate(false);
    close_store(s);
    for (int i = 0; i < STORE_QUEUE_MAX + MORE; i++) {
        assert_false(calls[i]->pending);
        done += calls[i]->op.result == STORE_OK;
        busy += calls[i]->op.result == STORE_BUSY;
        call_free(calls[i]);
    }
    assert_int_equal(first->op.result, STORE_OK);
    assert_int_equal(done, STORE_QUEUE_MAX - 1); /* the first still has its place */
    assert_int_equal(busy, MORE + 1);
    call_free(first);
    s = open_store("");
    struct call *all = list_posts(s, 0, NULL, STORE_QUEUE_MAX + MORE);

    assert_int_equal(all->op.list.n, STORE_QUEUE_MAX);
    call_free(all);
    close_store(s);
}

static void a_closed_store_leaves_one_file_and_its_lock(void **state)
{
    struct store *s = open_store("");
    int64_t id = create_post(s, "kept", NULL);
    (void)state;

    assert_true(wal_size() > 0);
    close_store(s);
    assert_int_equal(wal_size(), -1);
    s = open_store("?check=1");
    assert_readable(s, id, STORE_OK);
    close_store(s);
}

/* A megabyte at a time: the log is moved again and again. */
static void the_log_stays_small(void **state)
{
    struct store *s = open_store("");
    char *body = malloc(1 << 20);
    off_t most = 0;
    (void)state;

    memset(body, 'x', (1 << 20) - 1);
    body[(1 << 20) - 1] = '\0';
    for (int i = 0; i < 80; i++) {
        struct call *c = create_call("big", body, NULL);

        assert_int_equal(call_run(s, c), STORE_OK);
        call_free(c);
        assert_readable(s, 1, STORE_NOT_FOUND); /* readers come and go */
        most = wal_size() > most ? wal_size() : most;
    }
    free(body);
    assert_true(most > 1 << 20);
    assert_true(most <= 16 << 20);
    close_store(s);
}

/* A reader of another program holds the log: it grows, writes go on; when it leaves, the log is
 * made small again. */
static void a_foreign_reader_only_delays(void **state)
{
    struct store *s = open_store("");
    sqlite3 *db;
    char *body = malloc(1 << 20);
    (void)state;

    memset(body, 'x', (1 << 20) - 1);
    body[(1 << 20) - 1] = '\0';
    create_post(s, "before", NULL);
    assert_int_equal(sqlite3_open(file, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, "BEGIN; SELECT * FROM posts", NULL, NULL, NULL), SQLITE_OK);
    for (int i = 0; i < 90; i++) {
        struct call *c = create_call("big", body, NULL);

        if (i == 70)
            sqlite3_exec(db, "COMMIT", NULL, NULL, NULL);
        assert_int_equal(call_run(s, c), STORE_OK);
        call_free(c);
    }
    assert_true(wal_size() <= 20 << 20);
    sqlite3_close(db);
    free(body);
    close_store(s);
}

/* ---- no space -------------------------------------------------------------------------------- */

static enum store_result create_sized(struct store *s, size_t size, int64_t *id)
{
    char *body = calloc(1, size + 1);

    memset(body, 'x', size);
    struct call *c = create_call("sized", body, NULL);
    enum store_result result = call_run(s, c);

    *id = c->op.post.id;
    call_free(c);
    free(body);
    return result;
}

static void assert_full_and_recovering(struct store *s)
{
    int64_t ids[2000], id;
    int n = 0;
    enum store_result result = STORE_OK;

    while (n < 2000 && (result = create_sized(s, 20000, &id)) == STORE_OK)
        ids[n++] = id;
    assert_int_equal(result, STORE_FULL);
    assert_true(n > 2);
    assert_string_equal(s->ops->ready(s), "disk full");
    assert_readable(s, ids[0], STORE_OK);
    assert_readable(s, id, STORE_NOT_FOUND); /* nothing was written */
    assert_int_equal(create_sized(s, 20000, &id), STORE_FULL);
    assert_readable(s, ids[n - 1], STORE_OK);
}

static void a_full_file_takes_no_more_until_there_is_space(void **state)
{
    struct store *s = open_store("?max_pages=60");
    (void)state;

    assert_full_and_recovering(s);
    struct call *page = list_posts(s, 0, NULL, 3);

    for (uint32_t i = 0; i < 3; i++)
        assert_int_equal(delete_post(s, page->op.list.items[i].id, 0), STORE_OK);
    call_free(page);
    assert_null(s->ops->ready(s));
    int64_t id;

    assert_int_equal(create_sized(s, 20000, &id), STORE_OK);
    assert_readable(s, id, STORE_OK);
    close_store(s);
}

static void a_post_too_big_for_the_space_left_does_not_fail_its_neighbours(void **state)
{
    struct store *s = open_store("?max_pages=60");
    char *body = calloc(1, 400001);
    struct call *calls[21];
    (void)state;

    memset(body, 'x', 400000);
    for (int i = 0; i < 21; i++)
        calls[i] = create_call(i == 10 ? "big" : "small", i == 10 ? body : "small", "author");
    run_together(s, calls, 21);
    for (int i = 0; i < 21; i++) {
        assert_int_equal(calls[i]->op.result, i == 10 ? STORE_FULL : STORE_OK);
        assert_readable(s, calls[i]->op.post.id, i == 10 ? STORE_NOT_FOUND : STORE_OK);
        call_free(calls[i]);
    }
    assert_null(s->ops->ready(s));
    free(body);
    close_store(s);
}

static void wait_ready(struct store *s)
{
    for (int i = 0; i < 500 && s->ops->ready(s); i++)
        usleep(10000);
    assert_null(s->ops->ready(s));
}

static void a_full_disk_is_told_and_its_end_is_found_without_a_write(void **state)
{
    char filler[96];
    char err[512];
    (void)state;

    if (mount("tmpfs", dir, "tmpfs", 0, "size=4m") != 0)
        skip();
    snprintf(filler, sizeof filler, "%s/filler", dir);
    struct store *s = open_file(file, "", err);
    char *bytes = calloc(1, 3 << 20);

    write_bytes(filler, 0, bytes, 3 << 20);
    free(bytes);
    assert_full_and_recovering(s);
    unlink(filler);
    wait_ready(s);
    assert_true(create_post(s, "after", NULL) != 0);
    close_store(s);
    s = open_file(file, "?check=1", err);
    assert_non_null(s);
    close_store(s);
    umount(dir);
}

/* ---- a disk that lies or fails --------------------------------------------------------------- */

static void a_failed_fsync_fails_the_batch_and_stops_writes_for_good(void **state)
{
    struct store *s = open_store("");
    int64_t kept = create_post(s, "kept", NULL);
    struct call *calls[10];
    (void)state;

    for (int i = 0; i < 10; i++)
        calls[i] = create_call("lost", "body", NULL);
    atomic_store(&shim.fail_wal, 2); /* the one after the writer's first */
    run_together(s, calls, 10);
    atomic_store(&shim.fail_wal, 0); /* the disk is fine again: too late */
    for (int i = 0; i < 10; i++) {
        assert_int_equal(calls[i]->op.result, STORE_FAILED);
        assert_readable(s, calls[i]->op.post.id, STORE_NOT_FOUND);
        call_free(calls[i]);
    }
    assert_non_null(strstr(s->ops->ready(s), "writes have stopped"));
    assert_non_null(strstr(s->ops->ready(s), "COMMIT"));
    struct call *later = create_call("later", "body", NULL);

    assert_int_equal(call_run(s, later), STORE_FAILED);
    assert_false(later->pended); /* at once */
    call_free(later);
    assert_int_equal(update_post(s, kept, 0, "x"), STORE_FAILED);
    assert_int_equal(delete_post(s, kept, 0), STORE_FAILED);
    assert_readable(s, kept, STORE_OK); /* reads go on */
    close_store(s);
    s = open_store("?check=1"); /* a new start finds out what the disk has */
    assert_null(s->ops->ready(s));
    assert_readable(s, kept, STORE_OK);
    close_store(s);
}

static void a_failed_fsync_of_the_file_stops_writes_too(void **state)
{
    struct store *s = open_store("");
    int64_t kept = create_post(s, "kept", NULL);
    (void)state;

    atomic_store(&shim.fail_db, 1);
    for (int i = 0; i < 500 && !s->ops->ready(s); i++)
        usleep(10000); /* the checkpoint of a quiet moment */
    atomic_store(&shim.fail_db, 0);
    assert_non_null(strstr(s->ops->ready(s), "checkpoint"));
    assert_readable(s, kept, STORE_OK);
    close_store(s);
    s = open_store("?check=1");
    assert_readable(s, kept, STORE_OK);
    close_store(s);
}

/* ---- files that are not right ---------------------------------------------------------------- */

static void a_second_process_is_told_who_has_the_file(void **state)
{
    struct store *s = open_store("");
    char pid[64];
    (void)state;

    snprintf(pid, sizeof pid, "in use by another posts process (pid %ld)", (long)getpid());
    assert_refused("", pid);
    assert_true(create_post(s, "still works", NULL) != 0);
    close_store(s);
    close_store(open_store(""));
}

static void a_newer_file_is_refused_and_left_alone(void **state)
{
    (void)state;
    close_store(open_store(""));
    run_sql("PRAGMA user_version=99");
    assert_refused("", "newer posts");
    run_sql("PRAGMA user_version=1");
    close_store(open_store(""));
}

static void another_programs_database_is_refused(void **state)
{
    (void)state;
    run_sql("CREATE TABLE bookmarks (url TEXT)");
    assert_refused("", "another program");
    run_sql("INSERT INTO bookmarks VALUES ('still there')");
}

static void a_file_that_is_no_database_is_refused_and_left_alone(void **state)
{
    char text[8192], again[8192];
    (void)state;

    memset(text, 'x', sizeof text);
    write_bytes(file, 0, text, sizeof text);
    assert_refused("", "not an SQLite database");
    int fd = open(file, O_RDONLY);

    assert_int_equal(read(fd, again, sizeof again), sizeof again);
    close(fd);
    assert_memory_equal(text, again, sizeof text);
}

static void a_damaged_file_is_refused_with_the_mend(void **state)
{
    char noise[64];
    int64_t id;
    (void)state;

    struct store *s = open_store("");

    for (int i = 0; i < 20; i++)
        create_sized(s, 3000, &id);
    close_store(s);
    memset(noise, 0xa5, sizeof noise);
    write_bytes(file, 100, noise, sizeof noise); /* the schema's page */
    assert_refused("", "damaged");
    assert_refused("", ".recover");
}

static void damage_deep_in_a_file_is_found_when_asked_for(void **state)
{
    char noise[512];
    int64_t id;
    (void)state;

    struct store *s = open_store("");

    for (int i = 0; i < 20; i++)
        create_sized(s, 3000, &id);
    close_store(s);
    memset(noise, 0xa5, sizeof noise);
    write_bytes(file, 4096, noise, sizeof noise);
    assert_refused("?check=1", "damaged (quick_check)");
}

/* SQLite by itself would delete the log of an empty file: it may hold acknowledged posts. */
static void a_log_without_its_file_is_never_deleted(void **state)
{
    char wal[128], text[4096];
    (void)state;

    snprintf(wal, sizeof wal, "%s-wal", file);
    memset(text, 'x', sizeof text);
    write_bytes(wal, 0, text, sizeof text);
    assert_refused("", "-wal");
    assert_int_equal(size_of(wal), sizeof text);
    write_bytes(file, 0, "", 0);
    assert_refused("", "-wal");
    assert_int_equal(size_of(wal), sizeof text);
}

static void a_missing_directory_is_told(void **state)
{
    (void)state;
    snprintf(file, sizeof file, "%s/none/posts.db", dir);
    assert_refused("", "No such file or directory");
}

static void names_that_are_no_files_are_refused(void **state)
{
    const char *names[] = {"", ":memory:", "file:posts.db", "?check=1"};
    char err[512];
    (void)state;

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        assert_null(open_file(names[i], "", err));
        assert_non_null(strstr(err, "sqlite:posts.db"));
    }
}

static void the_start_line_says_what_is_in_force(void **state)
{
    char expected[256];
    struct store *s = open_store("");
    (void)state;

    snprintf(expected, sizeof expected,
             "sqlite:%s, durable (WAL, synchronous=FULL, group commit), SQLite %s", file,
             sqlite3_libversion());
    assert_string_equal(s->ops->describe(s), expected);
    close_store(s);
}

#define ROW(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        ROW(what_was_acknowledged_survives_a_crash),
        ROW(an_acknowledgement_comes_after_the_commit_and_its_fsync),
        ROW(what_arrives_during_an_fsync_shares_the_next),
        ROW(one_batch_keeps_each_operation_apart),
        ROW(a_full_queue_is_busy_and_a_closing_store_finishes_it),
        ROW(a_closed_store_leaves_one_file_and_its_lock),
        ROW(the_log_stays_small),
        ROW(a_foreign_reader_only_delays),
        ROW(a_full_file_takes_no_more_until_there_is_space),
        ROW(a_post_too_big_for_the_space_left_does_not_fail_its_neighbours),
        ROW(a_full_disk_is_told_and_its_end_is_found_without_a_write),
        ROW(a_failed_fsync_fails_the_batch_and_stops_writes_for_good),
        ROW(a_failed_fsync_of_the_file_stops_writes_too),
        ROW(a_second_process_is_told_who_has_the_file),
        ROW(a_newer_file_is_refused_and_left_alone),
        ROW(another_programs_database_is_refused),
        ROW(a_file_that_is_no_database_is_refused_and_left_alone),
        ROW(a_damaged_file_is_refused_with_the_mend),
        ROW(damage_deep_in_a_file_is_found_when_asked_for),
        ROW(a_log_without_its_file_is_never_deleted),
        ROW(a_missing_directory_is_told),
        ROW(names_that_are_no_files_are_refused),
        ROW(the_start_line_says_what_is_in_force),
    };

    shim_install();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
