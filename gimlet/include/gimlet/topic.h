/**
 * gimlet/topic.h: one source of events, any number of readers: publish from any thread, read as
 * server-sent events (gimlet/sse.h).
 *
 *     static struct gim_topic *news; // made in .start, freed in .stop
 *
 *     static int read_news(struct gim_ctx *c)
 *     {
 *         return gim_topic_subscribe(c, news);
 *     }
 *
 *     GIM_GET("/news", read_news, .streams = true)
 *
 *     gim_topic_publish(news, &(struct gim_sse){.data = GIM_S("hello")}); // anywhere
 *
 * A topic keeps its latest events, encoded once, and each reader is a place among them: so a reader
 * costs no queue, whoever connects again with Last-Event-ID goes on behind that event, and the memory
 * of a topic is bounded whatever its readers do. A reader that is so slow that events it has not had
 * are let go gets a `gap` event and goes on with the oldest that is kept: it should then load the
 * state anew. So does one whose Last-Event-ID is not kept any more. One that takes nothing at all is
 * cut off by write_timeout, as any client is.
 */
#ifndef GIMLET_TOPIC_H
#define GIMLET_TOPIC_H

#include <gimlet/sse.h>

#ifdef __cplusplus
extern "C" {
#endif

struct gim_topic;

/** Zero is the default everywhere. */
struct gim_topic_options {
    size_t max_events; /* kept; 0: 1024 */
    size_t max_bytes;  /* kept, encoded; 0: 1 MiB. The newest event is kept whatever its size */
    size_t replay;     /* of the latest events that a new reader gets first */
    const char *gap;   /* name of the event that tells of lost ones; NULL: "gap". Its data is how
                           many were lost, or empty when that is not known */
    struct gim_sse_options sse;
};

/** Never NULL. `options` may be NULL; what they point at must outlive the topic. Any thread. */
struct gim_topic *gim_topic_new(const struct gim_topic_options *options);
/** Frees it. No reader may be left and nobody may publish: in .stop or later. NULL is allowed. */
void gim_topic_free(struct gim_topic *t);

/** Tells all readers. An event without an id gets one ("5f3a9c01b2d4-17": the topic's own part, so
 *  that ids of an earlier process are not taken for ours, and a number). Ids of your own must be
 *  different from each other. Copied. Any thread; not in a signal handler. */
void gim_topic_publish(struct gim_topic *t, const struct gim_sse *e);
/** The same, `e->data` being `obj` in JSON by `s`. */
void gim_topic_publish_json(struct gim_topic *t, const struct gim_sse *e,
                            const struct gim_schema *s, const void *obj);

/** Makes the reply an event stream of the topic: what was published behind the client's Last-Event-ID,
 *  or what is published from now on (and `replay`). It ends when the client leaves or the server
 *  stops. The route says .streams = true. Returns GIM_REPLIED. Loop thread. A topic that is NULL (it was
 *  not made) is logged: the client gets 500, and what is published to it is lost. */
int gim_topic_subscribe(struct gim_ctx *c, struct gim_topic *t);

/** Readers at the moment. Any thread. */
size_t gim_topic_readers(struct gim_topic *t);

#ifdef __cplusplus
}
#endif
#endif
