/* format.h: the named formats of strings. */
#ifndef JSON_FORMAT_H
#define JSON_FORMAT_H

#include <gimlet/schema.h>

/** Is `s` of the format (enum gim_format)? */
bool gim_format_holds(unsigned format, gim_str s);
/** What it is, for a detail: "an e-mail address such as ada@example.org". */
const char *gim_format_text(unsigned format);
/** Its name in JSON Schema: "date-time". */
const char *gim_format_name(unsigned format);

#endif
