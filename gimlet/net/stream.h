/* stream.h: a byte stream of a connection, push-shaped: TCP and unix sockets (socket.c), memory
 * (memory.c, for the test client), TLS over a socket (tls.c). The user of a stream knows only this
 * table.
 *
 * Reading: `on_data` gets slices that are valid during the call. Writing: `write` takes everything:
 * what the kernel does not take now is kept (bounded by the user, who looks at `pending` and stops
 * producing) and `on_drained` is called once when all of it has left. `on_end` is the peer's FIN:
 * the stream can still be written. `on_error` is RST, EPIPE and the like: only close may follow.
 * No callback runs inside `write` or `close`; a callback may close the stream it came from. */
#ifndef NET_STREAM_H
#define NET_STREAM_H

#include "loop.h"
#include <sys/types.h>

struct gim_stream;

struct gim_stream_user { /* what the owner wants to hear; one const table an owner type */
    void (*on_open)(struct gim_stream *s); /* dialled streams, once: connected. Accepted ones never
                                              call it */
    void (*on_data)(struct gim_stream *s, gim_str data);
    void (*on_drained)(struct gim_stream *s);
    void (*on_end)(struct gim_stream *s);
    void (*on_error)(struct gim_stream *s, int err);
};

struct gim_stream_ops {
    void (*write)(struct gim_stream *s, gim_str data);
    /** Sends of a file what the kernel takes now, when nothing is pending: returns how many bytes; if
     *  fewer than `len`, on_drained is called when more can be sent. -1 when the file cannot be read,
     *  or ends before. NULL: the stream cannot; read and write. */
    ssize_t (*send_file)(struct gim_stream *s, int fd, int64_t at, size_t len);
    void (*read_stop)(struct gim_stream *s); /* no on_data, on_end until read_start */
    void (*read_start)(
        struct gim_stream *s); /* data that waits is delivered from the next turn on */
    void (*shut_write)(struct gim_stream *s);        /* FIN once pending bytes have left */
    void (*close)(struct gim_stream *s, bool reset); /* ends it now; frees the socket and pending;
                                                        the memory of *s is the owner's */
    /** Of a layer: the stream below it, which holds what this one wrote. NULL, also as its answer:
     *  there is none. */
    const struct gim_stream *(*below)(const struct gim_stream *s);
};

struct gim_stream {
    const struct gim_stream_ops *ops;
    const struct gim_stream_user *user;
    void *owner; /* the user's own; not touched by the stream */
    struct gim_loop *loop;
    struct gim_io io;
    char *pending_ptr; /* private: bytes not yet taken by the kernel; heap, none when drained */
    uint32_t pending_len, pending_at, pending_cap; /* private */
    uint8_t flags;                                 /* private */
    uint8_t err; /* private: errno of a failed write, until on_error is called */
};

/** The stream below a layer; NULL: it is none. */
static inline const struct gim_stream *gim_stream_below(const struct gim_stream *s)
{
    return s->ops->below ? s->ops->below(s) : NULL;
}

/** Bytes written but not yet taken by the kernel. Of a layer they are the bytes it made of them. */
static inline size_t gim_stream_pending(const struct gim_stream *s)
{
    const struct gim_stream *below = gim_stream_below(s);

    return s->pending_len - s->pending_at + (below ? below->pending_len - below->pending_at : 0);
}

/** Starts on a connected non-blocking socket: adds it to the loop. 0, or -1 with errno (the fd
 * stays the caller's). */
GIM_MUST_CHECK int gim_socket_open(struct gim_stream *s, struct gim_loop *l, int fd,
                                   const struct gim_stream_user *user);

/** The same on a socket whose connect has begun: `on_open` is called once it is connected, or on_error
 *  with the reason, in a later turn. What is written before leaves then. `err` is what connect said
 *  at once (ECONNREFUSED of a unix socket), 0 for EINPROGRESS: it is told by on_error like any. */
GIM_MUST_CHECK int gim_socket_open_dialled(struct gim_stream *s, struct gim_loop *l, int fd,
                                           int err, const struct gim_stream_user *user);

#define GIM_PEER_MAX 48
/** The peer's IP address as text ("127.0.0.1", "2001:db8::1"), without NUL; returns its length, 0
 *  when it has none (unix sockets, memory). One system call: for logs, not for the hot path. */
size_t gim_socket_peer(const struct gim_stream *s, char out[GIM_PEER_MAX]);

/** Closes an accepted fd that no stream was opened on. */
void gim_socket_close(int fd);

/** A stream without a socket. The test feeds it with gim_memory_feed and finds what was written. With
 *  `bounded` the peer takes only what gim_memory_take lets it: the rest is pending. */
struct gim_memory {
    struct gim_stream stream;
    char *out;
    size_t out_len, out_cap;
    size_t room; /* bytes that the peer still takes */
    bool bounded;
    bool shut, closed, reset; /* what the owner did */
    bool stopped;             /* reading is stopped: feed later */
};
void gim_memory_open(struct gim_memory *m, struct gim_loop *l, const struct gim_stream_user *user);
void gim_memory_feed(struct gim_memory *m, gim_str data); /* one on_data, if open and not stopped */
void gim_memory_end(struct gim_memory *m);                /* on_end */
void gim_memory_take(struct gim_memory *m, size_t n); /* so many more; on_drained when all left */
void gim_memory_free(struct gim_memory *m);

#endif
