/* test_server.c: the beginning and the end of a server: what runs after what, and that it ends. The
 * server runs on the test's own thread; its callbacks play the client and send the signals. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "gimlet/wire/conn.h"
#include "gimlet/wire/server.h"

/* ---- the service: answers "yes" to everything, /slow never
 * --------------------------------------------------------------------------------- */

static int ran, stops;
static struct gim_exchange *slow;

static enum gim_body_plan on_head(struct gim_exchange *x)
{
    x->max_body = 100;
    x->keep = true;
    gim_exchange_keep(x);
    return GIM_BODY_TAKE;
}

static bool on_request(struct gim_exchange *x)
{
    ran++;
    if (gim_str_eq(gim_head_str(&x->head, x->head.path), GIM_S("/slow"))) {
        gim_exchange_ref(x);
        slow = x;
        return false;
    }
    x->reply.status = 200;
    x->reply.media_type = GIM_S("text/plain");
    x->reply.body = GIM_S("yes");
    return true;
}

static void on_refused(struct gim_exchange *x, int status, const char *detail)
{
    (void)detail;
    x->reply.status = status;
}

static void ignore(struct gim_exchange *x)
{
    (void)x;
}

static void on_done(struct gim_exchange *x, size_t sent, bool aborted)
{
    (void)x;
    (void)sent;
    (void)aborted;
}

static const struct gim_service service = {
    .exchange_size = sizeof(struct gim_exchange),
    .on_head = on_head,
    .on_request = on_request,
    .on_refused = on_refused,
    .on_reply = ignore,
    .on_done = on_done,
    .on_cancel = ignore,
    .on_release = ignore,
};

/* ---- the server
 * --------------------------------------------------------------------------------- */

static const struct gim_limits limits = {.max_head = 4096, .max_target = 1024, .max_body = 100};
static struct gim_wire_shared shared;
static const char *socket_path;
static int client = -1;
static int fd_to_break = -1; /* worker 1's listener */

/* No loop takes it then. Closed, its number would be worker 0's next descriptor. */
static void break_fd(void)
{
    int plain = open("/dev/null", O_RDONLY | O_CLOEXEC);

    dup2(plain, fd_to_break);
    close(plain);
}

static struct gim_wire *worker_start(void *user, struct gim_loop *loop, unsigned index)
{
    struct gim_wire *w = gim_heap_alloc(sizeof *w);

    (void)user;
    if (index == 1 && fd_to_break >= 0)
        break_fd();
    gim_wire_init(w, loop, &service, &limits, &shared);
    return w;
}

static void worker_stop(void *user, struct gim_wire *w)
{
    (void)user;
    gim_wire_release(w);
    gim_heap_free(w);
}

static void say(const char *text)
{
    assert_int_equal(write(client, text, strlen(text)), strlen(text));
}

static void connect_client(void)
{
    struct sockaddr_un at = {.sun_family = AF_UNIX};

    memcpy(at.sun_path, socket_path, strlen(socket_path) + 1);
    client = socket(AF_UNIX, SOCK_STREAM, 0);
    assert_int_equal(connect(client, (struct sockaddr *)(void *)&at, sizeof at), 0);
}

static void started_with_half_a_head(void *user, const char *address)
{
    (void)user;
    (void)address;
    connect_client();
    say("GET /yes HTTP/1.1\r\n");
    kill(getpid(), SIGTERM);
}

static void started_with_a_slow_request(void *user, const char *address)
{
    (void)user;
    (void)address;
    connect_client();
    say("GET /slow HTTP/1.1\r\nHost: a\r\n\r\n");
    kill(getpid(), SIGTERM);
}

static void started(void *user, const char *address)
{
    (void)user;
    (void)address;
}

static void stopping(void *user)
{
    (void)user;
}

static void stopped(void *user)
{
    (void)user;
    stops++;
}

/* What the client says now must not be served. */
static void stopped_while_the_client_speaks(void *user)
{
    ssize_t n = write(client, "Host: a\r\n\r\n", 11);

    (void)n; /* it may have been cut off */
    stopped(user);
}

/* A store that brings its operations to their end: too late for an answer. */
static void stopped_with_a_late_result(void *user)
{
    stopped(user);
    assert_non_null(slow);
    assert_null(slow->conn);
    gim_exchange_unref(slow);
}

static void stopped_for_ever(void *user)
{
    (void)user;
    alarm(10); /* should the second signal not end it */
    kill(getpid(), SIGTERM);
    pause();
}

static int run_spec(struct gim_server_spec *spec)
{
    char path[64], host[80], err[256] = "";
    struct gim_server *s;
    int result;

    snprintf(path, sizeof path, "/tmp/gim_test_server.%d", getpid());
    snprintf(host, sizeof host, "unix:%s", path);
    socket_path = path;
    ran = stops = 0;
    slow = NULL;
    if (!spec->host)
        spec->host = host;
    if (!spec->started)
        spec->started = started;
    if (!spec->stopped)
        spec->stopped = stopped;
    spec->worker_start = worker_start;
    spec->worker_stop = worker_stop;
    spec->stopping = stopping;
    s = gim_server_new(spec, err, sizeof err);
    assert_string_equal(err, "");
    assert_non_null(s);
    result = gim_server_run(s);
    gim_server_free(s);
    unlink(path);
    if (client >= 0)
        close(client);
    client = -1;
    return result;
}

/* ---- tests
 * --------------------------------------------------------------------------------------- */

static void no_request_runs_once_the_application_has_stopped(void **state)
{
    (void)state;
    for (unsigned workers = 1; workers <= 2; workers++) {
        struct gim_server_spec spec = {.workers = workers,
                                       .stop_timeout = 1,
                                       .started = started_with_half_a_head,
                                       .stopped = stopped_while_the_client_speaks};

        assert_int_equal(run_spec(&spec), 0);
        assert_int_equal(stops, 1);
        assert_int_equal(ran, 0);
    }
}

static void late_result_finds_no_connection(void **state)
{
    struct gim_server_spec spec = {.workers = 1,
                                   .stop_timeout = 1,
                                   .started = started_with_a_slow_request,
                                   .stopped = stopped_with_a_late_result};

    (void)state;
    assert_int_equal(run_spec(&spec), 0);
    assert_int_equal(ran, 1);
}

static void worker_that_cannot_start_ends_the_server(void **state)
{
    struct gim_server_spec spec = {.workers = 2, .host = "127.0.0.1"};
    int next = dup(0);

    (void)state;
    close(next);
    fd_to_break = next + 1;
    assert_int_equal(run_spec(&spec), -1);
    assert_int_equal(stops, 1);
    fd_to_break = -1;
}

static void second_signal_ends_a_stop_that_takes_for_ever(void **state)
{
    struct gim_server_spec spec = {.workers = 1,
                                   .stop_timeout = 1,
                                   .started = started_with_half_a_head,
                                   .stopped = stopped_for_ever};
    pid_t child = fork();
    int status;

    (void)state;
    if (child == 0)
        _exit(run_spec(&spec));
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 128 + SIGTERM);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_request_runs_once_the_application_has_stopped),
        cmocka_unit_test(late_result_finds_no_connection),
        cmocka_unit_test(worker_that_cannot_start_ends_the_server),
        cmocka_unit_test(second_signal_ends_a_stop_that_takes_for_ever),
    };

    alarm(40); /* a server that does not end is a failure too */
    return cmocka_run_group_tests(tests, NULL, NULL);
}
