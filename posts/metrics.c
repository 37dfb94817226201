/* metrics.c: the figures of the posts service, as rows: docs/guide/posts.md says what to watch. */
#include "metrics.h"
#include "routes.h"

static struct gim_counter operations[STORE_LIST + 1][STORE_FAILED + 1];
static struct gim_gauge pending, wal;
static struct gim_buckets batches = {.scale = &gim_scale_count};
static struct gim_buckets commits = {.scale = &gim_scale_seconds};

static double ready(void *state)
{
    const struct posts *posts = state;

    return posts->store && !posts->store->ops->ready(posts->store) ? 1 : 0;
}

#define DONE(action, result, operation_, result_)                                                  \
    GIM_COUNTER("posts_store_operations_total", &operations[action][result],                       \
                "Operations of the store by outcome.",                                             \
                .labels = "operation=\"" operation_ "\",result=\"" result_ "\"")

static const struct gim_metric figures[] = {
    DONE(STORE_CREATE, STORE_OK, "create", "ok"),
    DONE(STORE_CREATE, STORE_REPLAY, "create", "replayed"),
    DONE(STORE_CREATE, STORE_KEY_MISUSED, "create", "key_reused"),
    DONE(STORE_CREATE, STORE_KEY_BUSY, "create", "key_busy"),
    DONE(STORE_CREATE, STORE_FULL, "create", "full"),
    DONE(STORE_CREATE, STORE_BUSY, "create", "busy"),
    DONE(STORE_CREATE, STORE_FAILED, "create", "failed"),
    DONE(STORE_READ, STORE_OK, "read", "ok"),
    DONE(STORE_READ, STORE_NOT_FOUND, "read", "not_found"),
    DONE(STORE_READ, STORE_FAILED, "read", "failed"),
    DONE(STORE_UPDATE, STORE_OK, "update", "ok"),
    DONE(STORE_UPDATE, STORE_NOT_FOUND, "update", "not_found"),
    DONE(STORE_UPDATE, STORE_STALE, "update", "stale"),
    DONE(STORE_UPDATE, STORE_FULL, "update", "full"),
    DONE(STORE_UPDATE, STORE_BUSY, "update", "busy"),
    DONE(STORE_UPDATE, STORE_FAILED, "update", "failed"),
    DONE(STORE_DELETE, STORE_OK, "delete", "ok"),
    DONE(STORE_DELETE, STORE_NOT_FOUND, "delete", "not_found"),
    DONE(STORE_DELETE, STORE_STALE, "delete", "stale"),
    DONE(STORE_DELETE, STORE_FULL, "delete", "full"),
    DONE(STORE_DELETE, STORE_BUSY, "delete", "busy"),
    DONE(STORE_DELETE, STORE_FAILED, "delete", "failed"),
    DONE(STORE_LIST, STORE_OK, "list", "ok"),
    DONE(STORE_LIST, STORE_FAILED, "list", "failed"),
    GIM_GAUGE("posts_store_pending", &pending, "Operations that wait for the store."),
    GIM_GAUGE_READ("posts_store_ready", ready, "1 while the store can write, else 0."),
    GIM_HISTOGRAM("posts_commit_batch_size", &batches,
                  "Writes that were committed together (one fsync for all of them)."),
    GIM_HISTOGRAM("posts_commit_seconds", &commits,
                  "Time in COMMIT: the log written and on stable storage."),
    GIM_GAUGE("posts_wal_bytes", &wal, "Size of the write-ahead log after the last commit."),
    {0},
};

const struct gim_metrics posts_metrics = GIM_METRICS(.figures = figures);

void metrics_operation(const struct store_op *op)
{
    gim_counter_add(&operations[op->action][op->result], 1);
}

void metrics_pending(int64_t more)
{
    gim_gauge_add(&pending, more);
}

void metrics_committed(size_t writes, int64_t ns, int64_t wal_bytes)
{
    gim_buckets_add(&batches, (int64_t)writes);
    gim_buckets_add(&commits, ns);
    gim_gauge_set(&wal, wal_bytes);
}
