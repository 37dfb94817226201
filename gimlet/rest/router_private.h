/* router_private.h: what router_build.c makes and router.c walks.
 *
 * A place is a shape of path ("/posts/:" is one place, however its parameter is called) with a
 * route per method. Places without parameters are found by hash, the others at nodes of a tree
 * with one level a segment. */
#ifndef REST_ROUTER_PRIVATE_H
#define REST_ROUTER_PRIVATE_H

#include "router.h"

#define GIM_ROUTE_SEGMENTS 32 /* of one pattern at most */
#define GIM_ROUTE_BYTES 512   /* of one pattern at most */

struct gim_custom_method {
    struct gim_custom_method *next;
    gim_str name;
    const struct gim_bound_route *route;
};

struct gim_place {
    /* GIM_METHOD_OTHER holds the route of "*", which serves what no other entry does */
    const struct gim_bound_route *by_method[GIM_METHODS];
    struct gim_custom_method *custom;
};

struct gim_node {
    gim_str segment;            /* of a static child */
    struct gim_node **children; /* static ones, sorted by length, then bytes */
    uint32_t n_children, room;
    struct gim_node *param;  /* ":name" */
    struct gim_place *place; /* a pattern ends here */
    struct gim_place *rest;  /* a pattern goes on with "*rest" here */
    uint8_t n_params;        /* parameters from the root to here, this node's included */
};

/* A slot of the table of static paths; place NULL: empty. */
struct gim_fixed_path {
    uint32_t hash;
    gim_str path;
    struct gim_place *place;
};

struct gim_router {
    struct gim_arena arena; /* all but `routes` */
    struct gim_bound_route *routes;
    size_t n_routes;
    struct gim_node *root;
    struct gim_fixed_path *fixed; /* open addressing, at most half full */
    size_t fixed_mask;
    uint64_t fixed_lengths; /* bit n % 64: a static path of n bytes exists */
    enum gim_slash slash;
};

uint32_t gim_path_hash(gim_str path);
/** The static child for `segment`, or NULL with `*at` (may be NULL) where it would stand. */
struct gim_node *gim_node_child(const struct gim_node *n, gim_str segment, uint32_t *at);

#endif
