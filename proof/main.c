/* main.c: proof, the measure: `proof load` sends requests, `proof compare` measures services against
 * each other, `proof null` is the server that does nothing. A row a command. Called through a name
 * `hey` it is `proof load`. */
#include "compare/commands.h"
#include "null/null.h"
#include "report/report.h"
#include "load/checks.h"
#include "load/run.h"
#include "load/selftest.h"
#include <stdio.h>
#include <string.h>

#define EXIT_FAILED 1
#define EXIT_LIMIT 99 /* --fail-if */

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

static const struct {
    const char *name;
    int (*run)(int argc, char **argv); /* argv[0] is the name */
    const char *usage, *about;
} commands[] = {
    {"load", load, "[flags] URL", "send requests, report"},
#ifdef HAVE_COMPARE
    {"compare", compare_main, "PLAN.yaml [flags]", "measure services against each other"},
    {"report", report_main, "RESULTS.json [FILE]", "any output of a comparison again"},
    {"diff", diff_main, "OLD.json NEW.json", "two runs of one plan"},
    {"init", init_main, "[FILE]", "a plan to begin with"},
#endif
    {"null", null_main, "[flags]", "a server that does nothing"},
};
#define COMMANDS_N (sizeof commands / sizeof commands[0])

static void print_usage(FILE *out)
{
    for (size_t i = 0; i < COMMANDS_N; i++)
        fprintf(out, "%s proof %-7s %-20s  %s\n", i ? "      " : "usage:", commands[i].name,
                commands[i].usage, commands[i].about);
    fputs("proof COMMAND --help lists the flags of a command.\n", out);
}

int main(int argc, char **argv)
{
    const char *slash = strrchr(argv[0], '/');

    if (strcmp(slash ? slash + 1 : argv[0], "hey") == 0)
        return load(argc, argv);
    for (size_t i = 0; argc > 1 && i < COMMANDS_N; i++) {
        if (strcmp(argv[1], commands[i].name) == 0)
            return commands[i].run(argc - 1, argv + 1);
    }
    if (argc > 1 && strcmp(argv[1], "--help") == 0) {
        print_usage(stdout);
        return 0;
    }
    if (argc > 1)
        fprintf(stderr, "proof: no command '%.40s'\n", argv[1]);
    print_usage(stderr);
    return 2;
}
