/* command.h: `posts backup FILE`, `posts check [FILE]`, `posts token NAME`, `posts health [WHERE]`: what is
 * done beside the service. */
#ifndef POSTS_COMMAND_H
#define POSTS_COMMAND_H

#include <stddef.h>

/** A command's exit code: 0 well, 1 failed or damaged, 2 used wrongly; `said` has a line about it,
 *  without its end, and behind its NUL perhaps another, which does not belong on stdout. `argv[0]` is
 *  the command's name. */
int posts_backup(int argc, char **argv, char *said, size_t size);
int posts_check(int argc, char **argv, char *said, size_t size);
int posts_health(int argc, char **argv, char *said, size_t size);
int posts_token(int argc, char **argv, char *said, size_t size);

#endif
