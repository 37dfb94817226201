/* faults.h: a list of faults as one line, "pointer code; pointer code", for rows of tests. */
#ifndef TESTS_JSON_FAULTS_H
#define TESTS_JSON_FAULTS_H

#include <gimlet/schema.h>
#include <stdio.h>

static inline const char *faults_line(const struct gim_faults *faults, bool details)
{
    static char line[4096];
    size_t n = 0;

    line[0] = '\0';
    for (const struct gim_fault *f = faults->first; f && n < sizeof line - 300; f = f->next) {
        gim_str place = f->param.ptr ? f->param : f->pointer;

        n += (size_t)snprintf(line + n, sizeof line - n, "%s%.*s %s", n ? "; " : "", GIM_FMT(place),
                              f->code);
        if (details)
            n += (size_t)snprintf(line + n, sizeof line - n, ": %.*s", GIM_FMT(f->detail));
    }
    return line;
}

#endif
