/* test_process.c: services with real processes: started, watched, measured, and always ended. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include "../../../gimlet/base/clock.h"
#include "../../../proof/compare/process.h"

static char sh[] = "/bin/sh", minus_c[] = "-c";

static void open_line(struct process *p, const char *line)
{
    char *argv[] = {sh, minus_c, (char *)(uintptr_t)line, NULL};
    struct process_start s = {.argv = argv};
    char err[256] = "";

    assert_int_equal(process_open(p, &s, err, sizeof err), 0);
    assert_true(p->pid > 0 && p->keeper > 0 && p->exec_ns > 0);
}

static int run_line(const char *line, struct gim_buf *out, int64_t timeout_ms)
{
    char *argv[] = {sh, minus_c, (char *)(uintptr_t)line, NULL};
    struct process_start s = {.argv = argv};
    int code = process_run(&s, out, timeout_ms);

    gim_buf_char(out, '\0');
    return code;
}

static bool wait_gone(pid_t pid)
{
    for (int i = 0; i < 400; i++) {
        if (kill(pid, 0) && errno == ESRCH)
            return true;
        poll(NULL, 0, 5);
    }
    return false;
}

static bool wait_dead(struct process *p)
{
    for (int i = 0; i < 400 && process_alive(p); i++)
        poll(NULL, 0, 5);
    return !process_alive(p);
}

static void a_service_runs_until_it_is_closed(void **state)
{
    struct process p;

    (void)state;
    open_line(&p, "exec sleep 100");
    assert_true(process_alive(&p));
    assert_int_equal(getpgid(p.pid), p.pid);
    assert_true(process_close(&p, 2000));
    assert_true(p.ended && WIFSIGNALED(p.status));
    assert_int_equal(WTERMSIG(p.status), SIGTERM);
    assert_true(wait_gone(p.pid));
    assert_true(wait_gone(p.keeper));
    assert_true(process_close(&p, 2000));
}

static void a_service_that_dies_is_seen(void **state)
{
    struct process p;

    (void)state;
    open_line(&p, "exit 7");
    assert_true(wait_dead(&p));
    assert_int_equal(WEXITSTATUS(p.status), 7);
    process_close(&p, 100);
    open_line(&p, "exec sleep 100");
    kill(p.pid, SIGKILL);
    assert_true(wait_dead(&p));
    assert_int_equal(WTERMSIG(p.status), SIGKILL);
    process_close(&p, 100);
}

static void a_service_that_ignores_sigterm_is_killed(void **state)
{
    struct process p;
    uint64_t from;

    (void)state;
    open_line(&p, "trap '' TERM; while :; do sleep 1; done");
    poll(NULL, 0, 100);
    from = gim_clock_ms();
    assert_false(process_close(&p, 200));
    assert_in_range(gim_clock_ms() - from, 190, 1500);
    assert_true(wait_gone(p.pid));
}

/* The pids that a line of sh wrote to the log. */
static int read_pids(const char *file, pid_t *pids, int max)
{
    FILE *f = NULL;
    long pid;
    int n = 0;

    for (int i = 0; i < 400 && n < max; i++) {
        poll(NULL, 0, 5);
        f = fopen(file, "r");
        for (n = 0; f && n < max && fscanf(f, "%ld\n", &pid) == 1; n++)
            pids[n] = (pid_t)pid;
        if (f)
            fclose(f);
    }
    return n;
}

/* Two that left the group, one of them an orphan, and one that ignores SIGTERM. */
static const char family[] = "setsid sh -c 'echo $$; exec sleep 100' &"
                             "(setsid sh -c 'echo $$; exec sleep 100' &) ;"
                             "sh -c \"trap '' TERM; echo \\$\\$; while :; do sleep 1; done\" &"
                             "wait";

static void nothing_of_the_tree_is_left(void **state)
{
    char log[] = "/tmp/test_process_XXXXXX", err[256];
    char *argv[] = {sh, minus_c, (char *)(uintptr_t)family, NULL};
    struct process_start s = {.argv = argv, .log = log};
    struct process p;
    pid_t pids[3];

    (void)state;
    close(mkstemp(log));
    assert_int_equal(process_open(&p, &s, err, sizeof err), 0);
    assert_int_equal(read_pids(log, pids, 3), 3);
    process_close(&p, 100);
    for (int i = 0; i < 3; i++)
        assert_int_equal(kill(pids[i], 0), -1);
    unlink(log);
}

static void nothing_is_left_when_proof_is_killed(void **state)
{
    static const int signals[] = {SIGKILL, SIGSEGV, SIGINT};
    char *argv[] = {sh, minus_c, (char *)(uintptr_t)family, NULL};

    (void)state;
    for (size_t i = 0; i < sizeof signals / sizeof *signals; i++) {
        char log[] = "/tmp/test_process_XXXXXX", err[256];
        struct process_start s = {.argv = argv, .log = log};
        struct process p, other;
        pid_t pids[3], parent;

        close(mkstemp(log));
        parent = fork();
        if (parent == 0) {
            signal(SIGSEGV, SIG_DFL);
            if (process_open(&p, &s, err, sizeof err) == 0)
                open_line(&other, "exec sleep 100");
            for (;;)
                pause();
        }
        assert_int_equal(read_pids(log, pids, 3), 3);
        kill(parent, signals[i]);
        waitpid(parent, NULL, 0);
        for (int k = 0; k < 3; k++)
            assert_true(wait_gone(pids[k]));
        unlink(log);
    }
}

static void a_service_dies_with_its_keeper(void **state)
{
    struct process p;

    (void)state;
    open_line(&p, "exec sleep 100");
    kill(p.keeper, SIGKILL);
    assert_true(wait_gone(p.pid));
    assert_true(wait_dead(&p));
    process_close(&p, 100);
}

static void what_cannot_be_run_is_told(void **state)
{
    static char none[] = "no-such-program", path[] = "./no-such-program", plain[] = "/etc/passwd";
    static const struct {
        char *program;
        const char *directory, *cpus, *log, *says;
    } rows[] = {
        {none, NULL, NULL, NULL,
         "cannot run no-such-program: not found on the PATH; is it installed?"},
        {path, NULL, NULL, NULL, "cannot run ./no-such-program: no such file; was it built?"},
        {plain, NULL, NULL, NULL, "cannot run /etc/passwd: Permission denied"},
        {sh, "/no/such", NULL, NULL,
         "cannot change to directory /no/such: No such file or directory"},
        {sh, NULL, "x", NULL, "CPUs \"x\": expected a list such as 0-3,8"},
        {sh, NULL, "1023", NULL,
         "cannot run on CPUs 1023: Invalid argument; name CPUs that this machine has"},
        {sh, NULL, NULL, "/no/such/log",
         "cannot write the log /no/such/log: No such file or directory"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char *argv[] = {rows[i].program, NULL}, err[256] = "";
        struct process_start s = {
            .argv = argv, .directory = rows[i].directory, .cpus = rows[i].cpus, .log = rows[i].log};
        struct process p;

        assert_int_equal(process_open(&p, &s, err, sizeof err), -1);
        assert_string_equal(err, rows[i].says);
        assert_false(process_alive(&p));
    }
}

static void a_command_runs_with_what_it_is_given(void **state)
{
    static char probe[] =
        "pwd; echo $FIRST-$SECOND-$HOME; grep Cpus_allowed_list /proc/self/status;"
        "grep SigBlk /proc/self/status; ls /proc/self/fd | wc -l";
    static char first[] = "FIRST=1", second[] = "SECOND=2", home[] = "HOME=/nowhere";
    char *argv[] = {sh, minus_c, probe, NULL}, *env[] = {first, second, home, NULL};
    struct process_start s = {.argv = argv, .env = env, .directory = "/tmp", .cpus = "0"};
    struct gim_buf out = {0};
    int leak = open("/dev/null", O_RDONLY); /* without O_CLOEXEC */

    (void)state;
    setenv("FIRST", "old", 1);
    assert_int_equal(process_run(&s, &out, 5000), 0);
    gim_buf_char(&out, '\0');
    assert_string_equal(out.ptr, "/tmp\n1-2-/nowhere\nCpus_allowed_list:\t0\n"
                                 "SigBlk:\t0000000000000000\n4\n");
    gim_buf_free(&out);
    close(leak);
}

static void a_command_gives_its_status_and_its_last_words(void **state)
{
    struct gim_buf out = {0};
    char *argv[] = {(char[]){"no-such-program"}, NULL};
    struct process_start none = {.argv = argv};

    (void)state;
    assert_int_equal(run_line("echo out; echo err >&2; exit 3", &out, 5000), 3);
    assert_string_equal(out.ptr, "out\nerr\n");
    out.len = 0;
    assert_int_equal(run_line("kill -9 $$", &out, 5000), 128 + SIGKILL);
    out.len = 0;
    assert_int_equal(run_line("echo begun; sleep 100", &out, 200), 124);
    assert_non_null(strstr(out.ptr, "begun\n"));
    assert_non_null(strstr(out.ptr, "200 ms and was killed"));
    out.len = 0;
    assert_int_equal(
        run_line("i=0; while [ $i -lt 40000 ]; do echo line $i; i=$((i+1)); done", &out, 20000), 0);
    assert_int_equal(out.len, 65536 + 1);
    assert_non_null(strstr(out.ptr + out.len - 20, "line 39999\n"));
    out.len = 0;
    assert_int_equal(process_run(&none, &out, 1000), -1);
    gim_buf_char(&out, '\0');
    assert_non_null(strstr(out.ptr, "not found on the PATH"));
    gim_buf_free(&out);
}

/* Somebody who stays behind and holds the output does not hold up the command. */
static void a_command_is_over_when_it_has_ended(void **state)
{
    uint64_t from = gim_clock_ms();
    struct gim_buf out = {0};

    (void)state;
    assert_int_equal(run_line("sleep 100 & echo done", &out, 10000), 0);
    assert_string_equal(out.ptr, "done\n");
    assert_true(gim_clock_ms() - from < 3000);
    gim_buf_free(&out);
}

static void the_log_is_appended_to(void **state)
{
    char log[] = "/tmp/test_process_XXXXXX", err[256], text[64] = "";
    char *argv[] = {sh, minus_c, (char[]){"echo one; echo two >&2"}, NULL};
    struct process_start s = {.argv = argv, .log = log};
    FILE *f;

    (void)state;
    close(mkstemp(log));
    for (int i = 0; i < 2; i++) {
        struct process p;

        assert_int_equal(process_open(&p, &s, err, sizeof err), 0);
        assert_true(wait_dead(&p));
        process_close(&p, 100);
    }
    f = fopen(log, "r");
    assert_int_equal(fread(text, 1, sizeof text - 1, f), 16);
    assert_string_equal(text, "one\ntwo\none\ntwo\n");
    fclose(f);
    unlink(log);
}

static void the_whole_tree_is_measured(void **state)
{
    struct process_usage u = {0};
    struct process p;

    (void)state;
    open_line(&p, "(setsid sleep 100 &) ; sleep 100 & wait");
    for (int i = 0; i < 400 && u.processes != 3; i++) {
        poll(NULL, 0, 5);
        assert_int_equal(process_usage(&p, &u), 0);
    }
    assert_int_equal(u.processes, 3);
    assert_int_equal(u.threads, 3);
    assert_true(u.rss > 3 * 100000 && u.pss > 0 && u.pss < u.rss && u.peak >= u.rss);
    assert_true(u.cpu_ns > 0);
    process_close(&p, 1000);
    assert_int_equal(process_usage(&p, &u), -1);
}

/* CPU time counts whether the worker lives, has ended, or was an orphan. */
static void cpu_time_outlives_the_dead(void **state)
{
    static const char busy[] = "i=0; while [ $i -lt 400000 ]; do i=$((i+1)); done";
    static const char *const ways[][2] = {
        {"", "; sleep 100"}, {"sh -c '", "; true'; sleep 100"}, {"(sh -c '", "' &) ; sleep 100"}};

    (void)state;
    for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
        int64_t last = -1, now = 0;
        char line[200];
        struct process p;

        snprintf(line, sizeof line, "%s%s%s", ways[i][0], busy, ways[i][1]);
        open_line(&p, line);
        for (int k = 0; k < 200 && (now != last || now < 20000000); k++) {
            last = now;
            poll(NULL, 0, 50);
            now = process_cpu_ns(&p);
        }
        assert_in_range(now, 20000000, INT64_C(20000000000));
        process_close(&p, 1000);
    }
}

static void a_free_port_can_be_had(void **state)
{
    (void)state;
    for (int i = 0; i < 10; i++)
        assert_in_range(process_free_port(), 15000, 29999);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_service_runs_until_it_is_closed),
        cmocka_unit_test(a_service_that_dies_is_seen),
        cmocka_unit_test(a_service_that_ignores_sigterm_is_killed),
        cmocka_unit_test(nothing_of_the_tree_is_left),
        cmocka_unit_test(nothing_is_left_when_proof_is_killed),
        cmocka_unit_test(a_service_dies_with_its_keeper),
        cmocka_unit_test(what_cannot_be_run_is_told),
        cmocka_unit_test(a_command_runs_with_what_it_is_given),
        cmocka_unit_test(a_command_gives_its_status_and_its_last_words),
        cmocka_unit_test(a_command_is_over_when_it_has_ended),
        cmocka_unit_test(the_log_is_appended_to),
        cmocka_unit_test(the_whole_tree_is_measured),
        cmocka_unit_test(cpu_time_outlives_the_dead),
        cmocka_unit_test(a_free_port_can_be_had),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
