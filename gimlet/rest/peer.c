/* peer.c: who sent a request (http/forwarded.h has the rules of what is believed).
 *
 * Its users are the access log and, for handlers, gim_client of the kit. */
#include "peer.h"
#include "../wire/conn.h"

static void read_field(const struct gim_ctx *c, const char *field, struct gim_forwarded *f)
{
    gim_str name = gim_str_of(field ? field : "X-Forwarded-For"), line;
    bool standard = gim_str_eq_fold(name, GIM_S("Forwarded"));
    size_t at = 0;

    if (!c->x.head.size)
        return;
    while ((line = gim_header_next(c, name, &at)).ptr) {
        if (standard)
            gim_forwarded_line(f, line);
        else
            gim_forwarded_list(f, line);
    }
}

gim_str gim_ctx_client(struct gim_ctx *c, const struct gim_trusted *trusted, const char *field,
                       char text[GIM_PEER_MAX])
{
    static const struct gim_trusted nobody;
    struct gim_forwarded f = {.trusted = trusted ? trusted : &nobody};
    struct gim_address peer;
    gim_str remote = {text, c->x.conn ? gim_socket_peer(c->x.conn->stream, text) : 0};
    bool has_peer = remote.len && !gim_address_read(remote, &peer);

    if (!trusted && !gim_str_starts(remote, GIM_S("::ffff:")))
        return remote.len ? remote : (gim_str){0}; /* as it would be written again */
    if (trusted && (has_peer || trusted->local))
        read_field(c, field, &f);
    if (has_peer)
        gim_forwarded_next(&f, &peer);
    if (f.known)
        remote.len = gim_address_write(text, &f.client);
    return remote.len ? remote : (gim_str){0};
}

struct gim_trusted *gim_trusted_of(const char *list, gim_str *wrong)
{
    gim_str text = list ? gim_str_of(list) : (gim_str){0};
    struct gim_trusted *t;

    *wrong = (gim_str){0};
    if (!text.len || gim_str_eq(text, GIM_S("none")))
        return NULL;
    t = gim_heap_alloc(sizeof *t);
    *wrong = gim_trusted_read(t, text);
    return t;
}
