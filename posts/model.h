/* model.h: what a post is, its JSON names and rules. */
#ifndef POSTS_MODEL_H
#define POSTS_MODEL_H

#include <gimlet.h>

/** A post's id is an int64 inside, (milliseconds since the epoch << 20 | sequence): unique in its
 *  store and rising with time. Outside it is opaque text of POST_ID_LEN characters, in the same
 * order. */
#define POST_ID_LEN 13

struct post {
    gim_str id; /* the text form */
    gim_str title, body, author;
    gim_time created_at, updated_at;
};

extern const struct gim_schema post_schema;

/** id to text (POST_ID_LEN bytes at `out`, no NUL) and back (-1: not an id's text). */
void post_id_write(char out[POST_ID_LEN], int64_t id);
GIM_MUST_CHECK int post_id_read(gim_str text, int64_t *id);

#endif
