/* client_address.c: gim_client: the peer, or whom the trusted proxies name (rest/peer.c).
 *
 * The middleware only leaves its set-up in the request; the field is read when a handler or another
 * middleware asks, and the answer is kept, since the peer's address costs a system call. */
#include "../rest/peer.h"
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

/* The list as it was read by whoever came first; who comes second at the same moment gives its own
 * back. */
static const struct gim_trusted *trusted_of(const struct gim_proxies *p)
{
    void *there = __atomic_load_n(&p->list->inside, __ATOMIC_ACQUIRE);
    const char *text = p->setting && *p->setting ? *p->setting : p->trusted;
    struct gim_trusted *made;

    if (there)
        return there;
    made = gim_heap_alloc(sizeof *made);
    (void)gim_trusted_read(made, text ? gim_str_of(text) : (gim_str){0});
    if (__atomic_compare_exchange_n(&p->list->inside, &there, made, false, __ATOMIC_ACQ_REL,
                                    __ATOMIC_ACQUIRE))
        return made;
    gim_heap_free(made);
    return there;
}

static gim_str find_client(struct gim_ctx *c)
{
    const struct gim_proxies *p = gim_get(c, &proxies_key);
    char text[GIM_PEER_MAX];
    gim_str client =
        gim_ctx_client(c, p ? trusted_of(p) : gim_ctx_app(c)->trusted, p ? p->field : NULL, text);

    return client.len ? gim_dup(gim_arena(c), client) : (gim_str){0};
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
