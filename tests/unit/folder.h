/* folder.h: how many names a folder has: files left behind, and of /proc/self/fd and task what this
 * program has open and runs. */
#ifndef TESTS_FOLDER_H
#define TESTS_FOLDER_H

#include <dirent.h>

static inline int names_in(const char *path)
{
    DIR *d = opendir(path);
    int n = -2; /* "." and ".." */

    assert_non_null(d);
    while (readdir(d))
        n++;
    closedir(d);
    return n;
}

#endif
