/* location.c: reads what stands behind the scheme in a store's URL.
 *
 * Every parameter is a whole number in a range and a row of its store's table, so an unknown name
 * or a bad value is told from one place, with what would have been right. */
#include "location.h"

#include <gimlet.h>
#include <stdio.h>

static int read_number(const char *text, size_t len, int64_t *out)
{
    gim_str s = {text, len};
    return gim_str_to_int(s, out);
}

/* One `name=value` against the rows. */
static int set_param(gim_str pair, const struct store_param *params, size_t n, char *err,
                     size_t err_len)
{
    size_t name_len = gim_str_find(pair, '=');
    char known[160] = "";
    size_t at = 0;
    for (size_t i = 0; i < n; i++) {
        const struct store_param *p = &params[i];
        if (strlen(p->name) == name_len && memcmp(p->name, pair.ptr, name_len) == 0) {
            int64_t value = 0;
            bool ok = name_len < pair.len &&
                      read_number(pair.ptr + name_len + 1, pair.len - name_len - 1, &value) == 0 &&
                      value >= p->min && value <= p->max;
            if (!ok) {
                snprintf(err, err_len,
                         "%s in the store's URL must be a whole number from %lld to %lld", p->name,
                         (long long)p->min, (long long)p->max);
                return -1;
            }
            *p->value = value;
            return 0;
        }
        at += (size_t)snprintf(known + at, sizeof known - at, "%s%s", i ? ", " : "", p->name);
    }
    snprintf(err, err_len, "\"%.*s\" in the store's URL is not known: after '?' may stand %s",
             (int)name_len, pair.ptr, known);
    return -1;
}

int store_location_read(const char *location, char *path, size_t path_len,
                        const struct store_param *params, size_t n, char *err, size_t err_len)
{
    gim_str rest = gim_str_of(location);
    gim_str file = gim_str_cut(&rest, '?');
    if (file.len >= path_len) {
        snprintf(err, err_len, "the file name in the store's URL is longer than %zu bytes",
                 path_len - 1);
        return -1;
    }
    memcpy(path, file.ptr, file.len);
    path[file.len] = '\0';
    while (rest.ptr) {
        gim_str pair = gim_str_cut(&rest, '&');
        if (set_param(pair, params, n, err, err_len) != 0)
            return -1;
    }
    return 0;
}
