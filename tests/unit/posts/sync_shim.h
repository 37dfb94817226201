/* sync_shim.h: SQLite's own file layer with a gate and a fault in xSync, for the store's tests. */
#ifndef TESTS_SYNC_SHIM_H
#define TESTS_SYNC_SHIM_H

#include <pthread.h>
#include <sqlite3.h>
#include <stdatomic.h>
#include <stdbool.h>

/* Files get a copy of the real method table with another xSync: one table for the WAL, one for
 * databases; what else SQLite opens is left alone. */
static sqlite3_io_methods shim_wal, shim_db;
static const sqlite3_io_methods *shim_real_wal, *shim_real_db;
static sqlite3_vfs shim_vfs;
static sqlite3_vfs *shim_base;

static struct {
    _Atomic int wal_syncs; /* that succeeded */
    _Atomic int fail_wal;  /* the Nth from now fails, and all after it while it is 1; 0: none */
    _Atomic int fail_db;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    bool closed; /* the gate: a WAL sync waits */
    int at_gate; /* syncs that wait */
} shim = {.lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER};

static bool shim_fails(_Atomic int *countdown)
{
    if (atomic_load(countdown) == 0)
        return false;
    if (atomic_load(countdown) == 1)
        return true;
    atomic_fetch_sub(countdown, 1);
    return false;
}

static int shim_sync_wal(sqlite3_file *file, int flags)
{
    pthread_mutex_lock(&shim.lock);
    shim.at_gate++;
    pthread_cond_broadcast(&shim.changed);
    while (shim.closed)
        pthread_cond_wait(&shim.changed, &shim.lock);
    shim.at_gate--;
    pthread_mutex_unlock(&shim.lock);
    if (shim_fails(&shim.fail_wal))
        return SQLITE_IOERR_FSYNC;
    int code = shim_real_wal->xSync(file, flags);

    if (code == SQLITE_OK)
        atomic_fetch_add(&shim.wal_syncs, 1);
    return code;
}

static int shim_sync_db(sqlite3_file *file, int flags)
{
    return shim_fails(&shim.fail_db) ? SQLITE_IOERR_FSYNC : shim_real_db->xSync(file, flags);
}

static void shim_patch(sqlite3_file *file, const sqlite3_io_methods **real,
                       sqlite3_io_methods *patched, int (*sync)(sqlite3_file *, int))
{
    if (!*real) {
        *real = file->pMethods;
        *patched = **real;
        patched->xSync = sync;
    }
    if (file->pMethods == *real)
        file->pMethods = patched;
}

static int shim_open(sqlite3_vfs *vfs, const char *name, sqlite3_file *file, int flags, int *out)
{
    int code = shim_base->xOpen(vfs, name, file, flags, out);

    if (code != SQLITE_OK || !file->pMethods)
        return code;
    if (flags & SQLITE_OPEN_WAL)
        shim_patch(file, &shim_real_wal, &shim_wal, shim_sync_wal);
    else if (flags & SQLITE_OPEN_MAIN_DB)
        shim_patch(file, &shim_real_db, &shim_db, shim_sync_db);
    return code;
}

static void shim_install(void)
{
    shim_base = sqlite3_vfs_find(NULL);
    shim_vfs = *shim_base;
    shim_vfs.zName = "shim";
    shim_vfs.pNext = NULL;
    shim_vfs.xOpen = shim_open;
    sqlite3_vfs_register(&shim_vfs, 1);
}

static void shim_gate(bool closed)
{
    pthread_mutex_lock(&shim.lock);
    shim.closed = closed;
    pthread_cond_broadcast(&shim.changed);
    pthread_mutex_unlock(&shim.lock);
}

/* Until the writer stands at the closed gate. */
static void shim_await(void)
{
    pthread_mutex_lock(&shim.lock);
    while (shim.at_gate == 0)
        pthread_cond_wait(&shim.changed, &shim.lock);
    pthread_mutex_unlock(&shim.lock);
}

#endif
