/* commands.h: the command lines of the comparison. argv[0] is the command's name; each returns the exit
 * status (docs/reference/compare.md). */
#ifndef COMPARE_COMMANDS_H
#define COMPARE_COMMANDS_H

int compare_main(int argc, char **argv); /* PLAN.yaml: builds, checks, measures, tells */
int report_main(int argc, char **argv);  /* RESULTS.json: tells again */
int diff_main(int argc, char **argv);    /* OLD.json NEW.json: what changed */
int init_main(int argc, char **argv);    /* writes a plan to begin with */

#endif
