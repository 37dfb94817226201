/* main.c: proof, the measure: `proof load` sends requests, `proof null` answers them by doing
 * nothing. Called through a name `hey` it is `proof load`. */
#include "null/null.h"
#include "report/report.h"
#include "load/checks.h"
#include "load/run.h"
#include "load/selftest.h"
#include <stdio.h>
#include <string.h>

#define EXIT_FAILED 1
#define EXIT_LIMIT 99 /* --fail-if */

static const char usage[] =
    "usage: proof load [flags] URL    send requests, report (proof load --help)\n"
    "       proof null [flags]        a server that does nothing\n";

static int load(int argc, char **argv)
{
    static struct load_result result;
    struct load_plan plan = {0};
    struct selftest self = {0};
    FILE *spool = NULL;
    int code = 0;

    switch (plan_read(&plan, argc, argv, &code)) {
    case PLAN_DONE:
    case PLAN_WRONG:
        return code;
    case PLAN_GO:
        break;
    }
    if (plan.self_test && selftest_start(&self, &plan))
        return 1;
    code = load_run(&plan, &result, &spool) ? EXIT_FAILED : 0;
    if (plan.self_test)
        selftest_stop(&self);
    if (!code && report_print(&plan, &result, spool))
        code = EXIT_FAILED;
    if (!code && checks_fail(&plan, &result))
        code = EXIT_LIMIT;
    plan_free(&plan);
    return code;
}

int main(int argc, char **argv)
{
    const char *slash = strrchr(argv[0], '/');

    if (strcmp(slash ? slash + 1 : argv[0], "hey") == 0)
        return load(argc, argv);
    if (argc > 1 && strcmp(argv[1], "load") == 0)
        return load(argc - 1, argv + 1);
    if (argc > 1 && strcmp(argv[1], "null") == 0)
        return null_main(argc - 1, argv + 1);
    fputs(usage, argc > 1 && strcmp(argv[1], "--help") == 0 ? stdout : stderr);
    return argc > 1 && strcmp(argv[1], "--help") == 0 ? 0 : 2;
}
