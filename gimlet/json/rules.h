/* rules.h: what a row demands of a value of its type. */
#ifndef JSON_RULES_H
#define JSON_RULES_H

#include "sink.h"

/** All broken rules of a string, the row's own check included; `ascii`: bytes are characters. */
void gim_rules_str_slow(struct gim_sink *sink, const struct gim_field *f, const gim_str *v,
                        bool ascii);

/** The usual string row has lengths only and keeps them: decided from the bytes, since a character
 *  has one to four. */
static inline void gim_rules_str(struct gim_sink *sink, const struct gim_field *f, const gim_str *v,
                                 bool ascii)
{
    bool short_enough = f->max_len == 0 || v->len <= f->max_len;
    bool long_enough = v->len / 4 >= f->min_len || (f->min_len == 1 && v->len);

    if (!short_enough || !long_enough || f->pattern || f->format || f->check)
        gim_rules_str_slow(sink, f, v, ascii);
}

void gim_rules_int(struct gim_sink *sink, const struct gim_field *f, const int64_t *v);
void gim_rules_double(struct gim_sink *sink, const struct gim_field *f, const double *v);
/** Item counts (`n`: what the input held); when there is no fault since there were `before`, unique
 *  items and the row's check too. */
void gim_rules_array(struct gim_sink *sink, const struct gim_field *f, const gim_array *v, size_t n,
                     uint32_t before);
void gim_rules_map(struct gim_sink *sink, const struct gim_field *f, const gim_map *v,
                   uint32_t before);
/** A rule of the application's own (a row's or a schema's; NULL: none). */
void gim_rules_own(struct gim_sink *sink, gim_rule *rule, const void *v);

/** Index of `text` in an enum's names, or -1 after a fault. */
int gim_rules_enum(struct gim_sink *sink, const struct gim_field *f, gim_str text);
/** Instants from text; false after a fault. */
bool gim_rules_time(struct gim_sink *sink, gim_str text, gim_time *out);

#endif
