/* store_client.h: for the store's tests: a host, and operations that wait for their completion. */
#ifndef TESTS_STORE_CLIENT_H
#define TESTS_STORE_CLIENT_H

#include "gimlet/base/arena.h"
#include "posts/store.h"

#include <dirent.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* One operation, its memory, and whether it is done. */
struct call {
    struct store_op op;
    struct gim_arena arena;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    bool pending;
    bool pended; /* host->pend was called */
};

static void client_pend(struct store_op *op)
{
    struct call *c = op->user;

    pthread_mutex_lock(&c->lock);
    c->pending = c->pended = true;
    pthread_mutex_unlock(&c->lock);
}

static void client_complete(struct store_op *const *ops, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        struct call *c = ops[i]->user;

        pthread_mutex_lock(&c->lock);
        c->pending = false;
        pthread_cond_signal(&c->changed);
        pthread_mutex_unlock(&c->lock);
    }
}

static const struct store_host client_host = {.pend = client_pend, .complete = client_complete};

static inline struct call *call_new(enum store_action action)
{
    struct call *c = calloc(1, sizeof *c);

    gim_arena_init(&c->arena, NULL, 0);
    pthread_mutex_init(&c->lock, NULL);
    pthread_cond_init(&c->changed, NULL);
    c->op.action = action;
    c->op.arena = &c->arena;
    c->op.user = c;
    return c;
}

static inline void call_free(struct call *c)
{
    gim_arena_reset(&c->arena);
    pthread_mutex_destroy(&c->lock);
    pthread_cond_destroy(&c->changed);
    free(c);
}

static inline void call_start(struct store *s, struct call *c)
{
    enum store_submit submit = s->ops->submit(s, &c->op);

    if ((submit == STORE_PENDING) != c->pended) {
        fprintf(stderr, "submit said %s but pend was %scalled\n",
                submit == STORE_PENDING ? "PENDING" : "DONE", c->pended ? "" : "not ");
        abort();
    }
}

static inline enum store_result call_wait(struct call *c)
{
    pthread_mutex_lock(&c->lock);
    while (c->pending)
        pthread_cond_wait(&c->changed, &c->lock);
    pthread_mutex_unlock(&c->lock);
    return c->op.result;
}

static inline enum store_result call_run(struct store *s, struct call *c)
{
    call_start(s, c);
    return call_wait(c);
}

static inline struct call *create_call(const char *title, const char *body, const char *author)
{
    struct call *c = call_new(STORE_CREATE);

    c->op.post.title = gim_str_of(title);
    c->op.post.body = gim_str_of(body);
    c->op.post.author = gim_str_of(author);
    return c;
}

static inline struct call *keyed_call(const char *title, const char *key, uint64_t fingerprint)
{
    struct call *c = create_call(title, "body", "author");

    c->op.idem.key = gim_str_of(key);
    c->op.idem.fingerprint[0] = fingerprint;
    c->op.idem.fingerprint[1] = ~fingerprint;
    return c;
}

/* Creates and returns the id; 0 when it failed. */
static inline int64_t create_post(struct store *s, const char *title, const char *author)
{
    struct call *c = create_call(title, "body", author);
    int64_t id = call_run(s, c) == STORE_OK ? c->op.post.id : 0;

    call_free(c);
    return id;
}

static inline struct call *read_post(struct store *s, int64_t id)
{
    struct call *c = call_new(STORE_READ);

    c->op.post.id = id;
    call_run(s, c);
    return c;
}

static inline struct call *update_call(int64_t id, int64_t expect, const char *title)
{
    struct call *c = create_call(title, "changed body", NULL);

    c->op.action = STORE_UPDATE;
    c->op.post.id = id;
    c->op.expect_version = expect;
    return c;
}

static inline enum store_result update_post(struct store *s, int64_t id, int64_t expect,
                                            const char *title)
{
    struct call *c = update_call(id, expect, title);
    enum store_result result = call_run(s, c);

    call_free(c);
    return result;
}

static inline enum store_result delete_post(struct store *s, int64_t id, int64_t expect)
{
    struct call *c = call_new(STORE_DELETE);

    c->op.post.id = id;
    c->op.expect_version = expect;
    enum store_result result = call_run(s, c);

    call_free(c);
    return result;
}

static inline struct call *list_posts(struct store *s, int64_t before, const char *author,
                                      uint32_t limit)
{
    struct call *c = call_new(STORE_LIST);

    c->op.list.before = before;
    c->op.list.author = gim_str_of(author);
    c->op.list.limit = limit;
    call_run(s, c);
    return c;
}

/* A directory of its own under the build directory's disk, and its end. */
static inline void scratch_make(char path[64])
{
    snprintf(path, 64, "/var/tmp/gimlet-store-XXXXXX");
    if (!mkdtemp(path))
        abort();
}

static inline void scratch_remove(const char *path)
{
    DIR *dir = opendir(path);
    struct dirent *entry;
    char name[512];

    while (dir && (entry = readdir(dir))) {
        snprintf(name, sizeof name, "%s/%s", path, entry->d_name);
        unlink(name);
    }
    if (dir)
        closedir(dir);
    rmdir(path);
}

#endif
