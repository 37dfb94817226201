/* origin.c: origins compared.
 *
 * The wildcard is anchored at both ends and stands for host characters only: what it must never do is
 * let "https://app.example.evil.test" or "https://evil.test/.example" pass for a host below
 * "app.example". */
#include "origin.h"

static bool is_host_char(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_';
}

/* Behind "://", or absent. */
static gim_str behind_scheme(gim_str s)
{
    const char *at = s.len ? memmem(s.ptr, s.len, "://", 3) : NULL;

    if (!at || at == s.ptr)
        return (gim_str){0};
    return (gim_str){at + 3, s.len - (size_t)(at + 3 - s.ptr)};
}

/* An entry with a star ("*.example.com:8443") against an origin: the same up to the star, the same behind it, and in
 * between one label or more. */
static bool matches_below(gim_str entry, gim_str origin)
{
    size_t star = gim_str_find(entry, '*');
    size_t tail = entry.len - star - 1;
    size_t middle;

    if (origin.len <= star + tail || memcmp(origin.ptr, entry.ptr, star) != 0 ||
        memcmp(origin.ptr + origin.len - tail, entry.ptr + star + 1, tail) != 0)
        return false;
    middle = origin.len - star - tail;
    for (size_t i = star; i < star + middle; i++) {
        if (!is_host_char(origin.ptr[i]))
            return false;
    }
    return origin.ptr[star] != '.' && origin.ptr[star + middle - 1] != '.';
}

bool gim_origin_in(gim_str list, gim_str origin)
{
    while (list.ptr) {
        gim_str entry = gim_str_trim(gim_str_cut(&list, ','));
        gim_str host = behind_scheme(entry);

        if (host.len > 1 && host.ptr[0] == '*' ? matches_below(entry, origin)
                                               : entry.len && gim_str_eq(entry, origin))
            return true;
    }
    return false;
}

bool gim_origin_entry_ok(gim_str entry)
{
    gim_str host = behind_scheme(entry);

    if (gim_str_eq(entry, GIM_S("null")))
        return true;
    if (gim_str_starts(host, GIM_S("*."))) {
        host.ptr += 2;
        host.len -= 2;
    }
    if (!host.len)
        return false;
    for (size_t i = 0; i < host.len; i++) {
        if (!is_host_char(host.ptr[i]) && !strchr(":[]", host.ptr[i]))
            return false;
    }
    for (const char *at = entry.ptr; *at != ':'; at++) {
        if (!is_host_char(*at) && *at != '+')
            return false;
    }
    return true;
}
