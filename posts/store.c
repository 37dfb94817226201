/* store.c: from a URL to a store.
 *
 * The part before the first ':' names the store, the rest is the store's own: a file, a server, and
 * behind '?' whole numbers that set what few people need to set. Adding a store is one row here. */
#include "store.h"

#include <errno.h>
#include <stdio.h>

static const struct store_ops *const stores[] = {&store_sqlite, &store_memory};
#define N_STORES (sizeof stores / sizeof stores[0])

/* The store of a URL, which is moved behind the scheme; NULL: there is none. */
static const struct store_ops *find(const char **url)
{
    for (size_t i = 0; i < N_STORES; i++) {
        size_t len = strlen(stores[i]->scheme);
        if (strncmp(*url, stores[i]->scheme, len) == 0) {
            *url += len;
            return stores[i];
        }
    }
    return NULL;
}

struct store *store_open(const char *url, unsigned workers, const struct store_host *host,
                         char *err, size_t err_len)
{
    const struct store_ops *ops = find(&url);
    char known[128] = "";
    size_t at = 0;

    errno = 0;
    if (ops)
        return ops->open(url, workers, host, err, err_len);
    for (size_t i = 0; i < N_STORES; i++)
        at += (size_t)snprintf(known + at, sizeof known - at, "%s%s", i ? ", " : "",
                               stores[i]->scheme);
    snprintf(err, err_len,
             "no store is called \"%s\": the known ones are %s (as in sqlite:posts.db)", url,
             known);
    errno = EINVAL;
    return NULL;
}

void store_paths(const char *url, struct gim_sandbox_paths *p)
{
    const struct store_ops *ops = find(&url);

    if (ops && ops->paths)
        ops->paths(url, p);
}
