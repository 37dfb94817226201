/* address.c: IP addresses; the texts are libc's (inet_pton, inet_ntop), which look nothing up. */
#include "address.h"
#include <arpa/inet.h>

static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};

int gim_address_read(gim_str s, struct gim_address *out)
{
    char text[GIM_ADDRESS_MAX];
    struct gim_address a;

    if (!s.len || s.len >= sizeof text || memchr(s.ptr, '\0', s.len))
        return -1;
    memcpy(text, s.ptr, s.len);
    text[s.len] = '\0';
    memcpy(a.bytes, mapped, sizeof mapped);
    if (inet_pton(AF_INET, text, a.bytes + sizeof mapped) != 1 &&
        inet_pton(AF_INET6, text, a.bytes) != 1)
        return -1;
    *out = a;
    return 0;
}

int gim_network_read(gim_str s, struct gim_network *out)
{
    gim_str address = gim_str_cut(&s, '/');
    struct gim_network n;
    int64_t bits;

    if (gim_address_read(address, &n.base))
        return -1;
    n.bits = 128;
    if (s.ptr) {
        bool v4 = gim_str_find(address, ':') == address.len;

        if (s.len > 3 || gim_str_to_int(s, &bits) || *s.ptr == '-' || bits > (v4 ? 32 : 128))
            return -1;
        n.bits = (uint8_t)(v4 ? bits + 96 : bits);
    }
    *out = n;
    return 0;
}

bool gim_address_is_v4(const struct gim_address *a)
{
    return memcmp(a->bytes, mapped, sizeof mapped) == 0;
}

bool gim_address_in(const struct gim_address *a, const struct gim_network *n)
{
    size_t whole = n->bits / 8;
    unsigned rest = n->bits % 8u;

    if (memcmp(a->bytes, n->base.bytes, whole) != 0)
        return false;
    return !rest || (a->bytes[whole] ^ n->base.bytes[whole]) >> (8 - rest) == 0;
}

size_t gim_address_write(char out[GIM_ADDRESS_MAX], const struct gim_address *a)
{
    bool v4 = gim_address_is_v4(a);

    if (!inet_ntop(v4 ? AF_INET : AF_INET6, a->bytes + (v4 ? sizeof mapped : 0), out,
                   GIM_ADDRESS_MAX))
        out[0] = '\0';
    return strlen(out);
}
