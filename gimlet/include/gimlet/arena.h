/**
 * gimlet/arena.h: memory by lifetime.
 *
 * Everything allocated from an arena is freed at once, when the arena is. The request's arena
 * (`gim_arena(c)`) lives until the reply has left *and* nothing that was started for the request
 * (a suspended handle, a blocking job) is still under way. There is no free of a single object.
 *
 * Not thread-safe: an arena is used by one thread at a time. A handler that has suspended may let
 * another thread allocate from it until it resumes.
 */
#ifndef GIMLET_ARENA_H
#define GIMLET_ARENA_H

#include <gimlet/str.h>

#ifdef __cplusplus
extern "C" {
#endif

struct gim_arena;

/** `size` zeroed bytes aligned for any object. Never NULL: when the heap is empty
 *  it is of a reserve of 1 MiB, and new requests get 503; when that is empty, too, the process ends
 *  with one line (docs/decisions/0023-when-memory-is-gone.md). */
void *gim_alloc(struct gim_arena *a, size_t size);

/** As gim_alloc, not zeroed, with the alignment given (a power of two, at most 16). */
void *gim_alloc_raw(struct gim_arena *a, size_t size, size_t align);

/** A zeroed `type`, or `n` of them: `struct post *p = GIM_NEW(gim_arena(c), struct post);` */
#define GIM_NEW(arena, type) ((type *)gim_alloc((arena), sizeof(type)))
#define GIM_NEW_N(arena, type, n) ((type *)gim_alloc_n((arena), (n), sizeof(type)))

/** `n * size` zeroed bytes; an overflow of the product aborts. */
void *gim_alloc_n(struct gim_arena *a, size_t n, size_t size);

/** A copy of `s` in the arena, followed by a NUL that is not counted. Absent stays absent. */
gim_str gim_dup(struct gim_arena *a, gim_str s);

/** A string formatted as by printf, in the arena, followed by a NUL that is not counted. For a
 *  gim_str use "%.*s" with GIM_FMT. A format that fails gives the empty string. */
gim_str gim_printf(struct gim_arena *a, const char *fmt, ...) GIM_PRINTF(2, 3);

#ifdef __cplusplus
}
#endif
#endif
