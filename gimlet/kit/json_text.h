/* json_text.h: JSON written piece by piece: whoever has no struct to encode says what comes next.
 *
 * Commas, quotes and indentation are kept here. `name` is the member's name, NULL in an array; names
 * and values are UTF-8. A value that is absent (NULL) is left out with its name. */
#ifndef KIT_JSON_TEXT_H
#define KIT_JSON_TEXT_H

#include "../base/buf.h"

struct gim_json_text {
    struct gim_buf *out;
    bool indented; /* a line a member, two blanks a level; else no white space at all */
    bool follows;  /* something stands before in the open object or array */
    unsigned depth;
};

void gim_text_object(struct gim_json_text *t, const char *name);
void gim_text_array(struct gim_json_text *t, const char *name);
/** Ends the innermost object ('}') or array (']'). */
void gim_text_end(struct gim_json_text *t, char bracket);

void gim_text_str(struct gim_json_text *t, const char *name, const char *value);
void gim_text_slice(struct gim_json_text *t, const char *name, gim_str value);
void gim_text_int(struct gim_json_text *t, const char *name, int64_t value);
void gim_text_double(struct gim_json_text *t, const char *name, double value);
/** `"name": true`, or nothing when it is false. */
void gim_text_flag(struct gim_json_text *t, const char *name, bool value);
/** `json` is JSON text, taken as it is. */
void gim_text_json(struct gim_json_text *t, const char *name, const char *json);

#endif
