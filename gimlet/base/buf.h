/* buf.h: a growing byte buffer with a hard cap.
 *
 * Appends never fail in the middle: a buffer that would pass `max`, or that is larger than 64 KiB and
 * finds no memory, stays as it is and is marked `full`, which the owner looks at once at the end. max 0
 * means GIM_BUF_MAX. Zero is valid. */
#ifndef BASE_BUF_H
#define BASE_BUF_H

#include <gimlet/str.h>

#define GIM_BUF_MAX ((size_t)1 << 30)

struct gim_buf {
    char *ptr;
    size_t len, cap, max;
    bool full;
};

/** Room for `n` more bytes at the returned place, or NULL (then `full`). Follow with b->len +=
 * used. */
char *gim_buf_reserve_slow(struct gim_buf *b, size_t n);
static inline char *gim_buf_reserve(struct gim_buf *b, size_t n)
{
    return n <= b->cap - b->len ? b->ptr + b->len : gim_buf_reserve_slow(b, n);
}

static inline void gim_buf_add(struct gim_buf *b, const char *p, size_t n)
{
    char *to = n ? gim_buf_reserve(b, n) : NULL;

    if (to) {
        memcpy(to, p, n);
        b->len += n;
    }
}

static inline void gim_buf_str(struct gim_buf *b, gim_str s)
{
    gim_buf_add(b, s.ptr, s.len);
}

static inline void gim_buf_char(struct gim_buf *b, char c)
{
    gim_buf_add(b, &c, 1);
}

#define gim_buf_lit(b, literal) gim_buf_add((b), "" literal, sizeof(literal) - 1)

void gim_buf_int(struct gim_buf *b, int64_t v);
void gim_buf_printf(struct gim_buf *b, const char *fmt, ...) GIM_PRINTF(2, 3);
/** Gives the memory back; the buffer is empty and usable. */
void gim_buf_free(struct gim_buf *b);

static inline gim_str gim_buf_view(const struct gim_buf *b)
{
    gim_str s = {b->ptr, b->len};
    return s;
}

#endif
