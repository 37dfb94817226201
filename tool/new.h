/* new.h: `gimlet new NAME`: the folder of a service that builds, passes and serves at once. */
#ifndef TOOL_NEW_H
#define TOOL_NEW_H

/** Writes the project into the folder `name`, which must not exist; its last part is the project's name:
 *  a letter, then up to 31 letters, digits, '-' or '_', all small. Returns main's exit code: 0; 1 when
 *  the folder cannot be written (nothing is left of it); 2 for a name that is none. Says why on stderr. */
int new_project(const char *folder);

#endif
