/* router_build.h: checks of one route, between router_build.c and router_check.c. Each defect is a
 * line in `why` that starts with the place of the row; all functions return the number of them. */
#ifndef REST_ROUTER_BUILD_H
#define REST_ROUTER_BUILD_H

#include "router.h"

#define GIM_ROUTE_PLACE 128 /* room for "posts/routes.c:12" */

/** Checks methods, pattern, handler; fills the names of the parameters. */
unsigned gim_route_check(struct gim_bound_route *route, struct gim_buf *why);
/** "FILE:LINE: METHOD PATTERN: what" and a newline; returns 1. */
unsigned gim_route_defect(struct gim_buf *why, const struct gim_bound_route *route,
                          const char *what, ...) GIM_PRINTF(3, 4);
/** "FILE:LINE: GET /a/:b clashes with GET /a/:c at FILE:LINE"; returns 1. */
unsigned gim_route_clash(struct gim_buf *why, const struct gim_bound_route *route,
                         const struct gim_bound_route *other);
/** Where the row stands, NUL-terminated in `room`; returns the length. */
size_t gim_route_place(const struct gim_bound_route *route, char *room, size_t size);

#endif
