/* crowd.h: how many connections each address has, over all wires, and how many it may have. */
#ifndef WIRE_CROWD_H
#define WIRE_CROWD_H

#include <stdint.h>

struct gim_crowd;
struct gim_trusted;

/** At most `max` connections an address. `exempt` are never counted, and must outlive it; NULL: none. */
struct gim_crowd *gim_crowd_new(int64_t max, const struct gim_trusted *exempt);
void gim_crowd_free(struct gim_crowd *c);

enum gim_crowded {
    GIM_CROWD_ROOM,
    GIM_CROWD_FULL, /* over the limit by a few: there is time for a word */
    GIM_CROWD_CUT,  /* far over it, or there is no memory to count it */
};

/** Counts a connection of `peer`, an address in IPv6 form. `*key` is for gim_crowd_leave, also when
 *  there is no room; 0: not counted. An IPv6 address counts as its /64. Any thread. */
enum gim_crowded gim_crowd_enter(struct gim_crowd *c, const uint8_t peer[16], uint64_t *key);
void gim_crowd_leave(struct gim_crowd *c, uint64_t key);

#endif
