/* sandbox.c: shut in: the options --sandbox and --user, the order of the steps, what is said of them.
 *
 * The moment is chosen by gim_main: all sockets are bound, which may take root and any port; no store
 * is open and no thread made, because Landlock binds only the calling thread and those it makes. The
 * order: another user first, since it decides which paths can be named; then powers, files, and last
 * the system calls, which the steps before needed themselves. */
#include "../net/landlock.h"
#include "sandbox_private.h"
#include <errno.h>
#include <gimlet/log.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#define AT(member) GIM_OPTION_AT(struct gim_settings, member)
#define PATH_BYTES 4096
#define EXIT_REFUSED 1
#define EXIT_WRONG_OPTION 2

enum gim_sandbox_mode {
    SANDBOX_AUTO,
    SANDBOX_ON,
    SANDBOX_OFF,
};
static const char *const modes[] = {"auto", "on", "off", NULL};

static const struct gim_option options[] = {
    {"sandbox", GIM_OPTION_ENUM, AT(sandbox), "auto", .names = modes, .group = "Privileges",
     .rare = true, .help = "auto: as far as the kernel can; on: or not at all; off"},
    {"user", GIM_OPTION_STR, AT(user), "", .group = "Privileges", .rare = true,
     .help = "root becomes NAME or UID:GID once the port is bound"},
    {0},
};

/* Builds that a sandbox would break. */
#if defined(GIM_COVERAGE)
static const char *const unfit = "it notes its coverage in files";
#elif defined(__SANITIZE_THREAD__)
static const char *const unfit = "it looks for races (TSan)";
#else
static const char *const unfit = NULL;
#endif

/* ---- files ---------------------------------------------------------------------------------- */

/* What every service may read. */
static const char *const common[] = {
    "/dev/null",               /* listeners keep a descriptor in reserve */
    "/dev/urandom",            /* SQLite's seed */
    "/proc/self",              /* its own figures; descriptors as paths */
    "/sys/devices/system/cpu", /* the C library: how many are there? */
};

/* What the resolver and TLS read. */
static const char *const of_connects[] = {
    "/etc", "/usr/lib", "/usr/lib64",           "/usr/share/ca-certificates",
    "/lib", "/lib64",   "/run/systemd/resolve",
};

/* And what says where else to look. */
static const char *const of_environment[] = {"SSL_CERT_FILE", "SSL_CERT_DIR", "OPENSSL_CONF"};

/* What the versions of Landlock brought, for the line about what a kernel has not. */
static const struct {
    int since;
    const char *what;
} brought[] = {
    {3, "truncating files"},
    {4, "TCP ports"},
    {5, "ioctl on devices"},
    {6, "signals to others"},
};
#define NEWEST_BROUGHT 6

struct gim_sandbox_paths {
    int set, version;
    char *err;
    size_t err_len;
    bool failed;
    bool optional; /* what is hidden from us is left out, as what is not there */
};

static void warn_of_root(const char *path)
{
    struct stat all, one;

    if (stat("/", &all) == 0 && stat(path, &one) == 0 && all.st_dev == one.st_dev &&
        all.st_ino == one.st_ino)
        gim_log(GIM_LOG_WARN, "sandbox",
                "%s is the root directory: every file stays in reach; give what is named there a "
                "directory of its own",
                path);
}

static void allow(struct gim_sandbox_paths *p, const char *path, enum gim_landlock_use use)
{
    if (p->failed || !path || !*path)
        return;
    if (gim_landlock_allow(p->set, p->version, path, use) == 0) {
        warn_of_root(path);
        return;
    }
    if (errno == ENOENT || (p->optional && (errno == EACCES || errno == ENOTDIR)))
        return;
    snprintf(p->err, p->err_len, "sandbox: cannot allow %.200s: %s", path, strerror(errno));
    p->failed = true;
}

void gim_sandbox_read(struct gim_sandbox_paths *p, const char *path)
{
    allow(p, path, GIM_LANDLOCK_READ);
}

void gim_sandbox_write(struct gim_sandbox_paths *p, const char *path)
{
    allow(p, path, GIM_LANDLOCK_WRITE);
}

/* The file of a unix socket goes when the service stops. */
static void allow_socket(struct gim_sandbox_paths *p, const char *address)
{
    char directory[PATH_BYTES];
    const char *slash;

    if (!address || strncmp(address, "unix:", 5) != 0)
        return;
    address += 5;
    slash = strrchr(address, '/');
    snprintf(directory, sizeof directory, "%.*s", slash ? (int)(slash - address) + 1 : 1,
             slash ? address : ".");
    allow(p, directory, GIM_LANDLOCK_REMOVE);
}

/* The directories of a file that is read again, and of what it is a link to: others of its name may
 * come. */
static void allow_again(struct gim_sandbox_paths *p, const char *file)
{
    char real[PATH_MAX], directory[PATH_MAX];
    const char *names[] = {file, realpath(file, real)};

    for (size_t i = 0; i < 2 && names[i] && *names[i]; i++) {
        const char *slash = strrchr(names[i], '/');

        snprintf(directory, sizeof directory, "%.*s", slash ? (int)(slash - names[i]) + 1 : 1,
                 slash ? names[i] : ".");
        gim_sandbox_read(p, directory);
    }
}

static void allow_all(struct gim_sandbox_paths *p, const struct gim_app *app)
{
    const struct gim_sandbox *s = app->spec.sandbox;

    p->optional = true;
    for (size_t i = 0; i < sizeof common / sizeof common[0]; i++)
        gim_sandbox_read(p, common[i]);
    for (size_t i = 0; s->connects && i < sizeof of_connects / sizeof of_connects[0]; i++)
        gim_sandbox_read(p, of_connects[i]);
    for (size_t i = 0; s->connects && i < sizeof of_environment / sizeof of_environment[0]; i++)
        gim_sandbox_read(p, getenv(of_environment[i]));
    p->optional = false;
    allow_socket(p, app->settings.host);
    allow_socket(p, app->settings.metrics_listen);
    if (app->secure) {
        allow_again(p, app->settings.tls.cert);
        allow_again(p, app->settings.tls.key);
    }
    if (s->paths)
        s->paths(p, app->spec.state);
}

static void tell_missing(int version)
{
    char text[128];
    size_t n = 0;

    for (size_t i = 0; i < sizeof brought / sizeof brought[0]; i++) {
        if (version < brought[i].since)
            n +=
                (size_t)snprintf(text + n, sizeof text - n, "%s%s", n ? ", " : "", brought[i].what);
    }
    if (n)
        gim_log(GIM_LOG_INFO, "sandbox", "Landlock here (version %d) cannot refuse: %s", version,
                text);
}

/* An abstract socket of the service manager must stay in reach. */
static bool notifies_abstract(void)
{
    const char *socket = getenv("NOTIFY_SOCKET");

    return socket && *socket == '@';
}

/* 1: Landlock cannot be had after all, as within sixteen other sandboxes; -1: a path is wrong. */
static int enter_files(const struct gim_app *app, int version, char *err, size_t err_len)
{
    struct gim_landlock_rights handled = gim_landlock_handled(version, app->spec.sandbox->connects);
    struct gim_sandbox_paths p = {.version = version, .err = err, .err_len = err_len};

    if (notifies_abstract())
        handled.scoped &= ~(uint64_t)GIM_LANDLOCK_SCOPE_ABSTRACT;
    p.set = gim_landlock_new(&handled);
    if (p.set >= 0) {
        allow_all(&p, app);
        if (!gim_landlock_enter(p.set) && !p.failed)
            return 0;
    }
    if (p.failed)
        return -1;
    snprintf(err, err_len, "Landlock cannot be entered: %s: files are not confined",
             strerror(errno));
    return 1;
}

/* ---- the steps ------------------------------------------------------------------------------ */

/* 0, or an exit code with a sentence. */
static int become(const struct gim_app *app, char *err, size_t err_len)
{
    const char *name = app->settings.user;
    struct gim_user u;

    if (!name || !*name)
        return 0;
    if (gim_user_find(name, "/etc/passwd", "/etc/group", &u, err, err_len))
        return EXIT_WRONG_OPTION;
    return gim_user_become(&u, err, err_len) ? EXIT_REFUSED : 0;
}

/* Something is not to be had: with --sandbox on that ends the start. */
static int miss(bool must, const char *what, char *err, size_t err_len)
{
    snprintf(err, err_len, "sandbox: %s", what);
    if (!must)
        gim_log(GIM_LOG_WARN, "sandbox", "%s", what);
    return must ? -1 : 0;
}

static int confine(const struct gim_app *app, bool must, char *err, size_t err_len)
{
    int version = gim_landlock_version();
    int result;
    char why[256];

    gim_powers_drop();
    if (version == 0) {
        if (miss(must,
                 "no Landlock in this kernel (Linux 5.13 has it), or a container refuses it: files "
                 "are "
                 "not confined",
                 err, err_len))
            return -1;
    } else {
        tell_missing(version);
        result = enter_files(app, version, err, err_len);
        if (result > 0) {
            snprintf(why, sizeof why, "%s", err);
            result = miss(must, why, err, err_len);
        }
        if (result)
            return -1;
    }
    result = gim_filter_enter(app->spec.sandbox->connects);
    if (result)
        return miss(must,
                    "no seccomp filter in this kernel, or a container refuses it: system calls are "
                    "not confined",
                    err, err_len);
    return 0;
}

static int enter(struct gim_app *app, char *err, size_t err_len)
{
    enum gim_sandbox_mode mode = (enum gim_sandbox_mode)app->settings.sandbox;
    bool must = mode == SANDBOX_ON, confined = mode != SANDBOX_OFF && !unfit;
    int code, failed = 0;
    char why[128];

    if (confined)
        gim_powers_bound(!app->settings.user || !*app->settings.user);
    code = become(app, err, err_len);
    if (code)
        return code;
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
        failed = miss(must, "no no_new_privs in this kernel", err, err_len);
    if (!failed && confined) {
        failed = confine(app, must, err, err_len);
    } else if (!failed && mode != SANDBOX_OFF) {
        snprintf(why, sizeof why, "this build is not confined: %s", unfit);
        failed = miss(must, why, err, err_len);
    }
    return failed ? EXIT_REFUSED : 0;
}

static const char *describe(const struct gim_app *app)
{
    static const char *const words[] = {"", ", as root", ", not confined",
                                        ", as root, not confined"};
    bool off = unfit || app->settings.sandbox == SANDBOX_OFF;

    return words[(geteuid() == 0 ? 1 : 0) + (off ? 2 : 0)];
}

const struct gim_confinement gim_sandbox_confinement = {
    .options = options, .enter = enter, .describe = describe};
