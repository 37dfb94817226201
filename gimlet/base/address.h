/* address.h: IP addresses and networks as bytes. IPv4 is its mapped form (::ffff:a.b.c.d, RFC 4291
 * §2.5.5.2), so an address has one value however a socket or a proxy writes it. */
#ifndef BASE_ADDRESS_H
#define BASE_ADDRESS_H

#include <gimlet/str.h>

#define GIM_ADDRESS_MAX 46 /* text, with a NUL */

struct gim_address {
    uint8_t bytes[16];
};

/** Of the first `bits` bits; the rest of `base` does not count. */
struct gim_network {
    struct gim_address base;
    uint8_t bits; /* 0 to 128; of an IPv4 network 96 to 128 */
};

/** "192.0.2.1", "2001:db8::1"; nothing around it, no zone. 0, or -1. */
GIM_MUST_CHECK int gim_address_read(gim_str s, struct gim_address *out);
/** "10.0.0.0/8", "2001:db8::/32", or an address, which is a network of one. 0, or -1. */
GIM_MUST_CHECK int gim_network_read(gim_str s, struct gim_network *out);

bool gim_address_is_v4(const struct gim_address *a);
bool gim_address_in(const struct gim_address *a, const struct gim_network *n);
/** Text with a NUL; returns its length. */
size_t gim_address_write(char out[GIM_ADDRESS_MAX], const struct gim_address *a);

#endif
