/* sandbox_private.h: the parts of the sandbox.
 *
 *   sandbox.c         the options, the order, what is said
 *   sandbox_calls.c   the list of system calls, and the filter made of it
 *   sandbox_user.c    root's powers, and another user's name
 */
#ifndef KIT_SANDBOX_PRIVATE_H
#define KIT_SANDBOX_PRIVATE_H

#include "../rest/app.h"
#include "../rest/confinement.h"
#include <linux/filter.h>

/* What a sanitizer's run time needs beside the program. */
#if defined(__SANITIZE_ADDRESS__) || defined(GIM_SANITIZE_ADDRESS)
#define SANDBOX_FOR_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SANDBOX_FOR_ASAN 1
#endif
#endif
#ifndef SANDBOX_FOR_ASAN
#define SANDBOX_FOR_ASAN 0
#endif

/* ---- system calls --------------------------------------------------------------------------- */

#define GIM_FILTER_MAX 512

/** Writes the filter that says ENOSYS to the calls that are newer than the list; how many
 *  instructions. */
unsigned gim_filter_newer(struct sock_filter code[GIM_FILTER_MAX]);
/** Writes the list's filter. `pid`: whom tgkill may reach. */
unsigned gim_filter_make(struct sock_filter code[GIM_FILTER_MAX], bool connects, int pid);
/** Puts both on all threads of the process; needs no_new_privs. 0, or -1 with errno. */
int gim_filter_enter(bool connects);

/* ---- users ---------------------------------------------------------------------------------- */

/** A user as --user names it: NAME of /etc/passwd, or UID:GID. */
struct gim_user {
    unsigned uid, gid;
    unsigned groups[64]; /* and those it is in by /etc/group */
    unsigned n_groups;
};

/** Finds a user in two files like /etc/passwd and /etc/group. 0, or -1 with a sentence. */
int gim_user_find(const char *name, const char *passwd, const char *group, struct gim_user *u,
                  char *err, size_t err_len);
/** Becomes that user and sees that there is no way back. 0, or -1 with a sentence. */
int gim_user_become(const struct gim_user *u, char *err, size_t err_len);
/** No program that is started later has more powers than those over files, or none. Before root is
 *  given up. */
void gim_powers_bound(bool keep_files);
/** Gives up all powers of root but those over files; all, for anybody else. */
void gim_powers_drop(void);

#endif
