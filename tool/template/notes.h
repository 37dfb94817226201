/* notes.h: notes in memory: POST, GET and DELETE. Replace the store by yours; keep the rows. */
#ifndef NOTES_H
#define NOTES_H

#include <gimlet.h>

#define NOTES_MAX 1000
#define NOTES_TEXT_MAX 500 /* characters */

struct note {
    int64_t id;
    gim_str text;
};

/* One worker's, so without a lock. A note is kept as bytes of its own: what a request holds goes with
 * the request. Zero is an empty store. */
struct notes {
    char *texts[NOTES_MAX];
    size_t lens[NOTES_MAX];
    int64_t last;
};

extern const struct gim_route notes_routes[];

#endif
