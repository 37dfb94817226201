/* authority.c: host and port, as the Host field and absolute targets hold them (RFC 3986 §3.2).
 *
 * Only the shape is checked. A comma is a legal byte of a reg-name but refused: "a,b" is what two
 * Host fields look like once something has joined them (RFC 9112 §3.2). */
#include "parse.h"
#include "chars.h"

#define PORT_DIGITS 5

bool gim_escape_ok(const char *at, const char *end)
{
    return end - at > 2 && gim_char_hex(at[1]) >= 0 && gim_char_hex(at[2]) >= 0;
}

static bool port_ok(const char *at, const char *end)
{
    if (end - at > PORT_DIGITS)
        return false;
    for (; at < end; at++) {
        if (*at < '0' || *at > '9')
            return false;
    }
    return true;
}

/* The end of "[...]", or NULL when it is not an IP literal. */
static const char *literal_end(const char *at, const char *end)
{
    const char *from = ++at;

    while (at < end && (gim_char_is(*at, GIM_CHAR_HOST) || *at == ':'))
        at++;
    return at < end && *at == ']' && at > from ? at + 1 : NULL;
}

static const char *name_end(const char *at, const char *end)
{
    const char *from = at;

    for (; at < end; at++) {
        if (gim_char_is(*at, GIM_CHAR_HOST))
            continue;
        if (*at != '%' || !gim_escape_ok(at, end))
            break;
    }
    return at > from ? at : NULL;
}

bool gim_host_ok(gim_str s)
{
    const char *end = s.ptr + s.len;
    const char *at;

    if (!s.len)
        return false;
    at = *s.ptr == '[' ? literal_end(s.ptr, end) : name_end(s.ptr, end);
    if (!at)
        return false;
    return at == end || (*at == ':' && port_ok(at + 1, end));
}

/* Without the port that the scheme implies, or an empty one. */
static gim_str without_default_port(gim_str s, gim_str port)
{
    if (s.len > port.len && memcmp(s.ptr + s.len - port.len, port.ptr, port.len) == 0)
        s.len -= port.len;
    else if (s.len && s.ptr[s.len - 1] == ':')
        s.len--;
    return s;
}

bool gim_host_same(gim_str a, gim_str b, bool https)
{
    gim_str port = https ? GIM_S(":443") : GIM_S(":80");

    return gim_str_eq_fold(without_default_port(a, port), without_default_port(b, port));
}
