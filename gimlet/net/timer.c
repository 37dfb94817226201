/* timer.c: coarse timers on a hashed wheel.
 *
 * A slot is a list of timers whose tick has the same low bits. The one idea: moving a timer later,
 * which a connection does at every request, only stores the new due time. The timer stays in the
 * slot it was in; when that slot comes up and the timer is not due, it is put into the right one.
 * So a timer's slot never comes up after its due time, and the list work is paid once a deadline,
 * not once a request. The same rule serves timers further away than one turn of the wheel.
 *
 * A bitmap tells which slots may hold timers. Taking a timer out does not know its slot and leaves
 * the bit; whoever meets a set bit over an empty slot clears it. An idle process thus sleeps until
 * the next timer, or for good. */
#include "loop_private.h"
#include "../base/clock.h"

#define MS_MAX ((uint64_t)1 << 40) /* 34 years: later is never */

static void insert(struct gim_wheel *w, struct gim_timer *t)
{
    uint64_t tick = (t->due + GIM_TICK_MS - 1) / GIM_TICK_MS; /* rounded up: never early */
    uint64_t slot;

    if (tick <= w->tick)
        tick = w->tick + 1;
    slot = tick % WHEEL_SLOTS;
    w->used[slot / 64] |= (uint64_t)1 << slot % 64;
    gim_list_push(&w->slots[slot], &t->node);
}

/* A callback may set or clear any timer, those of this slot too: they are all in some ring. */
static void run_slot(struct gim_loop *l, uint64_t slot)
{
    struct gim_wheel *w = &l->wheel;
    struct gim_list now;

    w->used[slot / 64] &= ~((uint64_t)1 << slot % 64);
    gim_list_take(&w->slots[slot], &now);
    while (!gim_list_empty(&now)) {
        struct gim_timer *t = GIM_CONTAINER(now.next, struct gim_timer, node);

        gim_list_remove(&t->node);
        if (t->due > l->ms) {
            insert(w, t);
        } else {
            t->due = 0;
            l->busy = true;
            t->on_due(t);
        }
    }
}

static bool slot_used(const struct gim_wheel *w, uint64_t slot)
{
    return w->used[slot / 64] >> slot % 64 & 1;
}

void gim_wheel_init(struct gim_loop *l)
{
    l->wheel.tick = l->ms / GIM_TICK_MS;
    for (size_t i = 0; i < WHEEL_SLOTS; i++)
        gim_list_init(&l->wheel.slots[i]);
}

void gim_wheel_run(struct gim_loop *l)
{
    uint64_t now = l->ms / GIM_TICK_MS;
    uint64_t n = now - l->wheel.tick;

    if (n > WHEEL_SLOTS)
        n = WHEEL_SLOTS; /* after a long sleep each slot is looked at once */
    l->wheel.tick = now;
    for (uint64_t tick = now - n + 1; tick <= now; tick++)
        if (slot_used(&l->wheel, tick % WHEEL_SLOTS))
            run_slot(l, tick % WHEEL_SLOTS);
}

int gim_wheel_wait(struct gim_loop *l)
{
    struct gim_wheel *w = &l->wheel;
    uint64_t i = 1;

    while (i <= WHEEL_SLOTS) {
        uint64_t slot = (w->tick + i) % WHEEL_SLOTS;
        uint64_t word = w->used[slot / 64] >> slot % 64;

        if (!word) {
            i += 64 - slot % 64;
            continue;
        }
        i += (uint64_t)__builtin_ctzll(word);
        slot = (w->tick + i) % WHEEL_SLOTS;
        if (!gim_list_empty(&w->slots[slot])) {
            uint64_t at = (w->tick + i) * GIM_TICK_MS;

            return at > l->ms ? (int)(at - l->ms) : 0;
        }
        w->used[slot / 64] &= ~((uint64_t)1 << slot % 64);
    }
    return -1;
}

void gim_timer_set(struct gim_loop *l, struct gim_timer *t, uint64_t ms)
{
    uint64_t due;

    if (!l->in_turn)
        l->ms = gim_clock_ms(); /* between turns the time may be stale: that would be early */
    due = l->ms + (ms < MS_MAX ? ms : MS_MAX);
    if (gim_list_in(&t->node) && due >= t->due) {
        t->due = due;
        return;
    }
    gim_list_remove(&t->node);
    t->due = due;
    insert(&l->wheel, t);
}

void gim_timer_clear(struct gim_loop *l, struct gim_timer *t)
{
    (void)l;
    gim_list_remove(&t->node);
    t->due = 0;
}
