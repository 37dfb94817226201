/* worker.c: one thread's share of the load.
 *
 * Closed loop: a connection that is free sends at once (or at its next slot of the -q grid). Open
 * loop: requests are due by the schedule; when all connections are busy they stay due, and go out
 * late with the time they were due at, which is what latency is counted from. Either way one alarm
 * per thread wakes it for whatever comes next: a slot, a due request, the end. */
#include "worker.h"
#include "../../gimlet/base/clock.h"
#include <errno.h>
#include <stdio.h>

#define PUBLISH_MS 192

int64_t worker_now(void)
{
    return (int64_t)gim_clock_ns();
}

static bool is_open_loop(const struct load_worker *w)
{
    return w->run->schedule.per_ns > 0;
}

/* ---- results ------------------------------------------------------------------------------------ */

static void phase_add(struct load_phase *p, int64_t ns)
{
    if (!p->count || ns < p->min)
        p->min = ns;
    if (ns > p->max)
        p->max = ns;
    p->sum += (double)ns;
    p->count++;
}

static void spool(const struct load_worker *w, const struct load_client *c, int64_t latency,
                  int64_t now)
{
    struct load_row row = {
        .latency = latency,
        .dial = c->dial_ns,
        .write = c->written - c->sent,
        .wait = c->first - c->written,
        .read = now - c->first,
        .status = c->wire.response.status,
        .offset = c->sent - w->run->start,
    };

    fwrite(&row, sizeof row, 1, w->spool);
}

static void record(struct load_worker *w, const struct load_client *c, int64_t now)
{
    struct load_result *r = w->result;
    int64_t latency = now - (is_open_loop(w) ? c->planned : c->sent);
    /* the kernel may hand us the answer before write's return has been stamped */
    int64_t written = c->written < c->first ? c->written : c->first;

    gim_histogram_record(&r->latency, latency);
    if (is_open_loop(w)) {
        gim_histogram_record(&r->service, now - c->sent);
        gim_histogram_record(&r->late, c->sent - c->planned);
    }
    phase_add(&r->phases[PHASE_DIAL], c->dial_ns);
    phase_add(&r->phases[PHASE_DNS], 0);
    phase_add(&r->phases[PHASE_WRITE], written - c->sent);
    phase_add(&r->phases[PHASE_WAIT], c->first - written);
    phase_add(&r->phases[PHASE_READ], now - c->first);
    r->statuses[c->wire.response.status]++;
    r->answered++;
    r->size_total += c->wire.response.body_bytes;
    if (w->spool)
        spool(w, c, latency, now);
}

/* ---- what comes next ----------------------------------------------------------------------------- */

static void end_here(struct load_worker *w)
{
    w->ended = true;
    gim_loop_stop(w->loop);
}

/* One of the thread's own requests is taken from what is left. */
static bool take(struct load_worker *w, int64_t planned, bool *counted)
{
    if (w->ended)
        return false;
    *counted = planned >= w->run->measure_from;
    if (*counted && w->left <= 0)
        return false;
    w->left -= *counted;
    w->result->sent += *counted;
    w->running++;
    return true;
}

static void begin(struct load_worker *w, struct load_client *c, int64_t planned)
{
    bool counted;

    if (take(w, planned, &counted))
        client_send(c, planned, counted);
    else if (!w->running)
        end_here(w);
}

static int64_t next_due(const struct load_worker *w)
{
    return schedule_at(&w->run->schedule, w->next);
}

static double slot_ns(const struct load_worker *w)
{
    return 1e9 / w->run->plan->qps;
}

static int64_t slot_time(const struct load_worker *w, const struct load_client *c)
{
    return w->run->start + (int64_t)((double)c->slot * slot_ns(w));
}

/* Those that wait for a slot stand in the order of their times. */
static void wait_for_slot(struct load_worker *w, struct load_client *c)
{
    struct gim_list *at = w->waiting.prev;

    while (at != &w->waiting &&
           slot_time(w, GIM_CONTAINER(at, struct load_client, node)) > slot_time(w, c))
        at = at->prev;
    gim_list_push(at->next, &c->node); /* before at->next: behind `at` */
}

static void set_alarm(struct load_worker *w)
{
    int64_t at = w->run->end_at;
    int64_t next = 0;

    if (!gim_list_empty(&w->waiting))
        next = is_open_loop(w)
                   ? next_due(w)
                   : slot_time(w, GIM_CONTAINER(w->waiting.next, struct load_client, node));
    if (next && (!at || next < at))
        at = next;
    gim_alarm_set(&w->alarm, at);
}

void worker_ready(struct load_worker *w, struct load_client *c)
{
    int64_t now = worker_now();

    if (w->ended || gim_list_in(&c->node))
        return;
    if (is_open_loop(w)) {
        if (next_due(w) <= now && w->left > 0) {
            int64_t planned = next_due(w);

            w->next += w->run->threads;
            begin(w, c, planned);
            return;
        }
        if (w->left <= 0) {
            if (!w->running)
                end_here(w);
            return;
        }
        gim_list_push(&w->waiting, &c->node);
        set_alarm(w);
        return;
    }
    if (w->run->plan->qps > 0) {
        c->slot = schedule_next_slot(w->run->start, slot_ns(w), c->slot, now);
        if (slot_time(w, c) > now && w->left > 0) {
            wait_for_slot(w, c);
            set_alarm(w);
            return;
        }
    }
    begin(w, c, now);
}

static void serve_waiting(struct load_worker *w, int64_t now)
{
    while (!gim_list_empty(&w->waiting) && !w->ended) {
        struct load_client *c = GIM_CONTAINER(w->waiting.next, struct load_client, node);
        int64_t at = is_open_loop(w) ? next_due(w) : slot_time(w, c);

        if (at > now)
            return;
        gim_list_remove(&c->node);
        if (is_open_loop(w))
            w->next += w->run->threads;
        begin(w, c, at);
    }
}

static void on_alarm(struct gim_alarm *a)
{
    struct load_worker *w = GIM_CONTAINER(a, struct load_worker, alarm);
    int64_t now = worker_now();

    if (w->run->end_at && now >= w->run->end_at) {
        end_here(w);
        return;
    }
    serve_waiting(w, now);
    if (!w->ended)
        set_alarm(w);
}

void worker_answered(struct load_worker *w, struct load_client *c, int64_t now)
{
    w->running--;
    if (c->counted)
        record(w, c, now);
    c->dial_ns = 0;
    worker_ready(w, c);
}

void worker_failed(struct load_worker *w, struct load_client *c, enum load_error kind,
                   const char *text)
{
    struct load_result *r = w->result;

    if (c->wanted || !c->planned) { /* it failed while it was being opened ahead of any request */
        bool asked = c->wanted;

        c->wanted = false;
        if (!asked && !take(w, worker_now(), &c->counted))
            return;
    }
    w->running--;
    if (c->counted) {
        if (!r->errors[kind]++)
            snprintf(r->first[kind], sizeof r->first[kind], "%s", text);
        r->failed++;
    }
    worker_ready(w, c);
}

/* ---- running ------------------------------------------------------------------------------------- */

static void on_publish(struct gim_timer *t)
{
    struct load_worker *w = GIM_CONTAINER(t, struct load_worker, publish);
    struct load_result *r = w->result;

    atomic_store_explicit(&w->shown_answered, r->answered, memory_order_relaxed);
    atomic_store_explicit(&w->shown_failed, r->failed, memory_order_relaxed);
    atomic_store_explicit(&w->shown_p50, gim_histogram_percentile(&r->latency, 50),
                          memory_order_relaxed);
    atomic_store_explicit(&w->shown_p99, gim_histogram_percentile(&r->latency, 99),
                          memory_order_relaxed);
    gim_timer_set(w->loop, t, PUBLISH_MS);
}

static void on_stop(struct gim_task *t)
{
    struct load_worker *w = GIM_CONTAINER(t, struct load_worker, stop);

    w->result->interrupted = true;
    end_here(w);
}

void worker_stop(struct load_worker *w)
{
    w->stop.run = on_stop;
    gim_loop_post(w->loop, &w->stop);
}

struct gim_tls *worker_tls(struct load_worker *w, char *err, size_t err_len)
{
    const struct load_plan *p = w->run->plan;

    if (!w->tls)
        w->tls = gim_tls_new(!p->insecure, p->ca_file, err, err_len);
    return w->tls;
}

int worker_set_up(struct load_worker *w)
{
    char err[256];

    w->loop = gim_loop_new();
    gim_list_init(&w->waiting);
    w->alarm.on_alarm = on_alarm;
    if (!w->loop || gim_alarm_open(&w->alarm, w->loop)) {
        fprintf(stderr, "%s: the event loop could not be made: %s\n", w->run->plan->program,
                strerror(errno));
        return -1;
    }
    if (w->run->target.tls && !worker_tls(w, err, sizeof err)) {
        fprintf(stderr, "%s: %s\n", w->run->plan->program, err);
        return -1;
    }
    w->clients = gim_heap_alloc((size_t)w->n_clients * sizeof *w->clients);
    for (int64_t i = 0; i < w->n_clients; i++)
        client_init(&w->clients[i], w);
    return 0;
}

void worker_run(struct load_worker *w)
{
    w->publish.on_due = on_publish;
    gim_timer_set(w->loop, &w->publish, PUBLISH_MS);
    set_alarm(w);
    for (int64_t i = 0; i < w->n_clients; i++)
        client_dial(&w->clients[i]);
    (void)gim_loop_run(w->loop);
    w->result->ended = worker_now();
    w->result->unfinished = w->running;
    if (is_open_loop(w)) {
        int64_t planned = w->run->end_at, ended = w->result->ended;
        int64_t end =
            planned && planned < ended ? planned : ended; /* it may have been interrupted */
        uint64_t due = schedule_due(&w->run->schedule, end);

        if (due > w->next && w->left > 0)
            w->result->unsent = (due - w->next + w->run->threads - 1) / w->run->threads;
    }
}

void worker_release(struct load_worker *w)
{
    for (int64_t i = 0; i < w->n_clients && w->clients; i++)
        client_release(&w->clients[i]);
    gim_heap_free(w->clients);
    if (w->tls)
        gim_tls_free(w->tls);
    gim_buf_free(&w->writer.body);
    gim_buf_free(&w->writer.out);
    if (w->loop) {
        gim_alarm_close(&w->alarm);
        gim_loop_free(w->loop);
    }
}
