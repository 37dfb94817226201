/* main.c: gimlet, the developer's tool. A row a command. */
#include "new.h"
#include <stdio.h>
#include <string.h>

#define USAGE                                                                                      \
    "usage: gimlet new NAME     a service that builds, passes its test and serves at once\n"       \
    "       gimlet --version\n"                                                                    \
    "       gimlet --help\n"

int main(int argc, char **argv)
{
    const char *word = argc > 1 ? argv[1] : "";

    if (argc == 2 && (!strcmp(word, "--help") || !strcmp(word, "-h")))
        return fputs(USAGE, stdout) < 0;
    if (argc == 2 && !strcmp(word, "--version"))
        return puts("gimlet " GIM_VERSION) < 0;
    if (argc == 3 && !strcmp(word, "new"))
        return new_project(argv[2]);
    if (!strcmp(word, "new"))
        fputs("gimlet: new takes one name: gimlet new notes\n", stderr);
    else if (argc > 1)
        fprintf(stderr, "gimlet: unknown command '%s'\n", word);
    fputs(USAGE, stderr);
    return 2;
}
