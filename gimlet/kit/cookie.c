/* cookie.c: cookies of a request and its reply: http/cookie.h between the head and the fields.
 *
 * A cookie that browsers would drop is a defect of the program, not of the client, and invisible in
 * the browser; so it is not sent, and the log says which route set it and why it cannot be. */
#include <gimlet/cookie.h>
#include "../http/cookie.h"
#include "../rest/mistake.h"

gim_str gim_cookie(const struct gim_ctx *c, gim_str name)
{
    size_t at = 0;
    gim_str line, value;

    while ((line = gim_header_next(c, GIM_S("Cookie"), &at)).ptr) {
        value = gim_cookie_find(line, name);
        if (value.ptr)
            return value;
    }
    return (gim_str){0};
}

/* Is this line a Set-Cookie of that name? */
static bool line_sets(const struct gim_header_line *line, gim_str name)
{
    return gim_str_eq_fold(line->name, GIM_S("Set-Cookie")) && line->value.len > name.len &&
           gim_str_starts(line->value, name) && line->value.ptr[name.len] == '=';
}

/* One name, one Set-Cookie (RFC 6265 §4.1.1): the new value goes where an earlier one stands. */
static int put_line(struct gim_ctx *c, gim_str name, gim_str value)
{
    for (struct gim_header_line *line = c->x.reply.first; line; line = line->next) {
        if (line_sets(line, name)) {
            line->value = gim_dup(&c->x.arena, value);
            return 0;
        }
    }
    return gim_add_header(c, GIM_S("Set-Cookie"), value);
}

int gim_set_cookie(struct gim_ctx *c, const struct gim_cookie *cookie, gim_str value)
{
    const char *defect = gim_cookie_defect(cookie, value);
    struct gim_buf b = {0};
    int result;

    if (defect) {
        gim_mistake(c, GIM_MISTAKE_VALUE, "the cookie '%s' is not set: %s",
                    cookie->name ? cookie->name : "", defect);
        return -1;
    }
    gim_cookie_write(&b, cookie, value, gim_now().us / 1000000);
    result = put_line(c, gim_str_of(cookie->name), gim_buf_view(&b));
    gim_buf_free(&b);
    return result;
}

int gim_unset_cookie(struct gim_ctx *c, const struct gim_cookie *cookie)
{
    struct gim_cookie gone = *cookie;

    gone.max_age = -1;
    return gim_set_cookie(c, &gone, GIM_S(""));
}
