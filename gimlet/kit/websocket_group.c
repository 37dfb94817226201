/* websocket_group.c: one message to many connections, whatever worker they are on.
 *
 * A group has a list of members for each loop, touched by that loop's thread alone, and a lock for
 * the list of those lists. A broadcast is one block: its frame, made once, and a task for each loop
 * that has members. The tasks are posted under the lock, so all loops see the broadcasts of a group
 * in one order. The group lives until its owner, its members and its broadcasts have let go. */
#include <gimlet/websocket.h>
#include "websocket_private.h"
#include "../rest/mistake.h"
#include <pthread.h>

#define WAITING_MAX (64 << 20) /* bytes of broadcasts that may wait for the loops */

/* The members on one loop. */
struct side {
    struct side *next;
    struct gim_app *app;
    struct gim_loop *loop;
    struct gim_list members; /* the loop's */
    _Atomic uint32_t count;  /* written by the loop */
};

struct gim_websocket_group {
    pthread_mutex_t lock; /* of `sides` */
    struct side *sides;
    _Atomic uint32_t refs;
    _Atomic int64_t waiting;
};

/* A connection in a group. */
struct gim_websocket_member {
    struct gim_list node; /* side.members */
    struct gim_websocket *ws;
    struct gim_websocket_group *group;
    struct side *side;
    struct gim_websocket_member *next; /* of the same connection */
};

struct shot {
    struct gim_task task;
    struct side *side;
    struct broadcast *of;
};

struct broadcast {
    struct gim_websocket_group *group;
    _Atomic uint32_t refs;
    uint32_t n;
    size_t len;
    struct shot shots[]; /* n of them; then the frame */
};

/* ---- a group's life -------------------------------------------------------------------------- */

struct gim_websocket_group *gim_websocket_group_new(void)
{
    struct gim_websocket_group *g = gim_heap_alloc(sizeof *g);

    pthread_mutex_init(&g->lock, NULL);
    atomic_store_explicit(&g->refs, 1, memory_order_relaxed);
    return g;
}

static void let_go(struct gim_websocket_group *g)
{
    if (atomic_fetch_sub_explicit(&g->refs, 1, memory_order_acq_rel) != 1)
        return;
    while (g->sides) {
        struct side *s = g->sides;

        g->sides = s->next;
        gim_heap_free(s);
    }
    pthread_mutex_destroy(&g->lock);
    gim_heap_free(g);
}

void gim_websocket_group_free(struct gim_websocket_group *g)
{
    if (g)
        let_go(g);
}

/* ---- members --------------------------------------------------------------------------------- */

/* The side of that loop, made when it is not there yet. */
static struct side *side_of(struct gim_websocket_group *g, const struct gim_websocket_hub *h)
{
    struct side *s;

    pthread_mutex_lock(&g->lock);
    s = g->sides;
    while (s && (s->loop != h->loop || s->app != h->app))
        s = s->next;
    if (!s) {
        s = gim_heap_alloc(sizeof *s);
        s->app = h->app;
        s->loop = h->loop;
        gim_list_init(&s->members);
        s->next = g->sides;
        g->sides = s;
    }
    pthread_mutex_unlock(&g->lock);
    return s;
}

/* The pointer that leads to its membership, or to the end of its list. */
static struct gim_websocket_member **find(struct gim_websocket *ws,
                                          const struct gim_websocket_group *g)
{
    struct gim_websocket_member **at = &ws->members;

    while (*at && (*at)->group != g)
        at = &(*at)->next;
    return at;
}

void gim_websocket_join(struct gim_websocket *ws, struct gim_websocket_group *g)
{
    struct gim_websocket_member **at = find(ws, g);
    struct gim_websocket_member *m;

    if (!g) {
        gim_mistake(ws->c, GIM_MISTAKE_VALUE,
                    "gim_websocket_join got NULL; make the group in .start (a test of the "
                    "application makes its own)");
        return;
    }
    if (*at || ws->state == GIM_WEBSOCKET_ENDED)
        return;
    m = gim_heap_alloc(sizeof *m);
    m->ws = ws;
    m->group = g;
    m->side = side_of(g, ws->hub);
    gim_list_push(&m->side->members, &m->node);
    atomic_fetch_add_explicit(&m->side->count, 1, memory_order_relaxed);
    atomic_fetch_add_explicit(&g->refs, 1, memory_order_relaxed);
    *at = m;
}

/* Takes the membership out at which `*at` points. */
static void drop(struct gim_websocket_member **at)
{
    struct gim_websocket_member *m = *at;

    *at = m->next;
    gim_list_remove(&m->node);
    atomic_fetch_sub_explicit(&m->side->count, 1, memory_order_relaxed);
    let_go(m->group);
    gim_heap_free(m);
}

void gim_websocket_leave(struct gim_websocket *ws, struct gim_websocket_group *g)
{
    struct gim_websocket_member **at = find(ws, g);

    if (*at)
        drop(at);
}

void gim_websocket_leave_all(struct gim_websocket *ws)
{
    while (ws->members)
        drop(&ws->members);
}

size_t gim_websocket_group_size(struct gim_websocket_group *g)
{
    size_t n = 0;

    if (!g)
        return 0;
    pthread_mutex_lock(&g->lock);
    for (const struct side *s = g->sides; s; s = s->next)
        n += atomic_load_explicit(&s->count, memory_order_relaxed);
    pthread_mutex_unlock(&g->lock);
    return n;
}

/* ---- broadcasts ------------------------------------------------------------------------------ */

static char *frame_of(struct broadcast *b)
{
    return (char *)&b->shots[b->n];
}

static void done(struct broadcast *b)
{
    if (atomic_fetch_sub_explicit(&b->refs, 1, memory_order_acq_rel) != 1)
        return;
    atomic_fetch_sub_explicit(&b->group->waiting, (int64_t)b->len, memory_order_relaxed);
    let_go(b->group);
    gim_heap_free(b);
}

/* On a loop: nobody joins or leaves while it sends, since sending calls nothing back. */
static void run_shot(struct gim_task *t)
{
    struct shot *shot = GIM_CONTAINER(t, struct shot, task);
    struct broadcast *b = shot->of;
    gim_str frame = {frame_of(b), b->len};
    const struct gim_list *end = &shot->side->members;

    for (struct gim_list *at = end->next; at != end; at = at->next)
        (void)!gim_websocket_put(GIM_CONTAINER(at, struct gim_websocket_member, node)->ws, frame);
    done(b);
}

static bool is_wanted(const struct side *s)
{
    return atomic_load_explicit(&s->count, memory_order_relaxed) > 0;
}

/* One block for as many sides as there are. */
static struct broadcast *make(struct gim_websocket_group *g, enum gim_ws_opcode opcode,
                              gim_str bytes)
{
    uint32_t n = 0;
    struct broadcast *b;
    char *frame;

    for (const struct side *s = g->sides; s; s = s->next)
        n++;
    b = gim_heap_alloc(sizeof *b + n * sizeof b->shots[0] + GIM_WS_HEAD_MAX + bytes.len);
    b->group = g;
    b->n = n;
    atomic_store_explicit(&b->refs, 1, memory_order_relaxed);
    atomic_fetch_add_explicit(&g->refs, 1, memory_order_relaxed);
    frame = frame_of(b);
    b->len = gim_ws_head_write(frame, opcode, true, bytes.len);
    if (bytes.len)
        memcpy(frame + b->len, bytes.ptr, bytes.len);
    b->len += bytes.len;
    atomic_fetch_add_explicit(&g->waiting, (int64_t)b->len, memory_order_relaxed);
    return b;
}

static void shoot(struct broadcast *b, struct shot *shot, struct side *side)
{
    if (!is_wanted(side) || !gim_app_enter(side->app))
        return;
    *shot = (struct shot){.task.run = run_shot, .side = side, .of = b};
    atomic_fetch_add_explicit(&b->refs, 1, memory_order_relaxed);
    gim_loop_post(side->loop, &shot->task);
    gim_app_leave(side->app);
}

int gim_websocket_broadcast(struct gim_websocket_group *g, enum gim_websocket_kind kind,
                            gim_str bytes)
{
    struct broadcast *b;
    struct shot *shot;

    if (!g || bytes.len > GIM_BUF_MAX / 2 || (kind == GIM_WEBSOCKET_TEXT && !gim_ws_text_ok(bytes)))
        return -1;
    if (atomic_load_explicit(&g->waiting, memory_order_relaxed) >= WAITING_MAX)
        return -1;
    pthread_mutex_lock(&g->lock);
    b = make(g, (enum gim_ws_opcode)kind, bytes);
    shot = b->shots;
    for (struct side *s = g->sides; s; s = s->next)
        shoot(b, shot++, s);
    pthread_mutex_unlock(&g->lock);
    done(b);
    return 0;
}
