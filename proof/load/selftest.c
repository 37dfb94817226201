/* selftest.c: the ceiling of this host: our client against the barest server. The child is this same
 * program; it dies with us (PR_SET_PDEATHSIG). */
#include "selftest.h"
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#define SELFTEST_NS (INT64_C(3) * 1000000000)
#define REQUESTS_DEFAULT 200 /* what -n is when nobody gave it */

static _Noreturn void run_null(int out)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    dup2(out, STDOUT_FILENO);
    dup2(out, STDERR_FILENO);
    execl("/proc/self/exe", "proof", "null", "--port", "0", (char *)NULL);
    _exit(127);
}

/* "proof-null: http://127.0.0.1:PORT" */
static int read_url(FILE *f, struct selftest *t)
{
    char line[128];
    char *url = fgets(line, sizeof line, f) ? strstr(line, "http://") : NULL;

    if (!url)
        return -1;
    url[strcspn(url, " \n")] = 0;
    snprintf(t->url, sizeof t->url, "%.60s", url);
    return 0;
}

int selftest_start(struct selftest *t, struct load_plan *p)
{
    int ends[2];
    FILE *f;
    int failed;

    if (pipe(ends) || (t->child = fork()) < 0) {
        fprintf(stderr, "proof load: --self-test needs a second process: %s\n", strerror(errno));
        return -1;
    }
    if (t->child == 0)
        run_null(ends[1]);
    close(ends[1]);
    f = fdopen(ends[0], "r");
    failed = !f || read_url(f, t);
    if (f)
        fclose(f);
    if (failed) {
        fprintf(stderr, "proof load: --self-test: the server did not start\n");
        selftest_stop(t);
        return -1;
    }
    p->url = t->url;
    if (!p->duration_ns && p->requests == REQUESTS_DEFAULT) {
        p->duration_ns = SELFTEST_NS;
        p->requests = INT64_MAX;
    }
    return 0;
}

void selftest_stop(struct selftest *t)
{
    kill(t->child, SIGKILL);
    waitpid(t->child, NULL, 0);
}
