/* shed.c: load is shed by the age of what waits, not by its number (the idea of CoDel, RFC 8289).
 *
 * A burst makes a queue that goes away again; refusing any of it would be a loss. A queue that stands
 * is another thing: for the time of one target everything that came out of it had waited longer than
 * the target, so more comes in than goes out, and waiting is all that more of it would do.
 *
 * A queue of suspended requests then has room for as many as it lets go in the time of one target: a
 * newcomer waits for about the target (Little's law), and who does the work never runs dry. The room
 * is measured again and again while it is shed, until nobody had to be refused for two targets. When
 * nothing moves at all (a disk that hangs) there is no rate to measure; newcomers are refused then
 * until something does.
 *
 * A loop's queue cannot be counted, only its age (net/lag.h): two events of ours in a row that
 * waited too long. It is shed by a share of the requests, which is cut by how much too long the wait
 * is, and grows by a quarter each time it is not. Whoever is refused costs the loop little: the head is
 * parsed, the route found, no more. But where thousands ask at once even that is dear, so refusals get
 * a quarter of the loop's work and no more: three quarters of what it can do is done in any case.
 *
 * Below capacity no queue stands, so nobody is refused. A loop is asked only in turns of several
 * requests: the one request of an idle server pays nothing. */
#include "shed.h"
#include "../base/clock.h"

#define ROOM_MIN 16     /* of a queue: fewer are never refused */
#define HUNG 4          /* targets without any wait ending: nothing moves */
#define CALM 2          /* targets without a refusal: it is over */
#define TURN_MIN 16     /* requests of a turn that make the loop's lag worth knowing */
#define ASK_EVERY 16    /* ms */
#define SHARE_MIN 16    /* of GIM_SHED_ALL */
#define REFUSAL_NS 8000 /* what one costs the loop, about */
#define DEAR 4          /* refusals may be this part of its work */

/* ---- a queue --------------------------------------------------------------------------------- */

/* As many as went in the last window would go in one target. */
static void measure(struct gim_shed_queue *q, uint64_t now, uint64_t target)
{
    uint64_t took = now - q->since, room = took ? q->done * target / took : q->done;

    q->room = room < ROOM_MIN ? ROOM_MIN : room > UINT32_MAX ? UINT32_MAX : (uint32_t)room;
    q->since = now;
    q->done = 0;
}

void gim_shed_enter(struct gim_shed_queue *q, uint64_t now)
{
    if (!q->waiting++)
        q->moved = now;
}

void gim_shed_undo(struct gim_shed_queue *q)
{
    q->waiting--;
}

void gim_shed_leave(struct gim_shed_queue *q, uint64_t now, uint64_t waited, uint64_t target)
{
    q->waiting--;
    q->done++;
    q->moved = now;
    if (q->shedding) {
        if (now - q->since >= target)
            measure(q, now, target);
    } else if (waited <= target) {
        q->above = 0;
    } else if (!q->above) {
        q->above = q->since = now;
        q->done = 0;
    } else if (now - q->above >= target) {
        q->shedding = true;
        q->refused = now;
        measure(q, now, target);
    }
}

bool gim_shed_is_full(struct gim_shed_queue *q, uint64_t now, uint64_t target)
{
    if (!q->shedding)
        return q->waiting >= ROOM_MIN && now - q->moved > HUNG * target;
    if (q->waiting >= q->room) {
        q->refused = now;
        return true;
    }
    if (now - q->refused > CALM * target) {
        q->shedding = false;
        q->above = 0;
    }
    return false;
}

/* ---- the loop -------------------------------------------------------------------------------- */

/* Did refusals take too much of the loop's work since the lag was told? To refuse still more would
 * leave less for those who are taken, however late all are. */
static bool refusing_is_dear(struct gim_shed *s)
{
    uint64_t now = gim_clock_thread_ns(), worked = now - s->cpu_ns;
    bool dear = (uint64_t)s->refused * REFUSAL_NS * DEAR > worked;

    s->cpu_ns = now;
    s->refused = 0;
    return dear;
}

static void on_lag(struct gim_lag *l, uint64_t ms)
{
    struct gim_shed *s = GIM_CONTAINER(l, struct gim_shed, lag);
    uint64_t share = s->share;
    bool before = s->above, dear = refusing_is_dear(s);

    s->above = ms > s->target;
    if (!s->above || dear)
        share += share / 4;
    else if (before)
        share = ms > 2 * s->target ? share / 2 : share * s->target / ms;
    s->share = share < SHARE_MIN      ? SHARE_MIN
               : share > GIM_SHED_ALL ? GIM_SHED_ALL
                                      : (uint32_t)share;
    s->told = gim_loop_ms(l->loop);
}

void gim_shed_init(struct gim_shed *s, struct gim_loop *loop, int64_t target)
{
    *s = (struct gim_shed){
        .target = (uint64_t)target,
        .lag = {.loop = loop, .on_lag = on_lag, .io.fd = -1},
        .share = GIM_SHED_ALL,
    };
    if (target)
        gim_lag_open(&s->lag);
}

void gim_shed_release(struct gim_shed *s)
{
    gim_lag_close(&s->lag);
}

bool gim_shed_admit(struct gim_shed *s)
{
    s->requests++;
    if (s->share == GIM_SHED_ALL)
        return true;
    if (!s->lag.out && gim_loop_ms(s->lag.loop) - s->told > s->target) {
        s->share = GIM_SHED_ALL; /* that was long ago */
        s->above = false;
        return true;
    }
    s->credit += s->share;
    if (s->credit < GIM_SHED_ALL) {
        s->refused++;
        return false;
    }
    s->credit -= GIM_SHED_ALL;
    return true;
}

void gim_shed_turn(struct gim_shed *s)
{
    uint32_t requests = s->requests;

    s->requests = 0;
    if (requests < TURN_MIN && s->share == GIM_SHED_ALL)
        return;
    if (!s->lag.out && gim_loop_ms(s->lag.loop) - s->told >= ASK_EVERY)
        gim_lag_ask(&s->lag);
}
