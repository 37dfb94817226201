/* conversations.h: HTTP text by a generator with a fixed start, and changes to it that two readers may
 * read differently: framing fields, chunk sizes, ends of lines, anywhere and where a line begins. */
#ifndef TESTS_HTTP_CONVERSATIONS_H
#define TESTS_HTTP_CONVERSATIONS_H

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#define TEXT_MAX 2048 /* bytes of a conversation */
#define COUNT(list) (sizeof(list) / sizeof((list)[0]))

static uint64_t seed = 20261125;

static inline uint32_t below(uint32_t n)
{
    seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (uint32_t)(seed >> 33) % n;
}

#define ONE_OF(list) (list)[below(COUNT(list))]

static const char alphabet[] = "\r\n\r\n \t:;,0123456789abcdefABCDEF/?*%#\\\"=-_+GETPOSThtpxk."
                               "\x00\x01\x0b\x0c\x7f\x80\xc3\xff";

/* Pieces that mean something somewhere. */
static const char *const pieces[] = {
    "\r\n",
    "\r\n\r\n",
    "\n",
    "\r",
    " ",
    "\t",
    "0\r\n\r\n",
    "5\r\nhello\r\n",
    "5;a=b\r\nhello\r\n",
    "5;a=\"\x7f\"\r\nhello\r\n",
    "10000000000000005\r\nhello\r\n",
    "00000000000000005\r\nhello\r\n",
    "Content-Length: 18446744073709551621\r\n",
    "Content-Length: 5\r\n",
    "Content-Length: 0\r\n",
    "Content-Length: +5\r\n",
    "Content-Length: 5, 5\r\n",
    "Content-Length:\r\n",
    "Transfer-Encoding:\r\n",
    "Content-Length: 99999999999999999999\r\n",
    "Content-Length: 9999999999999999999\r\n",
    "Content_Length: 7\r\n",
    "Transfer-Encoding: chunked\r\n",
    "Transfer-Encoding: gzip, chunked\r\n",
    "Transfer-Encoding: identity\r\n",
    "Transfer-Encoding:\tchunked \r\n",
    "transfer-encoding: xchunked\r\n",
    "Connection: close\r\n",
    "Connection: keep-alive\r\n",
    "Connection: upgrade, Close\r\n",
    "Upgrade: h2c\r\n",
    "Content-Type: a/b\r\n",
    "X: y\r\n z\r\n",
    "\r\n\r\n\r\n",
    "chunked",
    ",",
    ";",
    "0",
    "f",
    "ffffffffffffffff",
};

struct text {
    char bytes[TEXT_MAX];
    size_t len;
};

static inline void put(struct text *t, const char *bytes, size_t n)
{
    n = n < TEXT_MAX - t->len ? n : TEXT_MAX - t->len;
    memcpy(t->bytes + t->len, bytes, n);
    t->len += n;
}

static inline void puts_of(struct text *t, const char *s)
{
    put(t, s, strlen(s));
}

static inline void put_content(struct text *t, size_t n)
{
    for (; n; n--)
        put(t, &alphabet[below(sizeof alphabet - 1)], 1);
}

static inline void put_chunks(struct text *t)
{
    char line[64];

    for (uint32_t n = below(4); n; n--) {
        uint32_t size = 1 + below(40);

        snprintf(line, sizeof line, below(2) ? "%x" : "%04X", size);
        puts_of(t, line);
        puts_of(t, below(4) ? "\r\n" : ";a=b;c=\"d\"\r\n");
        put_content(t, size);
        puts_of(t, "\r\n");
    }
    puts_of(t, below(2) ? "0\r\n" : "000;last\r\n");
    if (!below(4))
        puts_of(t, "X-Trailer: t\r\nContent-Length: 3\r\n");
    puts_of(t, "\r\n");
}

static inline void splice(struct text *t, size_t at, const char *bytes, size_t n)
{
    if (t->len + n > TEXT_MAX)
        return;
    memmove(t->bytes + at + n, t->bytes + at, t->len - at);
    memmove(t->bytes + at, bytes, n);
    t->len += n;
}

static inline void cut(struct text *t, size_t at, size_t n)
{
    n = n < t->len - at ? n : t->len - at;
    memmove(t->bytes + at, t->bytes + at + n, t->len - at - n);
    t->len -= n;
}

/* A place: anywhere, or where a line begins. */
static inline size_t place(const struct text *t)
{
    size_t at = below((uint32_t)t->len + 1);
    const char *line = below(2) ? memchr(t->bytes + at, '\n', t->len - at) : NULL;

    return line ? (size_t)(line - t->bytes) + 1 : at;
}

static inline void other_version(struct text *t)
{
    char *at = memmem(t->bytes, t->len, "HTTP/1.1", 8);

    if (at) {
        at[5] = (char)('0' + below(4));
        at[7] = (char)('0' + below(4));
    }
}

/* One change; `more` and the pieces above may be put in. */
static inline void mutate(struct text *t, const char *const *more, size_t n_more)
{
    size_t at = place(t);
    uint32_t pick = below((uint32_t)(COUNT(pieces) + n_more));
    const char *piece = pick < COUNT(pieces) ? pieces[pick] : more[pick - COUNT(pieces)];
    char again[16];
    size_t n = below(sizeof again);

    switch (below(8)) {
    case 0: /* another byte */
        if (at < t->len)
            t->bytes[at] = alphabet[below(sizeof alphabet - 1)];
        break;
    case 1: /* one byte more */
        splice(t, at, &alphabet[below(sizeof alphabet - 1)], 1);
        break;
    case 2: /* some bytes less */
        cut(t, at, 1 + below(4));
        break;
    case 3: /* some bytes twice */
        n = n < t->len - at ? n : t->len - at;
        memcpy(again, t->bytes + at, n);
        splice(t, at, again, n);
        break;
    case 4:
        other_version(t);
        break;
    default:
        splice(t, at, piece, strlen(piece));
    }
}

#endif
