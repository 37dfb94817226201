/* sandbox_user.c: from root to another user, or to a root without its powers.
 *
 * The two files are read here: the C library's own look-ups load modules, which a static program
 * cannot. Whoever is known only to a directory service is given as UID:GID. */
#include "sandbox_private.h"
#include <errno.h>
#include <grp.h>
#include <linux/capability.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#define LINE_MAX_BYTES 4096
#define LAST_CAPABILITY 63
#define MAX_GROUPS (sizeof((struct gim_user *)0)->groups / sizeof(unsigned))

/* ---- who it is ------------------------------------------------------------------------------ */

/* "UID:GID". */
static int read_numbers(const char *name, struct gim_user *u)
{
    gim_str gid = gim_str_of(name), uid = gim_str_cut(&gid, ':');
    int64_t user, group;

    if (gim_str_to_int(uid, &user) || gim_str_to_int(gid, &group) || user < 0 || group < 0 ||
        user >= UINT32_MAX || group >= UINT32_MAX)
        return -1;
    u->uid = (unsigned)user;
    u->gid = (unsigned)group;
    return 0;
}

static int find_name(const char *name, const char *file, struct gim_user *u)
{
    FILE *f = fopen(file, "re");
    char line[LINE_MAX_BYTES];
    struct passwd entry, *found = NULL;
    bool ours = false;

    while (f && !ours && fgetpwent_r(f, &entry, line, sizeof line, &found) == 0)
        ours = strcmp(found->pw_name, name) == 0;
    if (ours) {
        u->uid = found->pw_uid;
        u->gid = found->pw_gid;
    }
    if (f)
        fclose(f);
    return ours ? 0 : -1;
}

static void add_groups(const char *name, const char *file, struct gim_user *u)
{
    FILE *f = fopen(file, "re");
    char line[LINE_MAX_BYTES];
    struct group entry, *found = NULL;

    while (f && u->n_groups + 1 < MAX_GROUPS &&
           fgetgrent_r(f, &entry, line, sizeof line, &found) == 0) {
        for (char **member = found->gr_mem; *member; member++) {
            if (strcmp(*member, name) == 0 && found->gr_gid != u->gid) {
                u->groups[u->n_groups++] = found->gr_gid;
                break;
            }
        }
    }
    if (f)
        fclose(f);
}

int gim_user_find(const char *name, const char *passwd, const char *group, struct gim_user *u,
                  char *err, size_t err_len)
{
    *u = (struct gim_user){0};
    if (find_name(name, passwd, u) == 0)
        add_groups(name, group, u);
    else if (read_numbers(name, u)) {
        snprintf(err, err_len, "--user %.64s: no such user in %s; UID:GID is taken, too", name,
                 passwd);
        return -1;
    }
    u->groups[u->n_groups++] = u->gid;
    return 0;
}

/* ---- becoming it ---------------------------------------------------------------------------- */

static bool is_root_again(const struct gim_user *u)
{
    uid_t real, effective, saved;

    if (u->uid == 0)
        return false;
    return setuid(0) == 0 || setresuid(0, 0, 0) == 0 || getresuid(&real, &effective, &saved) ||
           real != u->uid || effective != u->uid || saved != u->uid;
}

int gim_user_become(const struct gim_user *u, char *err, size_t err_len)
{
    if (geteuid() == u->uid && getegid() == u->gid && u->uid)
        return 0;
    if (geteuid() != 0) {
        snprintf(err, err_len, "--user: only root can become another user");
        return -1;
    }
    if (setgroups(u->n_groups, u->groups) || setresgid(u->gid, u->gid, u->gid) ||
        setresuid(u->uid, u->uid, u->uid)) {
        snprintf(err, err_len, "cannot become user %u, group %u: %s", u->uid, u->gid,
                 strerror(errno));
        return -1;
    }
    if (is_root_again(u)) {
        snprintf(err, err_len, "user %u could become root again", u->uid);
        return -1;
    }
    /* /proc/self is ours again, as after an exec. */
    (void)prctl(PR_SET_DUMPABLE, 1, 0, 0, 0);
    return 0;
}

/* ---- powers --------------------------------------------------------------------------------- */

#define OF_FILES (1U << CAP_CHOWN | 1U << CAP_DAC_OVERRIDE | 1U << CAP_FOWNER)

void gim_powers_bound(bool keep_files)
{
    for (int i = 0; i <= LAST_CAPABILITY; i++) {
        bool kept = keep_files && i < 32 && OF_FILES & 1U << i;

        if (!kept && prctl(PR_CAPBSET_DROP, i, 0, 0, 0))
            break; /* not ours to drop; or the kernel's last one is behind us */
    }
}

void gim_powers_drop(void)
{
    struct __user_cap_header_struct head = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct has[2] = {0};
    const uint32_t keep = geteuid() == 0 ? OF_FILES : 0;

    if (syscall(__NR_capget, &head, has))
        return;
    has[0].permitted &= keep;
    has[0].effective &= keep;
    has[0].inheritable = has[1].permitted = has[1].effective = has[1].inheritable = 0;
    (void)syscall(__NR_capset, &head, has); /* less is always allowed */
}
