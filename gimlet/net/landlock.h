/* landlock.h: Landlock, landlock(7): which files and ports a process may still use.
 *
 * A set of rules is made, paths are added, and then it is put on: the calling thread and the threads
 * it makes later are bound by it for good. Debian 12's headers know the first two versions only, so
 * numbers and layouts stand in landlock.c. */
#ifndef NET_LANDLOCK_H
#define NET_LANDLOCK_H

#include <gimlet/str.h>

/* What is handled: what is not allowed by a rule is refused. */
struct gim_landlock_rights {
    uint64_t files, net, scoped;
};

#define GIM_LANDLOCK_SCOPE_ABSTRACT 1U /* of .scoped: unix sockets that have no file */

enum gim_landlock_use {
    GIM_LANDLOCK_READ,   /* a file; a directory and what is below it */
    GIM_LANDLOCK_WRITE,  /* and change it, and make files in it */
    GIM_LANDLOCK_REMOVE, /* files in a directory go; nothing else */
};

/** The kernel's version of it, 0: it has none or it is switched off. */
int gim_landlock_version(void);
/** What version `version` can refuse. `connects`: connections to others stay allowed. */
struct gim_landlock_rights gim_landlock_handled(int version, bool connects);
/** The rights over files that a use needs, of those that the version knows. */
uint64_t gim_landlock_needed(int version, enum gim_landlock_use use, bool directory);

/** A set that allows nothing yet: a descriptor, or -1 with errno. */
GIM_MUST_CHECK int gim_landlock_new(const struct gim_landlock_rights *handled);
/** 0, or -1 with errno: ENOENT when the path is not there. */
GIM_MUST_CHECK int gim_landlock_allow(int set, int version, const char *path,
                                      enum gim_landlock_use use);
/** Puts it on; needs no_new_privs. Closes the set. 0, or -1 with errno. */
GIM_MUST_CHECK int gim_landlock_enter(int set);

#endif
