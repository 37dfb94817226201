/* cursor.c: a cursor is the text of the last id and a check value over it and the filter, so that a
 * page cannot be asked for with another filter than the one before it. Not a secret: a client that
 * forges one only reads posts that it may read anyway. */
#include "cursor.h"
#include "hash.h"
#include "model.h"

#define CHECK_LEN 8
#define CURSOR_LEN (POST_ID_LEN + CHECK_LEN)

static void check_write(char out[CHECK_LEN], gim_str id, gim_str author)
{
    static const char hex[] = "0123456789abcdef";
    uint64_t h = posts_hash(posts_hash(author.ptr ? 1 : 0, author), id);

    for (int i = 0; i < CHECK_LEN; i++)
        out[i] = hex[(h >> (4 * i)) & 15];
}

gim_str cursor_write(struct gim_arena *a, int64_t last, gim_str author)
{
    char *text = gim_alloc_raw(a, CURSOR_LEN, 1);

    post_id_write(text, last);
    check_write(text + POST_ID_LEN, (gim_str){text, POST_ID_LEN}, author);
    return (gim_str){text, CURSOR_LEN};
}

int cursor_read(gim_str text, gim_str author, int64_t *before)
{
    gim_str id = {text.ptr, POST_ID_LEN};
    char check[CHECK_LEN];

    if (text.len != CURSOR_LEN || post_id_read(id, before))
        return -1;
    check_write(check, id, author);
    return memcmp(check, text.ptr + POST_ID_LEN, CHECK_LEN) == 0 ? 0 : -1;
}
