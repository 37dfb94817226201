/* routes.h: the posts resource over a store. */
#ifndef POSTS_ROUTES_H
#define POSTS_ROUTES_H

#include "store.h"

/** What the handlers share; gim_state points at it. The first members are option rows' targets. */
struct posts {
    const char *store_url;
    bool require_if_match;
    const char *rate_limit;
    int64_t rate_burst;
    const char *tokens_file;
    struct store *store;
    struct gim_tokens *tokens; /* NULL: everybody may do everything */
    char **argv;               /* as main got it */
};

extern const struct gim_route posts_routes[];
/** Completes suspended requests; given to store_open. */
extern const struct store_host posts_host;

#endif
