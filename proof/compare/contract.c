/* contract.c: the same questions to every contender before anything is timed.
 *
 * The measured request comes first and is a check as well: what it answers gives {id} and {location} to
 * the others, and its sizes tell whether two services send the same. A service that cannot be reached
 * any more fails the rest without being asked: its timeouts would add up. */
#include "contract.h"
#include "judge.h"
#include <errno.h>
#include <gimlet/json.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define WHY 512

struct trial {
    struct compare_results *results;
    const struct compare_plan *plan;
    struct call call;
    char host[GIM_ADDRESS_TEXT];
    gim_str id, location;
    bool lost; /* nobody there, or nothing in time */
};

/* Makes the request and judges the answer. */
static bool hold(struct trial *t, const struct compare_check *check, struct gim_buf *why)
{
    struct gim_buf request = {0};
    char err[WHY] = "";
    int failed;

    failed = contract_request(&request, &check->request, t->plan->directory, gim_str_of(t->host),
                              t->id, t->location, check->repeat_body, err, sizeof err);
    if (!failed) {
        failed = call_make(&t->call, gim_buf_view(&request), err, sizeof err);
        t->lost = failed && !call_port_open(&t->call.to);
    }
    gim_buf_free(&request);
    if (failed)
        gim_buf_str(why, gim_str_of(err));
    return !failed && judge_answer(&t->call, check, why);
}

static bool try_check(struct trial *t, struct results_check *to, const struct compare_check *check)
{
    struct gim_buf why = {0};

    to->name = gim_dup(&t->results->memory, gim_str_of(check->name ? check->name : "unnamed"));
    if (t->lost)
        gim_buf_lit(&why, "not asked: the service takes no connections any more");
    else
        to->passed = hold(t, check, &why);
    if (!to->passed)
        to->what = gim_dup(&t->results->memory, gim_buf_view(&why));
    gim_buf_free(&why);
    return to->passed;
}

gim_str contract_id(const struct call *c, struct gim_arena *a)
{
    gim_str body = c->body.len ? gim_buf_view(&c->body) : GIM_S(""), text;
    struct gim_json_error bad;
    gim_json id;

    if (gim_json_check(body, a, &bad))
        return GIM_S("");
    id = gim_json_get(gim_json_root(body), GIM_S("id"));
    if (!gim_json_str(id, a, &text))
        text = id.text;
    return text.ptr ? gim_dup(a, text) : GIM_S("");
}

static void keep_answer(struct trial *t, struct results_service *s)
{
    struct gim_arena *memory = &t->results->memory;

    s->head_bytes = (int64_t)t->call.head.len;
    s->body_bytes = (int64_t)t->call.body.len;
    t->location = gim_dup(memory, call_field(&t->call, "Location"));
    t->id = contract_id(&t->call, memory);
}

int contract_run(struct compare_results *r, struct results_service *s, const struct compare_plan *p,
                 const struct gim_address *to)
{
    const struct compare_check measured = {.name = "the measured request", .request = p->request};
    struct trial t = {
        .results = r,
        .plan = p,
        .call = {.to = *to, .fd = -1, .timeout_ns = p->protocol.call_timeout_ms * 1000000}};
    int failed;

    gim_address_text(to, t.host);
    if (to->sockaddr.ss_family == AF_UNIX)
        snprintf(t.host, sizeof t.host, "localhost");
    s->n_checks = p->contract_count + 1;
    s->checks = GIM_NEW_N(&r->memory, struct results_check, s->n_checks);
    failed = !try_check(&t, &s->checks[0], &measured);
    keep_answer(&t, s);
    for (unsigned i = 0; i < p->contract_count; i++)
        failed += !try_check(&t, &s->checks[i + 1], &p->contract[i]);
    call_free(&t.call);
    return failed;
}

bool contract_port_free(const struct gim_address *at)
{
    const int on = 1;
    bool taken;
    int fd;

    if (at->sockaddr.ss_family == AF_UNIX)
        return !call_port_open(at);
    fd = socket(at->sockaddr.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return !call_port_open(at);
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on); /* TIME_WAIT does not count */
    taken = bind(fd, (const struct sockaddr *)&at->sockaddr, at->len) && errno == EADDRINUSE;
    close(fd);
    return !taken && !call_port_open(at);
}
