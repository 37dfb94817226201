/* sandbox_calls.c: which system calls a service makes, and the seccomp filter made of that list.
 *
 * The filter is a straight line: one compare a call, those of a request first. From Linux 5.11 on the
 * kernel runs it once per number at the start and keeps a bitmap of those that are always allowed, so
 * a request pays for a bit; before, for the few compares in front. Calls that depend on an argument
 * stand last; no request makes them.
 *
 * Refused is EPERM: a call that was forgotten here fails like any other, the service goes on, and the
 * kernel's log has a line. clone3 and numbers beyond this list are ENOSYS, which makes the C library
 * take the older call: that happens in good order, so another filter does it, of which nothing is
 * logged. */
#include "sandbox_private.h"
#include <errno.h>
#include <linux/audit.h>
#include <linux/netlink.h>
#include <linux/prctl.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <stddef.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#if defined(__x86_64__)
#define ARCH AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define ARCH AUDIT_ARCH_AARCH64
#else
#define ARCH 0U /* no filter: gim_filter_enter says ENOSYS */
#endif

#define NEWEST 450 /* of Linux 6.1, by which this list was made */

/* Where the low half of a 64-bit argument is. */
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#define LOW(arg) (uint32_t)(offsetof(struct seccomp_data, args) + 8U * (arg))
#else
#define LOW(arg) (uint32_t)(offsetof(struct seccomp_data, args) + 8U * (arg) + 4U)
#endif

/* The calls on arm64's list are the younger ones of each kind; x86-64 has the older ones, too. */
static const uint16_t always[] = {
    /* a request */
    __NR_recvfrom,
    __NR_sendto,
    __NR_epoll_pwait,
    __NR_futex,
    __NR_write,
    __NR_read,
    __NR_accept4,
    __NR_close,
    __NR_epoll_ctl,
    __NR_writev,
    __NR_sendmsg,
    __NR_recvmsg,
    __NR_fdatasync,
    __NR_pwrite64,
    __NR_pread64,
    __NR_clock_gettime,
#ifdef __NR_epoll_wait
    __NR_epoll_wait,
#endif
    /* sockets */
    __NR_accept,
    __NR_bind,
    __NR_getpeername,
    __NR_getsockname,
    __NR_getsockopt,
    __NR_listen,
    __NR_setsockopt,
    __NR_epoll_create1,
    __NR_epoll_pwait2,
    __NR_eventfd2,
    __NR_signalfd4,
    __NR_timerfd_create,
    __NR_timerfd_gettime,
    __NR_timerfd_settime,
    __NR_ppoll,
    __NR_pselect6,
    __NR_pipe2,
    __NR_sendfile,
    __NR_splice,
    __NR_sendmmsg,
    __NR_recvmmsg,
#ifdef __NR_poll
    __NR_poll,
    __NR_select,
#endif
    /* files */
    __NR_openat,
    __NR_openat2,
    __NR_fstat,
    __NR_newfstatat,
    __NR_statx,
    __NR_fstatfs,
    __NR_statfs,
    __NR_faccessat,
    __NR_faccessat2,
    __NR_readlinkat,
    __NR_getdents64,
    __NR_getcwd,
    __NR_lseek,
    __NR_fcntl,
    __NR_dup,
    __NR_dup3,
    __NR_flock,
    __NR_fsync,
    __NR_ftruncate,
    __NR_fallocate,
    __NR_fadvise64,
    __NR_sync_file_range,
    __NR_copy_file_range,
    __NR_readv,
    __NR_preadv,
    __NR_pwritev,
    __NR_unlinkat,
    __NR_renameat2,
    __NR_linkat,
    __NR_mkdirat,
    __NR_fchown,
    __NR_umask,
#ifdef __NR_renameat
    __NR_renameat,
#endif
#ifdef __NR_open
    __NR_open,
    __NR_stat,
    __NR_lstat,
    __NR_access,
    __NR_readlink,
    __NR_unlink,
    __NR_rename,
    __NR_link,
    __NR_mkdir,
    __NR_rmdir,
    __NR_dup2,
    __NR_pipe,
#endif
    /* memory and threads */
    __NR_brk,
    __NR_munmap,
    __NR_mremap,
    __NR_madvise,
    __NR_msync,
    __NR_set_robust_list,
    __NR_get_robust_list,
    __NR_rseq,
    __NR_membarrier,
    __NR_sched_yield,
    __NR_sched_getaffinity,
    __NR_getcpu,
    __NR_gettid,
    __NR_exit,
    __NR_exit_group,
    __NR_set_tid_address,
    /* signals, time, and who we are */
    __NR_rt_sigaction,
    __NR_rt_sigprocmask,
    __NR_rt_sigreturn,
    __NR_rt_sigtimedwait,
    __NR_sigaltstack,
    __NR_restart_syscall,
    __NR_nanosleep,
    __NR_clock_nanosleep,
    __NR_clock_getres,
    __NR_gettimeofday,
    __NR_getitimer,
    __NR_times,
    __NR_getrusage,
    __NR_getrandom,
    __NR_getpid,
    __NR_getppid,
    __NR_getuid,
    __NR_geteuid,
    __NR_getgid,
    __NR_getegid,
    __NR_getresuid,
    __NR_getresgid,
    __NR_getgroups,
    __NR_uname,
    __NR_sysinfo,
    __NR_capget,
#ifdef __NR_time
    __NR_time,
#endif
#ifdef __NR_getrlimit
    __NR_getrlimit,
#endif
#if SANDBOX_FOR_ASAN
/* its leak check at the end stops all threads from a process that it makes, and looks at them */
#ifdef __NR_getdents
    __NR_getdents,
#endif
    __NR_clone,
    __NR_ptrace,
    __NR_wait4,
    __NR_prctl,
    __NR_kill,
    __NR_process_vm_readv,
#endif
};

/* Allowed when the low half of an argument, under a mask, is this. */
struct condition {
    uint16_t call, arg;
    uint32_t mask, value;
    bool if_connects;
};

#define ALL_BITS 0xffffffffU
#define NEW_SPACES                                                                                 \
    (CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWUSER | CLONE_NEWPID |  \
     CLONE_NEWNET)

static const struct condition conditions[] = {
    {__NR_mmap, 2, PROT_EXEC, 0, false},
    {__NR_mmap, 2, PROT_WRITE, 0, true}, /* the resolver's libraries */
    {__NR_mprotect, 2, PROT_EXEC, 0, false},
    {__NR_clone, 0, CLONE_THREAD | NEW_SPACES, CLONE_THREAD, false},
    {__NR_socket, 0, ALL_BITS, AF_UNIX, false},
    {__NR_socketpair, 0, ALL_BITS, AF_UNIX, false}, /* of any family it would load a module */
    /* Connecting leads to the machine's daemons, too; and a listener that is shut down or connected
     * to nothing may connect, by MSG_FASTOPEN past Landlock. */
    {__NR_connect, 0, 0, 0, true},
    {__NR_shutdown, 1, ALL_BITS, SHUT_WR, false},
    {__NR_shutdown, 0, 0, 0, true},
    /* Landlock does not look at modes and owners: only those of files that were opened, and not by
     * path; nothing becomes setuid. */
    {__NR_fchmod, 1, S_ISUID | S_ISGID, 0, false},
    {__NR_socket, 0, ALL_BITS, AF_INET, true},
    {__NR_socket, 0, ALL_BITS, AF_INET6, true},
    {__NR_socket, 0, ALL_BITS, AF_NETLINK, true}, /* getaddrinfo: which addresses have we? */
    {__NR_ioctl, 1, ALL_BITS, TCGETS, false},     /* stdio: is this a terminal? */
    {__NR_ioctl, 1, ALL_BITS, FIONREAD, true},    /* the resolver */
    {__NR_prlimit64, 2, ALL_BITS, 0, false},      /* asked, not set */
    {__NR_prctl, 0, ALL_BITS, PR_SET_NAME, false},
    {__NR_prctl, 0, ALL_BITS, PR_GET_NAME, false},
};

struct program {
    struct sock_filter *code;
    unsigned n;
};

static void put(struct program *p, uint16_t op, uint32_t k, uint8_t yes, uint8_t no)
{
    if (p->n < GIM_FILTER_MAX)
        p->code[p->n] = (struct sock_filter){op, yes, no, k};
    p->n++;
}

static void load(struct program *p, uint32_t at)
{
    put(p, BPF_LD | BPF_W | BPF_ABS, at, 0, 0);
}

static void give(struct program *p, uint32_t result)
{
    put(p, BPF_RET | BPF_K, result, 0, 0);
}

/* The number is in the accumulator: if it is not `call`, goes past the next `n` instructions. */
static void unless(struct program *p, uint32_t call, uint8_t n)
{
    put(p, BPF_JMP | BPF_JEQ | BPF_K, call, 0, n);
}

static void put_condition(struct program *p, const struct condition *c)
{
    load(p, offsetof(struct seccomp_data, nr));
    unless(p, c->call, 4);
    load(p, LOW(c->arg));
    put(p, BPF_ALU | BPF_AND | BPF_K, c->mask, 0, 0);
    unless(p, c->value, 1);
    give(p, SECCOMP_RET_ALLOW);
}

/* Goes on for our own architecture; `other` for any else. */
static void put_arch(struct program *p, uint32_t other)
{
    load(p, offsetof(struct seccomp_data, arch));
    unless(p, ARCH, 1);
    put(p, BPF_JMP | BPF_JA, 1, 0, 0);
    give(p, other);
    load(p, offsetof(struct seccomp_data, nr));
}

/* The calls that are not for us to know; 0 or more instructions later it goes on. */
static void put_newer(struct program *p, uint32_t result)
{
    put(p, BPF_JMP | BPF_JGT | BPF_K, NEWEST, 1, 0); /* x86-64's x32 numbers, too */
    unless(p, __NR_clone3, 1);                       /* its flags cannot be seen from here */
    give(p, result);
}

unsigned gim_filter_newer(struct sock_filter code[GIM_FILTER_MAX])
{
    struct program p = {code, 0};

    put_arch(&p, SECCOMP_RET_ALLOW);
    put_newer(&p, SECCOMP_RET_ERRNO | ENOSYS);
    give(&p, SECCOMP_RET_ALLOW);
    return p.n;
}

unsigned gim_filter_make(struct sock_filter code[GIM_FILTER_MAX], bool connects, int pid)
{
    struct program p = {code, 0};
    const struct condition own_signals = {__NR_tgkill, 0, ALL_BITS, (uint32_t)pid, false};

    put_arch(&p, SECCOMP_RET_KILL_PROCESS); /* numbers mean something else there */
    for (size_t i = 0; i < sizeof always / sizeof always[0]; i++) {
        unless(&p, always[i], 1);
        give(&p, SECCOMP_RET_ALLOW);
    }
    put_newer(&p, SECCOMP_RET_ALLOW); /* the other filter's */
    for (size_t i = 0; i < sizeof conditions / sizeof conditions[0]; i++) {
        if (connects || !conditions[i].if_connects)
            put_condition(&p, &conditions[i]);
    }
    put_condition(&p, &own_signals); /* abort */
    give(&p, SECCOMP_RET_ERRNO | EPERM);
    return p.n;
}

static int install(struct sock_filter *code, unsigned n, unsigned flags)
{
    struct sock_fprog program = {.len = (unsigned short)n, .filter = code};

    if (!ARCH || n > GIM_FILTER_MAX) {
        errno = ENOSYS;
        return -1;
    }
    return syscall(__NR_seccomp, SECCOMP_SET_MODE_FILTER, flags, &program) ? -1 : 0;
}

int gim_filter_enter(bool connects)
{
    const unsigned all = SECCOMP_FILTER_FLAG_TSYNC;
    struct sock_filter code[GIM_FILTER_MAX];
    unsigned n = gim_filter_newer(code);

    if (install(code, n, all))
        return -1;
    n = gim_filter_make(code, connects, getpid());
    if (install(code, n, all | SECCOMP_FILTER_FLAG_LOG) == 0)
        return 0;
    return errno == EINVAL ? install(code, n, all) : -1; /* before Linux 4.14 nothing is logged */
}
