/* location.h: what stands behind the scheme in a store's URL: `FILE?name=number&name=number`. */
#ifndef POSTS_LOCATION_H
#define POSTS_LOCATION_H

#include <stddef.h>
#include <stdint.h>

struct store_param {
    const char *name;
    int64_t *value;
    int64_t min, max;
};

/** Splits `location` into the file (copied to `path`) and the numbers that `params` name. Returns
 * 0; or -1 with a sentence in `err`. */
int store_location_read(const char *location, char *path, size_t path_len,
                        const struct store_param *params, size_t n, char *err, size_t err_len);

#endif
