/* compress_pool.c: contexts are large and slow to make, so the last few are kept; they are bounded,
 * so that clients who open many streams cannot make the process grow without end. */
#include "compress_pool.h"

#define AT_ONCE 32
#define KEPT 4

static const char key; /* its address names the part */

static void drop(struct gim_coding *k)
{
    k->pool->n--;
    k->coder->free(k->state);
    gim_heap_free(k);
}

static void free_orphan(struct gim_coding_pool *p)
{
    if (p->orphan && !p->n)
        gim_heap_free(p);
}

static void stop(struct gim_part *part)
{
    (void)part;
}

static void release(struct gim_part *part)
{
    struct gim_coding_pool *p = GIM_CONTAINER(part, struct gim_coding_pool, part);

    while (p->idle) {
        struct gim_coding *k = p->idle;

        p->idle = k->next;
        drop(k);
    }
    gim_buf_free(&p->out);
    p->orphan = true;
    free_orphan(p);
}

struct gim_coding_pool *gim_coding_pool_of(struct gim_worker *w)
{
    struct gim_part *part = gim_worker_part(w, &key);
    struct gim_coding_pool *p;

    if (part)
        return GIM_CONTAINER(part, struct gim_coding_pool, part);
    p = gim_heap_alloc(sizeof *p);
    p->part = (struct gim_part){.key = &key, .stop = stop, .release = release};
    gim_worker_add(w, &p->part);
    return p;
}

static struct gim_coding *make(struct gim_coding_pool *p, const struct gim_coder *coder, int level)
{
    struct gim_coding *k;
    void *state = p->n < AT_ONCE ? coder->make(level) : NULL;

    if (!state)
        return NULL;
    k = gim_heap_alloc(sizeof *k);
    *k = (struct gim_coding){.coder = coder, .level = level, .state = state, .pool = p};
    p->n++;
    return k;
}

struct gim_coding *gim_coding_take(struct gim_coding_pool *p, const struct gim_coder *coder,
                                   int level)
{
    struct gim_coding **at = &p->idle;
    struct gim_coding *k;

    while (*at && ((*at)->coder != coder || (*at)->level != level))
        at = &(*at)->next;
    k = *at;
    if (k) {
        *at = k->next;
        p->n_idle--;
    } else {
        k = make(p, coder, level);
    }
    if (!k || coder->begin(k->state) == 0)
        return k;
    drop(k);
    return NULL;
}

void gim_coding_give(struct gim_coding *k)
{
    struct gim_coding_pool *p = k->pool;

    if (p->orphan || p->n_idle >= KEPT) {
        drop(k);
        free_orphan(p);
        return;
    }
    k->next = p->idle;
    p->idle = k;
    p->n_idle++;
}
