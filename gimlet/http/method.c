/* method.c: method names both ways.
 *
 * Length and first letter together name at most one method, so a token is compared once. Methods
 * are case-sensitive (RFC 9110 §9.1): "get" is OTHER. */
#include "method.h"

#define LONGEST 7

static const char names[GIM_METHODS][LONGEST + 1] = {
    [GIM_METHOD_GET] = "GET",         [GIM_METHOD_HEAD] = "HEAD",
    [GIM_METHOD_POST] = "POST",       [GIM_METHOD_PUT] = "PUT",
    [GIM_METHOD_PATCH] = "PATCH",     [GIM_METHOD_DELETE] = "DELETE",
    [GIM_METHOD_OPTIONS] = "OPTIONS", [GIM_METHOD_TRACE] = "TRACE",
    [GIM_METHOD_CONNECT] = "CONNECT",
};

static const uint8_t by_length[LONGEST + 1][2] = {
    [3] = {GIM_METHOD_GET, GIM_METHOD_PUT},         [4] = {GIM_METHOD_POST, GIM_METHOD_HEAD},
    [5] = {GIM_METHOD_PATCH, GIM_METHOD_TRACE},     [6] = {GIM_METHOD_DELETE},
    [7] = {GIM_METHOD_OPTIONS, GIM_METHOD_CONNECT},
};

enum gim_method gim_method_of(gim_str token)
{
    unsigned m;

    if (token.len > LONGEST || token.len < 3)
        return GIM_METHOD_OTHER;
    m = by_length[token.len][0];
    if (names[m][0] != token.ptr[0])
        m = by_length[token.len][1];
    for (size_t i = 0; i < token.len; i++) {
        if (names[m][i] != token.ptr[i])
            return GIM_METHOD_OTHER;
    }
    return (enum gim_method)m;
}

gim_str gim_method_name(enum gim_method m)
{
    gim_str none = {0};

    return m > GIM_METHOD_OTHER && m < GIM_METHODS ? gim_str_of(names[m]) : none;
}
