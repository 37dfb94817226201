/**
 * gimlet/client.h: the address of whoever sent the request, proxies seen through.
 *
 * Behind a proxy gim_remote is the proxy. What the proxy was called by stands in a field that any
 * client can write too; so nothing is believed until the application says which machines are its
 * proxies, and which field they write:
 *
 *     static const struct gim_middleware proxies = GIM_PROXIES(.trusted = "127.0.0.1, 10.0.0.0/8");
 *     static const struct gim_middleware *const outer[] = {&proxies, NULL};
 *
 *     gim_str who = gim_client(c);
 *
 * Who runs the program can say so too, with the option --trusted-proxies, for X-Forwarded-For: it
 * holds where there is no GIM_PROXIES, and for the access log and --max-connections-per-address.
 *
 * The field is read from the right: the first address that is no trusted proxy is the client.
 * Whatever stands to the left of it was said by the client and is not looked at. Text that is no
 * address ("unknown", RFC 7239 §6.3) ends the search at the proxy that wrote it.
 */
#ifndef GIMLET_CLIENT_H
#define GIMLET_CLIENT_H

#include <gimlet/app.h>

#ifdef __cplusplus
extern "C" {
#endif

/** The list, once it was read; the macro makes one. */
struct gim_proxies_list {
    void *inside;
};

/** Which proxies are believed, and what they write: GIM_PROXIES. */
struct gim_proxies {
    const char
        *trusted; /* networks and addresses, ", "-separated: "10.0.0.0/8, ::1"; the word "unix"
                            trusts whoever calls on a unix socket */
    const char *const
        *setting; /* or where such text will stand when requests come: &state.trusted */
    /** The one field that the proxies write; NULL: X-Forwarded-For. "Forwarded" is read by RFC 7239,
     *  any other name as a list of addresses. Name none that your proxies pass on from clients. */
    const char *field;
    struct gim_proxies_list *list; /* set by the macro */
};

/** A middleware value; put it first. */
#define GIM_PROXIES(...)                                                                           \
    {                                                                                              \
        .name = "proxies", .before = gim_proxies_before,                                           \
        .with = GIM_MADE_(const struct gim_proxies, __VA_ARGS__,                                   \
                          .list = GIM_MADE_(struct gim_proxies_list, NULL)),                       \
        .wrong = gim_proxies_wrong                                                                 \
    }

/** The client's address, "192.0.2.1" or "2001:db8::1" (an IPv4 address in IPv6 form is written as
 *  IPv4); absent where gim_remote is. Without GIM_PROXIES and --trusted-proxies it is the peer. The first call of a request
 *  costs a system call and reads the field, those that follow cost nothing. Loop thread. */
gim_str gim_client(struct gim_ctx *c);

/** What is wrong with a list of networks: the first entry that is none; absent: nothing (an empty
 *  list trusts nobody). For a setting, in .start. */
gim_str gim_proxies_check(gim_str trusted);

/** The parts of GIM_PROXIES. */
int gim_proxies_before(struct gim_ctx *c);
const char *gim_proxies_wrong(const void *with);

#ifdef __cplusplus
}
#endif
#endif
