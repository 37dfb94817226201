/* full.c: posts hands over to posts-full.
 *
 * posts is one static file that starts in milliseconds and two megabytes. A library as large as OpenSSL
 * would be most of both, for everybody. So there is a second program, linked to the system's
 * libraries (which the system's updates mend), of the same sources; and an option that needs one of
 * them makes the first become the second, before anything is opened. The process stays the same one:
 * its number, its sockets handed over by a service manager, its arguments and environment. */
#include "full.h"
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PROGRAM "posts-full"
#define MARK "POSTS_HANDED_OVER" /* the number of the process that has become posts-full */
#define EXIT_FAILED 1

static bool wants_tls(const struct gim_app *app, const struct posts *posts)
{
    (void)posts;
    return gim_tls_is_set(app);
}

static const struct {
    const char *option;
    bool (*is_set)(const struct gim_app *app, const struct posts *posts);
} needs[] = {
    {"--tls-cert", wants_tls},
};

/* Where it may be, tried in turn. */
static const struct {
    bool beside; /* from the directory of this program */
    const char *path;
} places[] = {
    {true, PROGRAM},
    {true, "../" POSTS_LIBEXECDIR "/" PROGRAM},
    {false, POSTS_LIBEXEC "/" PROGRAM},
};

static const char *what_needs_it(const struct gim_app *app, const struct posts *posts)
{
    for (size_t i = 0; i < sizeof needs / sizeof needs[0]; i++) {
        if (needs[i].is_set(app, posts))
            return needs[i].option;
    }
    return NULL;
}

/* The directory of this program, "." when the system does not say. */
static void own_directory(char out[PATH_MAX])
{
    ssize_t n = readlink("/proc/self/exe", out, PATH_MAX - 1);
    char *slash;

    out[n > 0 ? n : 0] = '\0';
    slash = strrchr(out, '/');
    if (slash)
        *slash = '\0';
    else
        memcpy(out, ".", 2);
}

/* Returns when none could be executed; errno is ENOENT where none was found. */
static void become(char **argv)
{
    char directory[PATH_MAX], path[PATH_MAX + 64];
    int err = ENOENT;

    own_directory(directory);
    for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
        snprintf(path, sizeof path, "%s%s%s", places[i].beside ? directory : "",
                 places[i].beside ? "/" : "", places[i].path);
        execv(path, argv);
        if (errno != ENOENT && errno != ENOTDIR)
            err = errno;
    }
    errno = err;
}

int posts_hand_over(const struct gim_app *app, const struct posts *posts, char *err, size_t len)
{
    const char *option = what_needs_it(app, posts), *before = getenv(MARK);
    char self[24];

    if (!option)
        return 0;
    snprintf(self, sizeof self, "%ld", (long)getpid());
    if (before && strcmp(before, self) == 0) {
        snprintf(err, len,
                 "%s needs " PROGRAM ", and the one that was found is posts itself; install the "
                 "right one",
                 option);
        return EXIT_FAILED;
    }
    setenv(MARK, self, 1);
    become(posts->argv);
    if (errno == ENOENT)
        snprintf(err, len,
                 "%s needs " PROGRAM
                 ", which is not installed: put it beside posts or in " POSTS_LIBEXEC
                 " (a build makes both, where OpenSSL is)",
                 option);
    else
        snprintf(err, len, "%s needs " PROGRAM ", which cannot be executed: %s", option,
                 strerror(errno));
    return EXIT_FAILED;
}
