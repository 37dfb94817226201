/* store.h: the seam between the posts routes and what keeps the posts. One file a store:
 * store_memory.c, store_sqlite.c; PostgreSQL later.
 *
 * Completion-shaped. The caller fills a store_op (in the request's arena) and submits it:
 *   STORE_DONE     op->result holds; no callback
 *   STORE_PENDING  the store called host->pend(op) first, took the op, and will hand it to
 *                  host->complete exactly once, from any thread, when op->result holds
 * Slices in `op` live until then; slices in results live as long as op->arena.
 *
 * The promise: STORE_OK of a write means the write is as durable as the store's `durability` says;
 * for SQLite only after COMMIT returned with synchronous=FULL. */
#ifndef POSTS_STORE_H
#define POSTS_STORE_H

#include <gimlet.h>

/** A post as stored. */
struct store_post {
    int64_t id;
    int64_t version;             /* 1 at creation, +1 at each change: the ETag */
    gim_str title, body, author; /* author: absent (ptr NULL) when not given */
    gim_time created_at, updated_at;
};

enum store_action {
    STORE_CREATE, /* in: post's texts, idem; out: post */
    STORE_READ,   /* in: post.id; out: post */
    STORE_UPDATE, /* in: post.id, texts, expect_version; out: post. Compare-and-swap */
    STORE_DELETE, /* in: post.id, expect_version */
    STORE_LIST,   /* in: list; out: list.items, list.more. Newest first */
};

enum store_result {
    STORE_OK,
    STORE_NOT_FOUND,
    STORE_STALE,  /* the version is no longer expect_version: read again */
    STORE_REPLAY, /* CREATE: the key was used for this same request; post and idem.status hold */
    STORE_KEY_MISUSED, /* CREATE: the key was used for another request body: 422 */
    STORE_KEY_BUSY,    /* CREATE: the first request with this key is still under way: 409 */
    STORE_FULL,        /* no space left: 507; nothing was written */
    STORE_BUSY,        /* queue full: 503 + Retry-After; nothing was written */
    STORE_FAILED,      /* I/O error: 503; outcome unknown; writes have stopped */
};

struct store_op {
    struct store_op *next; /* the store's, while pending */
    enum store_action action;
    enum store_result result;
    struct gim_arena *arena; /* for results; used by the thread that completes the op */
    unsigned worker;         /* gim_worker of the request */
    struct store_post post;
    int64_t expect_version; /* 0: any */
    struct { /* Idempotency-Key: key, fingerprint and outcome live in the post's own transaction */
        gim_str key;             /* any bytes; absent: none */
        uint64_t fingerprint[2]; /* of method, target and body */
    } idem;
    struct {
        int64_t before; /* ids below this one; 0: from the newest */
        gim_str author; /* absent: all */
        uint32_t limit;
        struct store_post *items;
        uint32_t n;
        bool more;
    } list;
    void *user;        /* the host's */
    gim_handle handle; /* the host's */
};

enum store_submit {
    STORE_DONE,
    STORE_PENDING
};

struct store_host {
    void (*pend)(struct store_op *op); /* on the submitting thread, before the op is queued */
    void (*complete)(struct store_op *const *ops, size_t n); /* from the store's thread */
    /** So many writes were committed together; COMMIT took `ns`, and the write-ahead log has so many
     *  bytes now. From the store's thread, for figures; may be NULL. */
    void (*committed)(size_t writes, int64_t ns, int64_t wal_bytes);
};

struct store;
struct store_ops {
    const char *scheme; /* "memory:", "sqlite:" */
    /** NULL with a sentence in `err` (what is wrong and the mend). `location` is what stands after
     *  the scheme. */
    struct store *(*open)(const char *location, unsigned workers, const struct store_host *host,
                          char *err, size_t err_len);
    enum store_submit (*submit)(struct store *s, struct store_op *op);
    /** NULL when writes work, else why not ("disk full", ...). Any thread. */
    const char *(*ready)(struct store *s);
    /** For the start line: "sqlite:posts.db, durable (WAL, synchronous=FULL), 3.40.1". */
    const char *(*describe)(struct store *s);
    void (*close)(struct store *s); /* finishes what is pending first */
    /** Names what `open` and the rest will need of the file system; NULL: nothing. */
    void (*paths)(const char *location, struct gim_sandbox_paths *p);
};

struct store {
    const struct store_ops *ops;
};

extern const struct store_ops store_memory;
extern const struct store_ops store_sqlite;

/** Opens by URL: "memory:", "sqlite:posts.db". NULL with a sentence in `err`; errno is EINVAL when
 *  the URL itself is wrong (an option to mend), something else when the store fails. */
struct store *store_open(const char *url, unsigned workers, const struct store_host *host,
                         char *err, size_t err_len);

/** Names what the store of that URL will need of the file system. */
void store_paths(const char *url, struct gim_sandbox_paths *p);

/** Idempotency keys older than this are forgotten. */
#define STORE_KEY_SECONDS (24 * 3600)
#define STORE_QUEUE_MAX 4096 /* writes waiting: more give STORE_BUSY */

#endif
