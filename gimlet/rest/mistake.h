/* mistake.h: what a handler did that no handler may: told with its route, in every build. Nothing of
 * it is on the way of a handler that does right. */
#ifndef REST_MISTAKE_H
#define REST_MISTAKE_H

#include "ctx.h"

enum gim_mistake {
    GIM_MISTAKE_NO_REPLY,  /* it returned without the reply it owes */
    GIM_MISTAKE_BAD_REPLY, /* it made one that cannot be sent */
    GIM_MISTAKE_TWICE,     /* a second reply replaced the first */
    GIM_MISTAKE_VALUE,     /* it gave, or asked for, what cannot be */
    GIM_MISTAKE_SUSPEND,   /* what it returned and whether it suspended do not agree */
    GIM_MISTAKE_PERMITTED, /* it called what its route does not allow */
    GIM_MISTAKE_LATE,      /* its deadline has answered for it */
    GIM_MISTAKE_HELD,      /* its handle was never resumed */
    GIM_MISTAKES
};

/** Logs "FILE:LINE: GET /posts/:id: " and the text. Of one kind and route the 1st, 2nd, 4th, 8th ...
 *  time, with the count: a route that is hot and wrong does not fill the disk. Any thread that may
 *  read the request. */
void gim_mistake(const struct gim_ctx *c, enum gim_mistake kind, const char *fmt, ...)
    GIM_PRINTF(3, 4);
/** A handler has ended without a reply, and that was wrong: tells how. */
void gim_mistake_of_result(const struct gim_ctx *c, int result);
/** The counters that gim_mistake needs, one row a route and one for what has none. */
void gim_mistakes_init(struct gim_app *app);

#endif
