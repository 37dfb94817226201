/* websocket_post.c: words for a connection from other threads.
 *
 * A ref is a slot and a generation, as a request's handle is (rest/async.c). Slots are never given
 * back to the heap while their worker lives, so a stale ref can be looked at safely from any thread.
 * What is posted goes to the loop as a task; there the generation is compared once more, and only
 * then is the connection behind the slot touched. */
#include <gimlet/websocket.h>
#include "websocket_private.h"

#define SLOTS_A_SLAB 64
#define POSTED_MAX (16 << 20) /* bytes that may wait for the loop, a slot */

struct gim_websocket_slot {
    _Atomic uint32_t generation;
    _Atomic int64_t waiting;  /* bytes posted and not yet seen to */
    struct gim_websocket *ws; /* the loop's */
    struct gim_app *app;      /* these two for ever */
    struct gim_loop *loop;
    struct gim_websocket_slot *next_free;
};

struct gim_websocket_slab {
    struct gim_websocket_slab *next;
    struct gim_websocket_slot slots[SLOTS_A_SLAB];
};

struct post {
    struct gim_task task;
    gim_websocket_ref ref;
    uint16_t code; /* of a Close; 0: a message */
    size_t len;
    char bytes[]; /* the frame of a message, the reason of a Close */
};

/* ---- slots ----------------------------------------------------------------------------------- */

static void add_slab(struct gim_websocket_hub *h)
{
    struct gim_websocket_slab *slab = gim_heap_alloc(sizeof *slab);

    slab->next = h->slabs;
    h->slabs = slab;
    for (int i = 0; i < SLOTS_A_SLAB; i++) {
        slab->slots[i].app = h->app;
        slab->slots[i].loop = h->loop;
        slab->slots[i].next_free = h->free_slots;
        h->free_slots = &slab->slots[i];
    }
}

static struct gim_websocket_slot *take_slot(struct gim_websocket *ws)
{
    struct gim_websocket_hub *h = ws->hub;
    struct gim_websocket_slot *s;

    if (!h->free_slots)
        add_slab(h);
    s = h->free_slots;
    h->free_slots = s->next_free;
    s->ws = ws;
    return s;
}

void gim_websocket_forget(struct gim_websocket *ws)
{
    struct gim_websocket_slot *s = ws->slot;

    if (!s)
        return;
    ws->slot = NULL;
    s->ws = NULL;
    atomic_fetch_add_explicit(&s->generation, 1, memory_order_release);
    s->next_free = ws->hub->free_slots;
    ws->hub->free_slots = s;
}

void gim_websocket_slots_release(struct gim_websocket_hub *h)
{
    while (h->slabs) {
        struct gim_websocket_slab *slab = h->slabs;

        h->slabs = slab->next;
        gim_heap_free(slab);
    }
}

gim_websocket_ref gim_websocket_ref_of(struct gim_websocket *ws)
{
    if (ws->state == GIM_WEBSOCKET_ENDED)
        return (gim_websocket_ref){0};
    if (!ws->slot)
        ws->slot = take_slot(ws);
    return (gim_websocket_ref){ws->slot,
                               atomic_load_explicit(&ws->slot->generation, memory_order_relaxed)};
}

/* ---- posts ----------------------------------------------------------------------------------- */

static bool is_current(gim_websocket_ref ref)
{
    const struct gim_websocket_slot *s = ref.slot;

    return s && atomic_load_explicit(&s->generation, memory_order_acquire) == ref.generation;
}

static void run_post(struct gim_task *t)
{
    struct post *p = GIM_CONTAINER(t, struct post, task);
    struct gim_websocket_slot *s = p->ref.slot;

    atomic_fetch_sub_explicit(&s->waiting, (int64_t)p->len, memory_order_relaxed);
    if (is_current(p->ref)) {
        gim_str bytes = {p->bytes, p->len};

        if (p->code)
            gim_websocket_close(s->ws, p->code, bytes);
        else
            (void)!gim_websocket_put(s->ws, bytes);
    }
    gim_heap_free(p);
}

/* Takes over `p`. */
static int hand_over(struct post *p)
{
    struct gim_websocket_slot *s = p->ref.slot;
    int64_t len = (int64_t)p->len;
    int64_t waiting = atomic_fetch_add_explicit(&s->waiting, len, memory_order_relaxed);

    if (waiting < POSTED_MAX && gim_app_enter(s->app)) {
        p->task.run = run_post;
        gim_loop_post(s->loop, &p->task);
        gim_app_leave(s->app);
        return 0;
    }
    atomic_fetch_sub_explicit(&s->waiting, len, memory_order_relaxed);
    gim_heap_free(p);
    return -1;
}

int gim_websocket_post(gim_websocket_ref ref, enum gim_websocket_kind kind, gim_str bytes)
{
    struct post *p;

    if (!is_current(ref) || bytes.len > GIM_BUF_MAX / 2)
        return -1;
    if (kind == GIM_WEBSOCKET_TEXT && !gim_ws_text_ok(bytes))
        return -1;
    p = gim_heap_alloc(sizeof *p + GIM_WS_HEAD_MAX + bytes.len);
    p->ref = ref;
    p->len = gim_ws_head_write(p->bytes, (enum gim_ws_opcode)kind, true, bytes.len);
    if (bytes.len)
        memcpy(p->bytes + p->len, bytes.ptr, bytes.len);
    p->len += bytes.len;
    return hand_over(p);
}

int gim_websocket_post_close(gim_websocket_ref ref, int code, gim_str reason)
{
    struct post *p;

    if (!is_current(ref))
        return -1;
    p = gim_heap_alloc(sizeof *p + reason.len);
    p->ref = ref;
    p->code = code > 0 && code <= UINT16_MAX ? (uint16_t)code : GIM_WEBSOCKET_FAILED;
    p->len = reason.len;
    if (reason.len)
        memcpy(p->bytes, reason.ptr, reason.len);
    return hand_over(p);
}
