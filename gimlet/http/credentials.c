/* credentials.c: what stands behind "Authorization:".
 *
 * "Malformed" is kept apart from "none": a client that tried and failed to write credentials is told
 * so (RFC 6750 §3.1, invalid_request) instead of being asked for what it believes to have sent. */
#include "credentials.h"
#include "../base/base64.h"
#include "chars.h"

/* Cuts the scheme and the spaces behind it; what is left, or absent when it is another scheme. */
static gim_str behind_scheme(gim_str field, gim_str scheme)
{
    gim_str rest = field, first = gim_str_cut(&rest, ' ');

    if (!gim_str_eq_fold(first, scheme))
        return (gim_str){0};
    return rest.ptr ? gim_str_trim(rest) : GIM_S("");
}

/* token68 (RFC 9110 §11.2). */
static bool is_token68(gim_str s)
{
    while (s.len && s.ptr[s.len - 1] == '=')
        s.len--;
    for (size_t i = 0; i < s.len; i++) {
        char c = s.ptr[i];

        if (!((c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z')) &&
            !(c && strchr("-._~+/", c)))
            return false;
    }
    return s.len > 0;
}

enum gim_credentials gim_bearer_read(gim_str field, gim_str *token)
{
    gim_str rest = behind_scheme(field, GIM_S("Bearer"));

    if (!rest.ptr)
        return GIM_CREDENTIALS_NONE;
    if (!is_token68(rest))
        return GIM_CREDENTIALS_MALFORMED;
    *token = rest;
    return GIM_CREDENTIALS_GIVEN;
}

enum gim_credentials gim_basic_read(gim_str field, char *room, gim_str *user, gim_str *password)
{
    gim_str rest = behind_scheme(field, GIM_S("Basic")), name;
    ptrdiff_t n;

    if (!rest.ptr)
        return GIM_CREDENTIALS_NONE;
    n = gim_base64_read(room, rest, GIM_BASE64);
    if (n <= 0 || gim_scan_ctl(room, room + n) != room + n)
        return GIM_CREDENTIALS_MALFORMED;
    rest = (gim_str){room, (size_t)n};
    name = gim_str_cut(&rest, ':');
    if (!rest.ptr)
        return GIM_CREDENTIALS_MALFORMED;
    *user = name;
    *password = rest;
    return GIM_CREDENTIALS_GIVEN;
}

void gim_challenge_param(struct gim_buf *b, const char *name, const char *text)
{
    if (b->len && b->ptr[b->len - 1] != ' ')
        gim_buf_lit(b, ", ");
    gim_buf_str(b, gim_str_of(name));
    gim_buf_lit(b, "=\"");
    for (; *text; text++) {
        if (*text == '"' || *text == '\\')
            gim_buf_char(b, '\\');
        gim_buf_char(b, (unsigned char)*text < ' ' || *text == 0x7f ? ' ' : *text);
    }
    gim_buf_char(b, '"');
}
