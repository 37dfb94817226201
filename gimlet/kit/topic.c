/* topic.c: one source of events and its readers: gimlet/topic.h.
 *
 * The events that are kept are a ring, numbered from 0 for ever; a reader is the number of the event
 * that it gets next. So publishing is one append whoever reads, a slow reader is one whose number has
 * left the ring, and resuming is finding an id in it. A reader that has had everything suspends and
 * stands in a list; publishing takes that list and resumes them, each loop woken once.
 *
 * One lock guards all of it. A reader's memory is its request's, which lives while a handle of it is
 * out: so whoever stands in a list is there, and is not looked at any more once it was resumed. */
#include <gimlet/topic.h>

#include "../base/arena.h"
#include "../base/list.h"
#include "../rest/mistake.h"
#include "event.h"
#include <gimlet/log.h>
#include <gimlet/time.h>
#include <pthread.h>
#include <stdio.h>

#define MAX_EVENTS 1024
#define MAX_BYTES ((size_t)1 << 20)
#define SCRATCH_KEEP 65536
#define BATCH 64 /* readers resumed at once */

struct kept {
    char *ptr; /* one block: the id, then the lines */
    size_t id_len, len;
};

struct gim_topic {
    pthread_mutex_t lock;
    struct gim_topic_options options; /* with defaults in place of zeros */
    struct kept *ring;                /* options.max_events */
    uint64_t first, end;              /* numbers of those in it */
    size_t bytes, readers;
    struct gim_list waiting; /* readers */
    struct gim_buf scratch;
    int64_t epoch;
};

struct reader {
    struct gim_list node; /* in `waiting`, or in what a publisher took of it: its handle is out */
    struct gim_topic *topic;
    gim_handle handle;
    uint64_t next;
    bool joined; /* counted; not where the reply has no body */
    bool lost;   /* where it stopped is not known here */
};

/* ---- the ring -------------------------------------------------------------------------------- */

static struct kept *at(const struct gim_topic *t, uint64_t number)
{
    return &t->ring[number % t->options.max_events];
}

static void drop_oldest(struct gim_topic *t)
{
    struct kept *k = at(t, t->first++);

    t->bytes -= k->len;
    gim_heap_free(k->ptr);
    k->ptr = NULL;
}

static void append(struct gim_topic *t, gim_str id, gim_str lines)
{
    char *block = gim_heap_alloc(id.len + lines.len);

    while (t->end - t->first == t->options.max_events ||
           (t->end > t->first && t->bytes + lines.len > t->options.max_bytes))
        drop_oldest(t);
    memcpy(block, id.ptr, id.len);
    memcpy(block + id.len, lines.ptr, lines.len);
    *at(t, t->end++) = (struct kept){block, id.len, lines.len};
    t->bytes += lines.len;
}

/* ---- reading --------------------------------------------------------------------------------- */

/* Where a new reader begins: before its head leaves, so that who has seen that misses nothing. */
static void place(struct gim_topic *t, struct reader *r, gim_str last_id)
{
    uint64_t held = t->end - t->first;

    if (!last_id.ptr) {
        r->next = t->end - (t->options.replay < held ? t->options.replay : held);
        return;
    }
    for (r->next = t->end; r->next > t->first; r->next--) {
        const struct kept *k = at(t, r->next - 1);

        if (gim_str_eq((gim_str){k->ptr, k->id_len}, last_id))
            return;
    }
    r->lost = true;
}

static void tell_gap(const struct gim_topic *t, struct reader *r, struct gim_out *out)
{
    char text[24];
    uint64_t lost = r->next < t->first ? t->first - r->next : 0;
    size_t len = r->lost ? 0 : gim_int_write(text, (int64_t)lost);

    if (!lost && !r->lost)
        return;
    r->lost = false;
    r->next += lost;
    gim_sse_put(out, &(struct gim_sse){.event = gim_str_of(t->options.gap), .data = {text, len}});
}

static enum gim_pull pull(struct gim_ctx *c, struct gim_out *out, void *arg)
{
    struct reader *r = arg;
    struct gim_topic *t = r->topic;
    bool all;

    pthread_mutex_lock(&t->lock);
    t->readers += !r->joined;
    r->joined = true;
    tell_gap(t, r, out);
    while (r->next < t->end && gim_out_room(out)) {
        const struct kept *k = at(t, r->next++);

        gim_out_bytes(out, (gim_str){k->ptr + k->id_len, k->len});
    }
    all = r->next == t->end;
    if (all) {
        r->handle = gim_suspend(c);
        gim_list_push(&t->waiting, &r->node);
    }
    pthread_mutex_unlock(&t->lock);
    return all ? GIM_PULL_WAIT : GIM_PULL_MORE;
}

/* The client has gone, or the stream ends. */
static void leave(void *arg)
{
    struct reader *r = arg;
    struct gim_topic *t = r->topic;
    bool waits;

    pthread_mutex_lock(&t->lock);
    waits = gim_list_in(&r->node);
    gim_list_remove(&r->node);
    t->readers -= r->joined;
    r->joined = false;
    pthread_mutex_unlock(&t->lock);
    if (waits)
        gim_resume(r->handle, NULL);
}

int gim_topic_subscribe(struct gim_ctx *c, struct gim_topic *t)
{
    struct reader *r;

    if (!t) {
        gim_mistake(c, GIM_MISTAKE_VALUE,
                    "gim_topic_subscribe got NULL, so the client got 500; make the topic in .start "
                    "(a test of the application makes its own)");
        return gim_problem(c, 500, NULL, "the handler failed");
    }
    r = GIM_NEW(gim_arena(c), struct reader);
    r->topic = t;
    pthread_mutex_lock(&t->lock);
    place(t, r, gim_sse_last_id(c));
    pthread_mutex_unlock(&t->lock);
    gim_on_cancel(c, leave, r);
    return gim_sse_stream(c, &t->options.sse, pull, r);
}

size_t gim_topic_readers(struct gim_topic *t)
{
    size_t n;

    if (!t)
        return 0;
    pthread_mutex_lock(&t->lock);
    n = t->readers;
    pthread_mutex_unlock(&t->lock);
    return n;
}

/* ---- publishing ------------------------------------------------------------------------------ */

static size_t take_batch(struct gim_list *from, struct gim_resumption batch[BATCH])
{
    size_t n = 0;

    while (n < BATCH && !gim_list_empty(from)) {
        struct reader *r = GIM_CONTAINER(from->next, struct reader, node);

        gim_list_remove(&r->node);
        batch[n++] = (struct gim_resumption){r->handle, NULL};
    }
    return n;
}

/* Those that wait now: who comes meanwhile has had the event. */
static void wake(struct gim_topic *t)
{
    struct gim_resumption batch[BATCH];
    struct gim_list now;
    size_t n;

    pthread_mutex_lock(&t->lock);
    gim_list_take(&t->waiting, &now);
    do {
        n = take_batch(&now, batch);
        pthread_mutex_unlock(&t->lock);
        gim_resume_all(batch, n);
        pthread_mutex_lock(&t->lock);
    } while (!gim_list_empty(&now));
    pthread_mutex_unlock(&t->lock);
}

static gim_str make_id(const struct gim_topic *t, char *text, size_t size)
{
    int n =
        snprintf(text, size, "%llx-%llu", (unsigned long long)t->epoch, (unsigned long long)t->end);

    return (gim_str){text, n > 0 ? (size_t)n : 0};
}

static void publish(struct gim_topic *t, struct gim_sse e, const struct gim_schema *s,
                    const void *obj)
{
    struct gim_buf *b;
    char text[40];
    bool kept;

    if (!t) { /* who publishes before .start, or in a test: nobody can have subscribed */
        gim_log(GIM_LOG_WARN, "topic", "an event is not published: the topic is NULL");
        return;
    }
    b = &t->scratch;
    pthread_mutex_lock(&t->lock);
    if (!e.id.len || !gim_event_id_ok(e.id))
        e.id = make_id(t, text, sizeof text);
    b->len = 0;
    if (s)
        gim_event_write_json(b, &e, s, obj);
    else
        gim_event_write(b, &e);
    kept = !b->full;
    if (kept)
        append(t, e.id, gim_buf_view(b));
    if (!kept || b->cap > SCRATCH_KEEP)
        gim_buf_free(b);
    pthread_mutex_unlock(&t->lock);
    if (kept)
        wake(t);
    else
        gim_log(GIM_LOG_ERROR, "topic",
                "an event is not published: it is larger than 1 GiB, or "
                "nested too deep");
}

void gim_topic_publish(struct gim_topic *t, const struct gim_sse *e)
{
    publish(t, *e, NULL, NULL);
}

void gim_topic_publish_json(struct gim_topic *t, const struct gim_sse *e,
                            const struct gim_schema *s, const void *obj)
{
    publish(t, *e, s, obj);
}

/* ---- life ------------------------------------------------------------------------------------ */

struct gim_topic *gim_topic_new(const struct gim_topic_options *options)
{
    struct gim_topic *t = gim_heap_alloc(sizeof *t);
    struct gim_topic_options *o = &t->options;

    if (options)
        *o = *options;
    o->max_events = o->max_events ? o->max_events : MAX_EVENTS;
    o->max_bytes = o->max_bytes ? o->max_bytes : MAX_BYTES;
    o->gap = o->gap ? o->gap : "gap";
    t->ring = gim_heap_alloc(o->max_events * sizeof *t->ring);
    t->epoch = gim_now().us;
    gim_list_init(&t->waiting);
    pthread_mutex_init(&t->lock, NULL);
    return t;
}

void gim_topic_free(struct gim_topic *t)
{
    if (!t)
        return;
    while (t->first < t->end)
        drop_oldest(t);
    pthread_mutex_destroy(&t->lock);
    gim_buf_free(&t->scratch);
    gim_heap_free(t->ring);
    gim_heap_free(t);
}
