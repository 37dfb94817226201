/**
 * gimlet/test.h: call an application without a socket, through the real parser, router and writer.
 *
 *     struct gim_test_reply r = gim_test_call(app, "POST", "/posts", NULL, "{\"title\":\"t\"}");
 *     assert(r.status == 201 && gim_str_eq(gim_test_header(&r, "Location"), GIM_S("/posts/1")));
 *     gim_test_free(&r);
 *
 * One thread at a time. Suspended and blocking handlers work: the call runs the loop until the
 * reply is there (30 s at most, then status 0).
 */
#ifndef GIMLET_TEST_H
#define GIMLET_TEST_H

#include <gimlet/app.h>

#ifdef __cplusplus
extern "C" {
#endif

struct gim_test_reply {
    int status;   /* 0: the connection ended without an answer */
    gim_str head; /* status line and fields, as sent */
    gim_str body;
    gim_str raw; /* every byte sent on the connection */
    bool closed; /* the server ended the connection after it */
};

/** One request on a connection of its own. `headers`: "Name: value\r\n..." or NULL (Host is added
 *  unless given); `body`: NUL-terminated, with its Content-Length, or NULL for none. Free the reply
 *  with gim_test_free. */
struct gim_test_reply gim_test_call(struct gim_app *app, const char *method, const char *target,
                                    const char *headers, const char *body);
/** Raw bytes, one on_data per `chunk` bytes (0: all in one). For parsers and pipelining; `status`,
 *  `head` and `body` are of the first answer, `raw` holds all. */
struct gim_test_reply gim_test_bytes(struct gim_app *app, gim_str bytes, size_t chunk);
/** The value of a field of the head, name in any case; absent when it has none. A slice of `r`. */
gim_str gim_test_header(const struct gim_test_reply *r, const char *name);
/** Frees the bytes of a reply; `*r` is {0} afterwards. The application stays the caller's. */
void gim_test_free(struct gim_test_reply *r);

#ifdef __cplusplus
}
#endif
#endif
