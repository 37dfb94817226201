/* file_reply.h: an open file as a reply: validators, ranges, the bytes. */
#ifndef KIT_FILE_REPLY_H
#define KIT_FILE_REPLY_H

#include "../net/file.h"
#include <gimlet/ctx.h>

struct gim_file_reply {
    struct gim_file file;      /* open; taken over: closed with the request */
    gim_str media_type;        /* in the arena, or static */
    gim_str coding;            /* Content-Encoding; empty: none */
    const char *cache_control; /* NULL: none */
};

/** Makes the reply: 200, 206, 304, 412 or 416. Returns GIM_REPLIED. */
int gim_file_reply(struct gim_ctx *c, const struct gim_file_reply *r);

#endif
