/* memory.c: a stream without a socket: the test client's and the fuzzer's end of a connection.
 *
 * What the owner writes is collected, what it is fed it gets at once. Unless the peer is bounded,
 * nothing is ever pending; then `out` holds what is pending too, and pending_len counts it. */
#include "../base/arena.h"
#include "stream.h"

#define OUT_MIN 1024

static struct gim_memory *memory_of(struct gim_stream *s)
{
    return GIM_CONTAINER(s, struct gim_memory, stream);
}

static void memory_write(struct gim_stream *s, gim_str data)
{
    struct gim_memory *m = memory_of(s);
    size_t cap = m->out_cap ? m->out_cap : OUT_MIN;

    if (m->closed || m->shut || data.len == 0)
        return;
    while (cap - m->out_len < data.len)
        cap *= 2;
    if (cap != m->out_cap) {
        m->out = gim_heap_grow(m->out, cap);
        m->out_cap = cap;
    }
    memcpy(m->out + m->out_len, data.ptr, data.len);
    m->out_len += data.len;
    if (m->bounded) {
        size_t taken = data.len < m->room ? data.len : m->room;

        m->room -= taken;
        s->pending_len += (uint32_t)(data.len - taken);
    }
}

static void memory_read_stop(struct gim_stream *s)
{
    memory_of(s)->stopped = true;
}

static void memory_read_start(struct gim_stream *s)
{
    memory_of(s)->stopped = false;
}

static void memory_shut_write(struct gim_stream *s)
{
    memory_of(s)->shut = true;
}

static void memory_close(struct gim_stream *s, bool reset)
{
    struct gim_memory *m = memory_of(s);

    if (m->closed)
        return;
    m->closed = true;
    m->reset = reset;
}

static const struct gim_stream_ops memory_ops = {
    .write = memory_write,
    .read_stop = memory_read_stop,
    .read_start = memory_read_start,
    .shut_write = memory_shut_write,
    .close = memory_close,
};

void gim_memory_open(struct gim_memory *m, struct gim_loop *l, const struct gim_stream_user *user)
{
    *m = (struct gim_memory){.stream = {.ops = &memory_ops, .user = user, .loop = l, .io.fd = -1}};
}

void gim_memory_feed(struct gim_memory *m, gim_str data)
{
    if (!m->closed && !m->stopped && data.len)
        m->stream.user->on_data(&m->stream, data);
}

void gim_memory_end(struct gim_memory *m)
{
    if (!m->closed && !m->stopped)
        m->stream.user->on_end(&m->stream);
}

void gim_memory_take(struct gim_memory *m, size_t n)
{
    struct gim_stream *s = &m->stream;
    uint32_t taken = n < s->pending_len ? (uint32_t)n : s->pending_len;

    m->room += n - taken;
    if (m->closed || !taken)
        return;
    s->pending_len -= taken;
    if (!s->pending_len)
        s->user->on_drained(s);
}

void gim_memory_free(struct gim_memory *m)
{
    gim_heap_free(m->out);
    m->out = NULL;
    m->out_len = m->out_cap = 0;
}
