/* test_sandbox.c: the filters by rows, run by a small interpreter; what Landlock's versions refuse;
 * users found in files; and, in a child each, the real thing. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <gimlet.h>
#include <linux/audit.h>
#include <linux/seccomp.h>
#include <netinet/in.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "gimlet/kit/sandbox_private.h"
#include "gimlet/net/landlock.h"

#if defined(__x86_64__)
#define OURS AUDIT_ARCH_X86_64
#define OTHER AUDIT_ARCH_I386
#else
#define OURS AUDIT_ARCH_AARCH64
#define OTHER AUDIT_ARCH_ARM
#endif
#define REFUSED(e) (SECCOMP_RET_ERRNO | (e))
#define PID 4711

/* ---- the filters ----------------------------------------------------------------------------- */

/* Runs a program as the kernel does; only what ours are made of. */
static uint32_t run(const struct sock_filter *code, unsigned n, const struct seccomp_data *d)
{
    uint32_t a = 0;

    for (unsigned at = 0; at < n; at++) {
        const struct sock_filter *c = &code[at];

        switch (c->code) {
        case BPF_LD | BPF_W | BPF_ABS:
            assert_true(c->k % 4 == 0 && c->k + 4 <= sizeof *d);
            memcpy(&a, (const char *)d + c->k, 4);
            break;
        case BPF_JMP | BPF_JA:
            at += c->k;
            break;
        case BPF_JMP | BPF_JEQ | BPF_K:
            at += a == c->k ? c->jt : c->jf;
            break;
        case BPF_JMP | BPF_JGT | BPF_K:
            at += a > c->k ? c->jt : c->jf;
            break;
        case BPF_ALU | BPF_AND | BPF_K:
            a &= c->k;
            break;
        case BPF_RET | BPF_K:
            return c->k;
        default:
            fail_msg("instruction %u has code %x", at, c->code);
        }
    }
    fail_msg("the program runs past its end");
    return 0;
}

/* As the kernel takes the stricter of two filters: the one that is no ALLOW. */
static uint32_t judge(bool connects, uint32_t arch, int nr, const uint64_t args[6])
{
    struct sock_filter code[GIM_FILTER_MAX];
    struct seccomp_data d = {.nr = nr, .arch = arch};
    unsigned n = gim_filter_newer(code);
    uint32_t newer, listed;

    if (args)
        memcpy(d.args, args, sizeof d.args);
    assert_in_range(n, 1, GIM_FILTER_MAX);
    newer = run(code, n, &d);
    n = gim_filter_make(code, connects, PID);
    assert_in_range(n, 1, GIM_FILTER_MAX);
    listed = run(code, n, &d);
    return listed != SECCOMP_RET_ALLOW ? listed : newer;
}

#define OK SECCOMP_RET_ALLOW
#define NO REFUSED(EPERM)
#define RWX (PROT_READ | PROT_WRITE | PROT_EXEC)

static const struct {
    int nr;
    uint64_t args[6];
    uint32_t plain, connecting; /* what comes of it; for an application that connects to others */
} rows[] = {
    {__NR_recvfrom, {0}, OK, OK},
    {__NR_sendto, {0}, OK, OK},
    {__NR_epoll_pwait, {0}, OK, OK},
    {__NR_futex, {0}, OK, OK},
    {__NR_fdatasync, {0}, OK, OK},
    {__NR_openat, {0}, OK, OK},
    {__NR_exit_group, {0}, OK, OK},
    {__NR_execve, {0}, NO, NO},
    {__NR_execveat, {0}, NO, NO},
    {__NR_process_vm_writev, {0}, NO, NO},
    {__NR_mount, {0}, NO, NO},
    {__NR_unshare, {0}, NO, NO},
    {__NR_setns, {0}, NO, NO},
    {__NR_setuid, {0}, NO, NO},
    {__NR_capset, {0}, NO, NO},
    {__NR_bpf, {0}, NO, NO},
    {__NR_keyctl, {0}, NO, NO},
    {__NR_perf_event_open, {0}, NO, NO},
    {__NR_init_module, {0}, NO, NO},
    {__NR_reboot, {0}, NO, NO},
    {__NR_memfd_create, {0}, NO, NO},
    {__NR_io_uring_setup, {0}, NO, NO},
    {__NR_userfaultfd, {0}, NO, NO},
    {__NR_open_by_handle_at, {0}, NO, NO},
    {__NR_symlinkat, {0}, NO, NO},
    {__NR_mknodat, {0}, NO, NO},
    {__NR_seccomp, {0}, NO, NO},
    {__NR_mmap, {0, 4096, PROT_READ | PROT_WRITE}, OK, OK},
    {__NR_mmap, {0, 4096, PROT_READ | PROT_EXEC}, NO, OK},
    {__NR_mmap, {0, 4096, RWX}, NO, NO},
    {__NR_mprotect, {0, 4096, PROT_READ}, OK, OK},
    {__NR_mprotect, {0, 4096, PROT_READ | PROT_EXEC}, NO, NO},
    {__NR_socket, {AF_UNIX, SOCK_STREAM}, OK, OK},
    {__NR_socket, {AF_INET, SOCK_STREAM}, NO, OK},
    {__NR_socket, {AF_INET6, SOCK_DGRAM}, NO, OK},
    {__NR_socket, {AF_NETLINK, SOCK_RAW}, NO, OK},
    {__NR_socket, {AF_PACKET, SOCK_RAW}, NO, NO},
    {__NR_socket, {AF_VSOCK, SOCK_STREAM}, NO, NO},
    {__NR_socket, {AF_ALG, SOCK_SEQPACKET}, NO, NO},
    {__NR_socketpair, {AF_UNIX, SOCK_STREAM}, OK, OK},
    {__NR_socketpair, {AF_TIPC, SOCK_STREAM}, NO, NO}, /* it would load the family's module */
    {__NR_connect, {0}, NO, OK},
    {__NR_shutdown, {3, SHUT_WR}, OK, OK},
    {__NR_shutdown, {3, SHUT_RD}, NO, OK}, /* a listener's: it may then connect by a send */
    {__NR_shutdown, {3, SHUT_RDWR}, NO, OK},
    {__NR_fchmod, {3, 0600}, OK, OK},
    {__NR_fchmod, {3, 04755}, NO, NO},
    {__NR_fchmod, {3, 02755}, NO, NO},
    {__NR_fchmodat, {0}, NO, NO}, /* by path: Landlock does not look at these */
    {__NR_fchownat, {0}, NO, NO},
    {__NR_utimensat, {0}, NO, NO},
    {__NR_ioctl, {1, 0x5401 /* TCGETS */}, OK, OK},
    {__NR_ioctl, {0, 0x5412 /* TIOCSTI */}, NO, NO},
    {__NR_prlimit64, {0, 7, 0, 1}, OK, OK},
    {__NR_prlimit64, {0, 7, 1, 0}, NO, NO},
    {__NR_tgkill, {PID, PID, SIGABRT}, OK, OK},
    {__NR_tgkill, {1, 1, SIGKILL}, NO, NO},
#if !SANDBOX_FOR_ASAN
    {__NR_ptrace, {0}, NO, NO},
    {__NR_kill, {1, SIGKILL}, NO, NO},
    {__NR_prctl, {PR_SET_NAME}, OK, OK},
    {__NR_prctl, {PR_SET_MM}, NO, NO},
    {__NR_clone, {CLONE_THREAD | CLONE_VM | CLONE_SIGHAND}, OK, OK},
    {__NR_clone, {SIGCHLD}, NO, NO},
    {__NR_clone, {CLONE_THREAD | CLONE_NEWNET}, NO, NO},
#endif
    {__NR_clone3, {0}, REFUSED(ENOSYS), REFUSED(ENOSYS)},
    {451, {0}, REFUSED(ENOSYS), REFUSED(ENOSYS)},
    {100000, {0}, REFUSED(ENOSYS), REFUSED(ENOSYS)},
    {0x40000000 | 59, {0}, REFUSED(ENOSYS), REFUSED(ENOSYS)}, /* x32's execve */
    {-1, {0}, REFUSED(ENOSYS), REFUSED(ENOSYS)},              /* a tracer took the call away */
};

static void each_call_is_judged_as_its_row_says(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        uint32_t plain = judge(false, OURS, rows[i].nr, rows[i].args);
        uint32_t connecting = judge(true, OURS, rows[i].nr, rows[i].args);

        if (plain != rows[i].plain || connecting != rows[i].connecting)
            fail_msg("row %zu, call %d: %x and %x", i, rows[i].nr, plain, connecting);
    }
}

static void numbers_of_another_architecture_end_the_process(void **state)
{
    (void)state;
    for (int nr = -1; nr < 500; nr++)
        assert_int_equal(judge(false, OTHER, nr, NULL), SECCOMP_RET_KILL_PROCESS);
}

/* A list that grew by accident is a wall with a hole. */
static void fewer_than_half_of_the_calls_are_allowed(void **state)
{
    unsigned allowed = 0;

    (void)state;
    for (int nr = 0; nr <= 450; nr++)
        allowed += judge(false, OURS, nr, NULL) == OK;
    assert_in_range(allowed, 80, 190);
}

/* ---- Landlock's versions --------------------------------------------------------------------- */

static void each_version_of_landlock_refuses_what_it_can(void **state)
{
    static const struct {
        int version;
        uint64_t files, net, scoped, write;
    } versions[] = {
        {0, 0, 0, 0, 0},           {1, 0x1fff, 0, 0, 0x3be},  {2, 0x3fff, 0, 0, 0x23be},
        {3, 0x7fff, 0, 0, 0x63be}, {4, 0x7fff, 3, 0, 0x63be}, {5, 0xffff, 3, 0, 0x63be},
        {6, 0xffff, 3, 3, 0x63be}, {7, 0xffff, 3, 3, 0x63be}, {99, 0xffff, 3, 3, 0x63be},
    };

    (void)state;
    for (size_t i = 0; i < sizeof versions / sizeof versions[0]; i++) {
        int v = versions[i].version;
        struct gim_landlock_rights all = gim_landlock_handled(v, false);
        struct gim_landlock_rights connecting = gim_landlock_handled(v, true);

        assert_int_equal(all.files, versions[i].files);
        assert_int_equal(all.net, versions[i].net);
        assert_int_equal(all.scoped, versions[i].scoped);
        assert_int_equal(connecting.net, versions[i].net & 1); /* binding stays refused */
        assert_int_equal(gim_landlock_needed(v, GIM_LANDLOCK_WRITE, true), versions[i].write);
        /* A kernel takes no right that the set does not handle, for a file none of a directory. */
        for (int use = GIM_LANDLOCK_READ; use <= GIM_LANDLOCK_REMOVE; use++) {
            assert_int_equal(gim_landlock_needed(v, use, true) & ~all.files, 0);
            assert_int_equal(gim_landlock_needed(v, use, false) & ~0xc007ULL, 0);
        }
    }
}

/* ---- users ----------------------------------------------------------------------------------- */

static void put_file(const char *path, const char *text)
{
    FILE *f = fopen(path, "w");

    assert_non_null(f);
    fputs(text, f);
    fclose(f);
}

static void users_are_found_by_name_or_number(void **state)
{
    static const struct {
        const char *name;
        int found;
        unsigned uid, gid, n_groups;
    } users[] = {
        {"posts", 0, 990, 991, 3},     {"root", 0, 0, 0, 1},   {"last", 0, 7, 8, 1},
        {"12:34", 0, 12, 34, 1},       {"post", -1, 0, 0, 0},  {"postss", -1, 0, 0, 0},
        {"12", -1, 0, 0, 0},           {"12:", -1, 0, 0, 0},   {":12", -1, 0, 0, 0},
        {"-1:0", -1, 0, 0, 0},         {"0:-1", -1, 0, 0, 0},  {"4294967295:0", -1, 0, 0, 0},
        {"1:4294967295", -1, 0, 0, 0}, {"1:2:3", -1, 0, 0, 0}, {" 1:2", -1, 0, 0, 0},
    };
    char dir[] = "/tmp/sandbox-XXXXXX", passwd[64], group[64], err[256];
    struct gim_user u;

    (void)state;
    assert_non_null(mkdtemp(dir));
    snprintf(passwd, sizeof passwd, "%s/passwd", dir);
    snprintf(group, sizeof group, "%s/group", dir);
    put_file(passwd,
             "root:x:0:0::/root:/bin/sh\nno line\nposts:x:990:991::/:/none\nlast:x:7:8::/:");
    put_file(group,
             "root:x:0:\nposts:x:991:posts\nssl:x:50:a,posts\nlog:x:60:posts,b\nz:x:70:post\n");
    for (size_t i = 0; i < sizeof users / sizeof users[0]; i++) {
        int found = gim_user_find(users[i].name, passwd, group, &u, err, sizeof err);

        if (found != users[i].found)
            fail_msg("%s: %d", users[i].name, found);
        if (found)
            continue;
        assert_int_equal(u.uid, users[i].uid);
        assert_int_equal(u.gid, users[i].gid);
        assert_int_equal(u.n_groups, users[i].n_groups);
        assert_int_equal(u.groups[u.n_groups - 1], users[i].gid);
    }
    assert_int_equal(gim_user_find("posts", "/none", "/none", &u, err, sizeof err), -1);
    unlink(passwd);
    unlink(group);
    rmdir(dir);
}

static void of_very_many_groups_so_many_are_taken_as_there_is_room_for(void **state)
{
    char dir[] = "/tmp/sandbox-XXXXXX", passwd[64], group[64], err[256];
    struct gim_user u;
    FILE *f;

    (void)state;
    assert_non_null(mkdtemp(dir));
    snprintf(passwd, sizeof passwd, "%s/passwd", dir);
    snprintf(group, sizeof group, "%s/group", dir);
    put_file(passwd, "posts:x:990:991::/:/none\n");
    f = fopen(group, "w");
    for (int i = 0; i < 200; i++)
        fprintf(f, "g%d:x:%d:posts\n", i, 1000 + i);
    fclose(f);
    assert_int_equal(gim_user_find("posts", passwd, group, &u, err, sizeof err), 0);
    assert_int_equal(u.n_groups, 64);
    assert_int_equal(u.groups[63], 991);
    unlink(passwd);
    unlink(group);
    rmdir(dir);
}

/* ---- the real thing -------------------------------------------------------------------------- */

/* In a child: 0 when `check` was content, else the number of what was not. */
static int in_a_child(int (*check)(void))
{
    int status;
    pid_t pid = fork();

    if (pid == 0)
        _exit(check());
    assert_int_equal(waitpid(pid, &status, 0), pid);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static void *nothing(void *arg)
{
    return arg;
}

static int check_filter(void)
{
    pthread_t thread;

    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) || gim_filter_enter(false))
        return errno == ENOSYS ? 77 : 1;
    if (prctl(PR_GET_SECCOMP, 0, 0, 0, 0) != (SANDBOX_FOR_ASAN ? 2 : -1))
        return 2;
    if (execl("/bin/true", "true", NULL) != -1 || errno != EPERM)
        return 3;
    if (socket(AF_INET, SOCK_STREAM, 0) != -1 || errno != EPERM)
        return 4;
    if (pthread_create(&thread, NULL, nothing, NULL) || pthread_join(thread, NULL))
        return 5;
    return 0;
}

static void the_filter_holds_and_threads_can_still_be_made(void **state)
{
    int result = in_a_child(check_filter);

    (void)state;
    if (result == 77)
        skip();
    assert_int_equal(result, 0);
}

static int listen_here(struct sockaddr_in *at)
{
    socklen_t len = sizeof *at;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);

    *at = (struct sockaddr_in){.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    if (fd < 0 || bind(fd, (struct sockaddr *)at, len) || listen(fd, 5) ||
        getsockname(fd, (struct sockaddr *)at, &len))
        return -1;
    return fd;
}

/* A listener that is taken down is a socket like any: no way may lead there, and none from there. */
static int check_listeners(void)
{
    struct sockaddr none = {.sa_family = AF_UNSPEC};
    struct sockaddr_in ours_at, others_at;
    int ours = listen_here(&ours_at), others = listen_here(&others_at);

    if (ours < 0 || others < 0 || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) || gim_filter_enter(false))
        return errno == ENOSYS ? 77 : 1;
    if (connect(ours, &none, sizeof none) != -1 || errno != EPERM)
        return 2;
    if (shutdown(ours, SHUT_RDWR) != -1 || errno != EPERM)
        return 3;
    (void)sendto(ours, "x", 1, MSG_FASTOPEN | MSG_NOSIGNAL, (struct sockaddr *)&others_at,
                 sizeof others_at);
    return accept4(others, NULL, NULL, 0) == -1 ? 0 : 4;
}

static void no_listener_becomes_a_connection_to_others(void **state)
{
    int result = in_a_child(check_listeners);

    (void)state;
    if (result == 77)
        skip();
    assert_int_equal(result, 0);
}

static int check_landlock(void)
{
    int version = gim_landlock_version();
    struct gim_landlock_rights handled = gim_landlock_handled(version, false);
    char dir[] = "/tmp/sandbox-XXXXXX", inside[64], outside[64];
    int set, fd;

    if (!version)
        return 77;
    if (!mkdtemp(dir) || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
        return 1;
    snprintf(inside, sizeof inside, "%s/inside", dir);
    snprintf(outside, sizeof outside, "%s.outside", dir);
    set = gim_landlock_new(&handled);
    if (set < 0 || gim_landlock_allow(set, version, dir, GIM_LANDLOCK_WRITE) ||
        gim_landlock_allow(set, version, "/tmp", GIM_LANDLOCK_REMOVE) ||
        gim_landlock_allow(set, version, "/none/there", GIM_LANDLOCK_READ) != -1 || errno != ENOENT)
        return 2;
    if (gim_landlock_enter(set) || fcntl(set, F_GETFD) != -1)
        return 3;
    fd = open(inside, O_WRONLY | O_CREAT, 0600);
    if (fd < 0)
        return 4;
    if (open(outside, O_WRONLY | O_CREAT, 0600) != -1 || errno != EACCES)
        return 5;
    if (open("/etc/passwd", O_RDONLY) != -1 || errno != EACCES)
        return 6;
    if (open("/tmp", O_RDONLY | O_DIRECTORY) != -1 || errno != EACCES)
        return 7;
    return unlink(inside) || rmdir(dir) ? errno == EACCES ? 0 : 8 : 0;
}

static void landlock_leaves_what_was_named_and_nothing_else(void **state)
{
    int result = in_a_child(check_landlock);

    (void)state;
    if (result == 77)
        skip();
    assert_int_equal(result, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_call_is_judged_as_its_row_says),
        cmocka_unit_test(numbers_of_another_architecture_end_the_process),
        cmocka_unit_test(fewer_than_half_of_the_calls_are_allowed),
        cmocka_unit_test(each_version_of_landlock_refuses_what_it_can),
        cmocka_unit_test(users_are_found_by_name_or_number),
        cmocka_unit_test(of_very_many_groups_so_many_are_taken_as_there_is_room_for),
        cmocka_unit_test(the_filter_holds_and_threads_can_still_be_made),
        cmocka_unit_test(no_listener_becomes_a_connection_to_others),
        cmocka_unit_test(landlock_leaves_what_was_named_and_nothing_else),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
