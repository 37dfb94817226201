/* plan_parts.h: what the parts of plan.c share: a plan while it is read.
 *
 * A place in the file is called by its path, "services[1].run": a line is known for each, so that
 * whoever finds something wrong says where without having kept it. */
#ifndef COMPARE_PLAN_PARTS_H
#define COMPARE_PLAN_PARTS_H

#include "plan.h"

enum plan_kind {
    PLAN_NOTHING,
    PLAN_TEXT,
    PLAN_LIST,
    PLAN_MAP
};

struct plan_line {
    const char *path;
    const char *text; /* PLAN_TEXT */
    enum plan_kind kind;
    size_t line;
};

struct plan_reading {
    const char *file;
    struct gim_buf *err;
    struct gim_buf text; /* of the file; plan_lines_read writes commands anew, line for line */
    struct plan_line *lines;
    size_t lines_count, lines_room;
    unsigned wrong; /* complaints so far */
    struct gim_arena memory;
};

/* plan_lines.c */

/** What stands where. 0; -1 after a complaint: not YAML, or not one document of keys and values. */
GIM_MUST_CHECK int plan_lines_read(struct plan_reading *r);
/** NULL when the plan does not have it. */
const struct plan_line *plan_line_find(const struct plan_reading *r, const char *path);
/** "file:LINE: KEY: ..." where the line and key are those of `path`, or of what it would be in. */
void plan_wrong(struct plan_reading *r, const char *path, const char *fmt, ...) GIM_PRINTF(3, 4);
/** "file:LINE: ..."; line 0: "file: ...". */
void plan_wrong_on(struct plan_reading *r, size_t line, const char *fmt, ...) GIM_PRINTF(3, 4);
/** What stands there, for "got ...": 'text', a list, nothing. */
const char *plan_got(struct plan_reading *r, const char *path);
/** A path, formatted; lives as long as the reading. */
const char *plan_path(struct plan_reading *r, const char *fmt, ...) GIM_PRINTF(2, 3);

/* plan_schema.c */

/** The text into a plan by the schema: what was not given is zero. NULL after a complaint. */
struct compare_plan *plan_schema_load(struct plan_reading *r);
void plan_schema_free(void *loaded);
/** Each key once, a line a key: "rounds" of protocol as "protocol.rounds". For the manual's test. */
void plan_schema_keys(struct gim_buf *out);

/* plan_check.c */

/** What no schema can say. Complaints are counted in r->wrong. */
void plan_check(struct plan_reading *r, struct compare_plan *p);

/* plan_services.c */

/** The services' rules; fills the group of a copy and the reference of each group in. */
void plan_check_services(struct plan_reading *r, struct compare_plan *p);

/* What both check with. */
bool plan_is_name(const char *text);
/** Complains of "{word}" in `text` that is none of `known` (NULL-terminated, with braces). */
void plan_check_places(struct plan_reading *r, const char *path, const char *text,
                       const char *const *known);

#endif
