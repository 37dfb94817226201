/* pattern.h: regular expressions in linear time (docs/reference/pattern.md). */
#ifndef JSON_PATTERN_H
#define JSON_PATTERN_H

#include <gimlet/str.h>

/** Does the pattern match anywhere in `s` (UTF-8)? A pattern that does not compile matches
 *  everything: gim_schema_check refuses it at start. */
bool gim_pattern_match(const char *pattern, gim_str s);
/** NULL when the pattern compiles, else what is wrong with it (static). */
const char *gim_pattern_defect(const char *pattern);

#endif
