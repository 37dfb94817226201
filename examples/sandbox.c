/* sandbox.c: a service that is shut in, and tries the walls.
 *
 *     sandbox --directory /tmp/notes --port 8080
 *     curl localhost:8080/try/read-passwd        EACCES
 *     curl localhost:8080/try/keep-a-file        0
 *
 * Each row is what somebody might do who has taken the process over, by one call; the answer is the
 * name of its errno. The tests ask for all of them. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* what is tried is Linux's own */
#endif
#include <errno.h>
#include <fcntl.h>
#include <gimlet.h>
#include <linux/if_ether.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

struct state {
    const char *directory;
};

static const struct gim_option options[] = {
    {"directory", GIM_OPTION_STR, GIM_OPTION_AT(struct state, directory), ".", .group = "Sandbox",
     .help = "where files may be written"},
    {0},
};

/* ---- what is tried: 0 or more when it worked, else -1 with errno ------------------------------- */

static int opened(const char *path, int flags)
{
    int fd = open(path, flags | O_CLOEXEC, 0600);

    if (fd >= 0)
        close(fd);
    return fd;
}

static int read_passwd(const struct state *s)
{
    (void)s;
    return opened("/etc/passwd", O_RDONLY);
}

static int list_root(const struct state *s)
{
    (void)s;
    return opened("/", O_RDONLY | O_DIRECTORY);
}

static int read_itself(const struct state *s)
{
    (void)s;
    return opened("/proc/self/stat", O_RDONLY);
}

static int read_parent(const struct state *s)
{
    char path[64];

    (void)s;
    snprintf(path, sizeof path, "/proc/%d/environ", (int)getppid());
    return opened(path, O_RDONLY);
}

static int keep_a_file(const struct state *s)
{
    char path[4096];

    snprintf(path, sizeof path, "%s/kept", s->directory);
    return opened(path, O_WRONLY | O_CREAT);
}

static int write_outside(const struct state *s)
{
    char path[4096];

    snprintf(path, sizeof path, "%s/../outside", s->directory);
    return opened(path, O_WRONLY | O_CREAT);
}

static int rename_out(const struct state *s)
{
    char from[4096], to[4096];

    snprintf(from, sizeof from, "%s/kept", s->directory);
    snprintf(to, sizeof to, "%s/../kept", s->directory);
    return rename(from, to);
}

static int change_outside(const struct state *s)
{
    char path[4096];

    snprintf(path, sizeof path, "%s/..", s->directory);
    return chmod(path, 0755);
}

static int make_setuid(const struct state *s)
{
    char path[4096];
    int fd, result;

    snprintf(path, sizeof path, "%s/kept", s->directory);
    fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0)
        return -1;
    result = fchmod(fd, 04700);
    close(fd);
    return result;
}

static int make_device(const struct state *s)
{
    char path[4096];

    snprintf(path, sizeof path, "%s/device", s->directory);
    return mknod(path, S_IFCHR | 0600, 0);
}

static int execute(const struct state *s)
{
    char *argv[] = {"true", NULL};

    (void)s;
    return execve("/bin/true", argv, NULL);
}

static int fork_off(const struct state *s)
{
    pid_t pid = (pid_t)syscall(SYS_clone, SIGCHLD, NULL, NULL, NULL, NULL);

    (void)s;
    if (pid == 0)
        _exit(0);
    return pid;
}

static int trace_parent(const struct state *s)
{
    (void)s;
    return (int)ptrace(PTRACE_SEIZE, getppid(), NULL, NULL);
}

static int signal_parent(const struct state *s)
{
    (void)s;
    return kill(getppid(), SIGURG); /* ignored, if it comes */
}

static int socketed(int family, int type, int protocol)
{
    int fd = socket(family, type | SOCK_CLOEXEC, protocol);

    if (fd >= 0)
        close(fd);
    return fd;
}

static int socket_tcp(const struct state *s)
{
    (void)s;
    return socketed(AF_INET, SOCK_STREAM, 0);
}

static int socket_udp6(const struct state *s)
{
    (void)s;
    return socketed(AF_INET6, SOCK_DGRAM, 0);
}

static int socket_packet(const struct state *s)
{
    (void)s;
    return socketed(AF_PACKET, SOCK_RAW, ETH_P_ALL);
}

static int socket_netlink(const struct state *s)
{
    (void)s;
    return socketed(AF_NETLINK, SOCK_RAW, 0);
}

/* Whoever listens there: docker, D-Bus. */
static int ask_a_daemon(const struct state *s)
{
    struct sockaddr_un to = {.sun_family = AF_UNIX, .sun_path = "/nobody/listens"};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    int result = connect(fd, (const struct sockaddr *)&to, sizeof to), kept = errno;

    (void)s;
    close(fd);
    errno = kept;
    return result;
}

static int map_code(const struct state *s)
{
    void *at =
        mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    (void)s;
    return at == MAP_FAILED ? -1 : 0;
}

static int make_code(const struct state *s)
{
    static _Alignas(4096) char page[4096];

    (void)s;
    return mprotect(page, sizeof page, PROT_READ | PROT_EXEC);
}

static int become_root(const struct state *s)
{
    (void)s;
    return setuid(0);
}

static int new_namespace(const struct state *s)
{
    (void)s;
    return unshare(CLONE_NEWUSER);
}

static int mount_something(const struct state *s)
{
    return mount("none", s->directory, "tmpfs", 0, NULL);
}

static int use_io_uring(const struct state *s)
{
    (void)s;
    return (int)syscall(SYS_io_uring_setup, 1, NULL);
}

static int load_bpf(const struct state *s)
{
    (void)s;
    return (int)syscall(SYS_bpf, 0, NULL, 0);
}

static int hidden_file(const struct state *s)
{
    (void)s;
    return (int)syscall(SYS_memfd_create, "hidden", 0);
}

static int unknown_call(const struct state *s)
{
    (void)s;
    return (int)syscall(10000);
}

static const struct {
    const char *name;
    int (*run)(const struct state *s);
} tries[] = {
    {"read-passwd", read_passwd},
    {"list-root", list_root},
    {"read-itself", read_itself},
    {"read-parent", read_parent},
    {"keep-a-file", keep_a_file},
    {"write-outside", write_outside},
    {"rename-out", rename_out},
    {"change-outside", change_outside},
    {"make-setuid", make_setuid},
    {"make-device", make_device},
    {"execute", execute},
    {"fork", fork_off},
    {"trace-parent", trace_parent},
    {"signal-parent", signal_parent},
    {"socket-tcp", socket_tcp},
    {"socket-udp6", socket_udp6},
    {"socket-packet", socket_packet},
    {"socket-netlink", socket_netlink},
    {"ask-a-daemon", ask_a_daemon},
    {"map-code", map_code},
    {"make-code", make_code},
    {"become-root", become_root},
    {"new-namespace", new_namespace},
    {"mount", mount_something},
    {"io-uring", use_io_uring},
    {"bpf", load_bpf},
    {"hidden-file", hidden_file},
    {"unknown-call", unknown_call},
};

static int try(struct gim_ctx *c)
{
    gim_str name = gim_param(c, GIM_S("what"));

    for (size_t i = 0; i < sizeof tries / sizeof tries[0]; i++) {
        if (gim_str_eq(name, gim_str_of(tries[i].name))) {
            int result = tries[i].run(gim_state(c));

            return gim_text(c, 200, result < 0 ? gim_str_of(strerrorname_np(errno)) : GIM_S("0"));
        }
    }
    return gim_text(c, 404, GIM_S("nothing like that is tried here"));
}

/* ---- the service ------------------------------------------------------------------------------ */

static const struct gim_route routes[] = {
    GIM_GET("/try/:what", try, .summary = "Try the walls from the loop's thread"),
    GIM_GET("/try/:what/elsewhere", try, .blocking = true, .summary = "From a thread made later"),
    {0},
};

static void paths(struct gim_sandbox_paths *p, void *state)
{
    const struct state *s = state;

    gim_sandbox_write(p, s->directory);
}

static const struct gim_sandbox sandbox = GIM_SANDBOX(.paths = paths);

int main(int argc, char **argv)
{
    static struct state state;

    return gim_main(argc, argv, .name = "sandbox", .routes = routes, .state = &state,
                    .options = options, .sandbox = &sandbox);
}
