/* ids.h: where ids come from. The text form is in model.h. */
#ifndef POSTS_IDS_H
#define POSTS_IDS_H

#include <stdatomic.h>
#include <stdint.h>

/** An id is (milliseconds since the epoch << 20 | sequence). The lowest bits of the sequence name a
 *  lane, so that a store that keeps its posts in lanes finds a post's lane in its id. */
#define POST_ID_SHIFT 20
#define POST_ID_LANES 16

/** The last id given. Zero is valid: none yet. A store that opens a file sets it to the greatest id
 *  found there, so that a clock set back never gives an id twice. */
struct post_ids {
    _Atomic int64_t last;
};

/** The next id, above every id given before, from any thread. When the clock stands still (or a
 *  millisecond's 65,536 ids are used up) ids go on counting from the last one. */
int64_t post_ids_next(struct post_ids *ids, int64_t now_ms, unsigned lane);

#endif
