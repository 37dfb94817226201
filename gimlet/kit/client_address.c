/* client_address.c: gim_client: the peer, or whom the trusted proxies name (http/forwarded.h).
 *
 * The middleware only leaves its set-up in the request; the field is read when a handler or another
 * middleware asks, and the answer is kept, since the peer's address costs a system call. */
#include "../http/forwarded.h"
#include "../rest/ctx.h"
#include <gimlet/client.h>

static const char proxies_key, client_key; /* their addresses are the names */

int gim_proxies_before(struct gim_ctx *c)
{
    gim_put(c, &proxies_key, (void *)(uintptr_t)gim_with(c));
    return GIM_OK;
}

gim_str gim_proxies_check(gim_str trusted)
{
    struct gim_trusted t;

    return gim_trusted_read(&t, trusted);
}

const char *gim_proxies_wrong(const void *with)
{
    const struct gim_proxies *p = with;

    if (gim_proxies_check(gim_str_of(p->trusted)).ptr)
        return ".trusted holds an entry that is no address, no network and not \"unix\", or more "
               "than 32";
    return !p->trusted && !p->setting ? ".trusted or .setting must say which proxies are yours"
                                      : NULL;
}

static gim_str trusted_of(const struct gim_proxies *p)
{
    if (p && p->setting && *p->setting)
        return gim_str_of(*p->setting);
    return gim_str_of(p ? p->trusted : NULL);
}

static void read_field(struct gim_ctx *c, const char *field, struct gim_forwarded *f)
{
    gim_str name = gim_str_of(field ? field : "X-Forwarded-For"), line;
    bool standard = gim_str_eq_fold(name, GIM_S("Forwarded"));
    size_t at = 0;

    while ((line = gim_header_next(c, name, &at)).ptr) {
        if (standard)
            gim_forwarded_line(f, line);
        else
            gim_forwarded_list(f, line);
    }
}

static gim_str find_client(struct gim_ctx *c)
{
    const struct gim_proxies *p = gim_get(c, &proxies_key);
    struct gim_trusted trusted;
    struct gim_forwarded f = {.trusted = &trusted};
    gim_str remote = gim_remote(c);
    char text[GIM_ADDRESS_MAX];
    struct gim_address peer;
    bool has_peer;

    if (!p && !gim_str_starts(remote, GIM_S("::ffff:")))
        return remote; /* as it would be written again */
    has_peer = !gim_address_read(remote, &peer);
    (void)gim_trusted_read(&trusted, trusted_of(p));
    if (p && (has_peer || trusted.local))
        read_field(c, p->field, &f);
    if (has_peer)
        gim_forwarded_next(&f, &peer);
    if (!f.known)
        return remote;
    return gim_dup(gim_arena(c), (gim_str){text, gim_address_write(text, &f.client)});
}

gim_str gim_client(struct gim_ctx *c)
{
    gim_str *kept = gim_get(c, &client_key);

    if (!kept) {
        kept = GIM_NEW(gim_arena(c), gim_str);
        *kept = find_client(c);
        gim_put(c, &client_key, kept);
    }
    return *kept;
}
