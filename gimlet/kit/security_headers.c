/* security_headers.c: a table of fields, added to replies that do not have them.
 *
 * Names and texts are static, so a reply gets one piece of arena for the lines that it lacks and no
 * copies. `after`, since every answer must have them, errors and the 503 of a late handler included. */
#include <gimlet/security_headers.h>
#include "../http/message.h"
#include "../rest/ctx.h"

static const struct row {
    const char *name;
    size_t at;        /* of the member */
    const char *text; /* the default; NULL: left out */
} rows[] = {
#define ROW(name, member, text)                                                                    \
    {                                                                                              \
        name, offsetof(struct gim_security_headers, member), text                                  \
    }
    ROW("X-Content-Type-Options", content_type, "nosniff"),
    ROW("Content-Security-Policy", csp, "frame-ancestors 'none'"),
    ROW("X-Frame-Options", frame, "DENY"),
    ROW("Referrer-Policy", referrer, "no-referrer"),
    ROW("Strict-Transport-Security", hsts, NULL),
    ROW("Permissions-Policy", permissions, NULL),
    ROW("Cross-Origin-Opener-Policy", opener, NULL),
    ROW("Cross-Origin-Resource-Policy", resource, NULL),
#undef ROW
};

#define ROWS (sizeof rows / sizeof rows[0])

/* Empty: left out. */
static gim_str text_of(const struct gim_security_headers *with, const struct row *row)
{
    const char *text;

    memcpy(&text, (const char *)with + row->at, sizeof text);
    return gim_str_of(text ? text : row->text);
}

static bool is_set(const struct gim_reply_parts *r, gim_str name)
{
    const struct gim_header_line *line = r->first;

    while (line && !gim_str_eq_fold(line->name, name))
        line = line->next;
    return line != NULL;
}

int gim_security_headers_after(struct gim_ctx *c)
{
    const struct gim_security_headers *with = gim_with(c);
    struct gim_reply_parts *r = &c->x.reply;
    struct gim_header_line *line =
        gim_alloc_raw(gim_arena(c), ROWS * sizeof *line, _Alignof(struct gim_header_line));

    if (!r->tail)
        r->tail = &r->first;
    for (size_t i = 0; i < ROWS; i++) {
        gim_str name = gim_str_of(rows[i].name), text = text_of(with, &rows[i]);

        if (!text.len || is_set(r, name))
            continue;
        *line = (struct gim_header_line){NULL, name, text};
        *r->tail = line;
        r->tail = &line->next;
        line++;
    }
    return GIM_OK;
}

const char *gim_security_headers_wrong(const void *with)
{
    for (size_t i = 0; i < ROWS; i++) {
        if (!gim_field_ok(gim_str_of(rows[i].name), text_of(with, &rows[i])))
            return "a text holds a control character, which no field may";
    }
    return NULL;
}
