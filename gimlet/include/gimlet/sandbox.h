/**
 * gimlet/sandbox.h: a service that was taken over can do little: it gives up what it does not need
 * before it serves anybody.
 *
 *     static void paths(struct gim_sandbox_paths *p, void *state)
 *     {
 *         struct shop *shop = state;
 *
 *         gim_sandbox_write(p, shop->directory);
 *         gim_sandbox_read(p, "/etc/shop");
 *     }
 *     static const struct gim_sandbox sandbox = GIM_SANDBOX(.paths = paths);
 *
 *     int main(int argc, char **argv)
 *     {
 *         return gim_main(argc, argv, .name = "shop", .routes = routes, .sandbox = &sandbox);
 *     }
 *
 * When the sockets are bound and before .start runs (so before a store is opened or a thread made),
 * in this order:
 *
 *   1. --user NAME: root becomes that user, for good. Without it root keeps its name, but only the
 *      powers over files that are its own or others' (CAP_CHOWN, CAP_DAC_OVERRIDE, CAP_FOWNER); the
 *      start line says so. No program it could start has more rights (no_new_privs), --sandbox off or not.
 *   2. Landlock (Linux 5.13): no file but those named, no program executed, no TCP port bound or
 *      connected to (6.7), no signal to others (6.12).
 *   3. seccomp: a list of system calls that a service needs. Any other fails with EPERM (ENOSYS when
 *      it is newer than this list), and the kernel's log has a line. No memory is both writable and
 *      executable, no socket but unix ones is made, nothing is connected to, no mode or owner of a
 *      file is changed by its path.
 *
 * --sandbox auto (the default) takes what the kernel has, with a line about what it has not; on
 * refuses to start without Landlock or seccomp; off does neither. All threads made later are inside.
 * Builds with coverage or a sanitizer of threads are not confined, with a line; ASan ones allow what
 * its leak check needs.
 *
 * What it is not: a wall against the kernel's own faults, or between requests.
 */
#ifndef GIMLET_SANDBOX_H
#define GIMLET_SANDBOX_H

#include <gimlet/app.h>

#ifdef __cplusplus
extern "C" {
#endif

struct gim_confinement;

/** The ways into the file system that stay open; lives during .paths. */
struct gim_sandbox_paths;

/** What .sandbox of the application points at; build it with GIM_SANDBOX. */
struct gim_sandbox {
    /** Names the paths, once the options are read; NULL: none. Their user may differ: see --user. */
    void (*paths)(struct gim_sandbox_paths *p, void *state);
    bool connects; /* it asks others (gim_fetch, a database server): sockets of any kind that the
                      internet needs, the resolver's libraries and /etc to read */
    const struct gim_confinement *confinement; /* set by GIM_SANDBOX; not for applications */
};

extern const struct gim_confinement gim_sandbox_confinement;

#define GIM_SANDBOX(...)                                                                           \
    {                                                                                              \
        __VA_ARGS__, .confinement = &gim_sandbox_confinement                                       \
    }

/** A file, or a directory and all below it, may be read. What is not there (yet) is left out: name
 *  the directory of a file that is replaced by another one of its name. */
void gim_sandbox_read(struct gim_sandbox_paths *p, const char *path);
/** And written: files and directories in it made, renamed, removed. */
void gim_sandbox_write(struct gim_sandbox_paths *p, const char *path);

#ifdef __cplusplus
}
#endif
#endif
