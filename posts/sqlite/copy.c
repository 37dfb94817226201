/* copy.c: a copy of the open file, made by the writer's thread on the writer's connection.
 *
 * A second connection that copies is started over by every write of the first; the writing
 * connection itself carries each change into the part that is already copied. So the writer steps
 * a few pages between two batches, nobody waits longer for that than a few pages take, and the copy
 * is the file as it stood at the last step. Nothing is synced here: that would stall the writes; who
 * asked for the copy syncs it before giving it its name (command.c).
 *
 * One copy at a time. The asker hands over a struct sq_copy and sleeps on its semaphore. */
#include "sqlite.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define STEP_PAGES 64 /* 256 KiB: well under a millisecond */

static int begin(struct sq_copy *c, sqlite3 *db)
{
    int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX;
    int code = sqlite3_open_v2(c->path, &c->to, flags, NULL);

    if (code == SQLITE_OK)
        code = sqlite3_exec(c->to, "PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF;", NULL, NULL,
                            NULL);
    if (code != SQLITE_OK)
        return code;
    c->run = sqlite3_backup_init(c->to, "main", db, "main");
    return c->run ? SQLITE_OK : sqlite3_errcode(c->to);
}

static void end(struct sq_copy *c, int code)
{
    if (c->run) {
        int finished = sqlite3_backup_finish(c->run);

        code = code == SQLITE_DONE ? finished : code;
    }
    int closed = sqlite3_close(c->to);

    code = code == SQLITE_OK ? closed : code;
    if (code == SQLITE_INTERRUPT)
        snprintf(c->err, sizeof c->err, "the running posts ended before the copy was complete");
    else if (code != SQLITE_OK)
        snprintf(c->err, sizeof c->err, "%s cannot be written: %s", c->path, sqlite3_errstr(code));
    sem_post(&c->done); /* from here on it is the asker's again */
}

bool sq_copy_step(_Atomic(struct sq_copy *) *place, sqlite3 *db)
{
    struct sq_copy *c = atomic_load(place);

    if (!c)
        return false;
    int code = c->run ? SQLITE_OK : begin(c, db);

    if (code == SQLITE_OK)
        code = c->stop && atomic_load(c->stop) ? SQLITE_INTERRUPT
                                               : sqlite3_backup_step(c->run, STEP_PAGES);
    /* Busy: another program looks at the copy, or a reader holds the file for a moment. */
    if (code == SQLITE_OK || code == SQLITE_BUSY || code == SQLITE_LOCKED)
        return true;
    atomic_store(place, NULL);
    end(c, code);
    return false;
}

void sq_copy_abandon(_Atomic(struct sq_copy *) *place)
{
    struct sq_copy *c = atomic_exchange(place, NULL);

    if (c)
        end(c, SQLITE_INTERRUPT);
}

int sq_copy_ask(struct sq_writer *w, struct sq_copy *c)
{
    struct sq_copy *none = NULL;

    sem_init(&c->done, 0, 0);
    if (!atomic_compare_exchange_strong(&w->copy, &none, c)) {
        snprintf(c->err, sizeof c->err, "another backup is under way");
    } else {
        sq_queue_poke(&w->queue);
        while (sem_wait(&c->done) != 0 && errno == EINTR)
            continue;
    }
    sem_destroy(&c->done);
    return c->err[0] ? -1 : 0;
}

void sq_copy_all(sqlite3 *db, struct sq_copy *c)
{
    _Atomic(struct sq_copy *) place = c;

    sem_init(&c->done, 0, 0);
    while (sq_copy_step(&place, db))
        continue;
    sem_destroy(&c->done);
}
