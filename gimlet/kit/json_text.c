/* json_text.c: commas, quotes and indentation, in one place.
 *
 * All that must be remembered between two pieces is whether something stands before in the innermost
 * object or array: at its begin nothing does, at its end something does in the one around it. */
#include "json_text.h"
#include "../json/writer.h"

static void begin_line(struct gim_json_text *t)
{
    if (!t->indented)
        return;
    gim_buf_char(t->out, '\n');
    for (unsigned i = 0; i < t->depth; i++)
        gim_buf_lit(t->out, "  ");
}

/* Everything before a value. */
static void begin(struct gim_json_text *t, const char *name)
{
    if (t->follows)
        gim_buf_char(t->out, ',');
    if (t->depth)
        begin_line(t);
    t->follows = true;
    if (!name)
        return;
    gim_json_put_str(t->out, gim_str_of(name));
    gim_buf_char(t->out, ':');
    if (t->indented)
        gim_buf_char(t->out, ' ');
}

static void open_bracket(struct gim_json_text *t, const char *name, char bracket)
{
    begin(t, name);
    gim_buf_char(t->out, bracket);
    t->follows = false;
    t->depth++;
}

void gim_text_object(struct gim_json_text *t, const char *name)
{
    open_bracket(t, name, '{');
}

void gim_text_array(struct gim_json_text *t, const char *name)
{
    open_bracket(t, name, '[');
}

void gim_text_end(struct gim_json_text *t, char bracket)
{
    t->depth--;
    if (t->follows)
        begin_line(t);
    gim_buf_char(t->out, bracket);
    t->follows = true;
}

void gim_text_slice(struct gim_json_text *t, const char *name, gim_str value)
{
    if (!value.ptr)
        return;
    begin(t, name);
    gim_json_put_str(t->out, value);
}

void gim_text_str(struct gim_json_text *t, const char *name, const char *value)
{
    gim_text_slice(t, name, gim_str_of(value));
}

void gim_text_int(struct gim_json_text *t, const char *name, int64_t value)
{
    begin(t, name);
    gim_buf_int(t->out, value);
}

void gim_text_double(struct gim_json_text *t, const char *name, double value)
{
    begin(t, name);
    gim_json_put_double(t->out, value);
}

void gim_text_flag(struct gim_json_text *t, const char *name, bool value)
{
    if (value)
        gim_text_json(t, name, "true");
}

void gim_text_json(struct gim_json_text *t, const char *name, const char *json)
{
    if (!json)
        return;
    begin(t, name);
    gim_buf_str(t->out, gim_str_of(json));
}
