/* store.c: from a URL to a store.
 *
 * The part before the first ':' names the store, the rest is the store's own: a file, a server, and
 * behind '?' whole numbers that set what few people need to set. Adding a store is one row here. */
#include "store.h"

#include <errno.h>
#include <stdio.h>

static const struct store_ops *const stores[] = {&store_sqlite, &store_memory};

struct store *store_open(const char *url, unsigned workers, const struct store_host *host,
                         char *err, size_t err_len)
{
    char known[128] = "";
    size_t at = 0;

    errno = 0;
    for (size_t i = 0; i < sizeof stores / sizeof stores[0]; i++) {
        size_t len = strlen(stores[i]->scheme);
        if (strncmp(url, stores[i]->scheme, len) == 0)
            return stores[i]->open(url + len, workers, host, err, err_len);
        at += (size_t)snprintf(known + at, sizeof known - at, "%s%s", i ? ", " : "",
                               stores[i]->scheme);
    }
    snprintf(err, err_len,
             "no store is called \"%s\": the known ones are %s (as in sqlite:posts.db)", url,
             known);
    errno = EINVAL;
    return NULL;
}
