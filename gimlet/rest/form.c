/* form.c: forms. A urlencoded one lies in memory as JSON does and is split into pairs; an intake (a
 * value the application names, so nothing of it is linked otherwise) looks at the body while it
 * comes and gives its pairs at the end. From there on both are bound by the one schema. */
#include "form.h"
#include "../http/media.h"
#include "../http/uri.h"

#define URLENCODED "application/x-www-form-urlencoded"

static bool is_urlencoded(const struct gim_route *row, gim_str type)
{
    return row->form && gim_str_eq_fold(type, GIM_S(URLENCODED));
}

static bool is_intake(const struct gim_route *row, gim_str type)
{
    return row->upload && type.len && gim_media_in(gim_str_of(row->upload->media_types), type);
}

gim_str gim_body_type(const struct gim_ctx *c)
{
    gim_str value = gim_head_known(&c->x.head, GIM_FIELD_CONTENT_TYPE);

    return value.ptr ? gim_media_cut(&value) : (gim_str){0};
}

bool gim_form_takes(const struct gim_route *row, gim_str type)
{
    return is_urlencoded(row, type) || is_intake(row, type);
}

const char *gim_form_types(const struct gim_route *row, struct gim_arena *a)
{
    const char *json = row->media_types               ? row->media_types
                       : (row->body || row->body_raw) ? "application/json"
                                                      : NULL;
    const char *form = row->form ? URLENCODED : NULL;
    const char *upload = row->upload ? row->upload->media_types : NULL;

    return gim_printf(a, "%s%s%s%s%s", json ? json : "", json && (form || upload) ? ", " : "",
                      form ? form : "", form && upload ? ", " : "", upload ? upload : "")
        .ptr;
}

int gim_form_begin(struct gim_ctx *c)
{
    const struct gim_route *row = c->match.route->row;
    gim_str type = gim_body_type(c);

    if (is_urlencoded(row, type) || !is_intake(row, type))
        return 0;
    return row->upload->begin(c, row->upload);
}

static int split(struct gim_ctx *c, gim_pair **pairs, size_t *n)
{
    int found = gim_form_split(c->x.body, GIM_FORM_PAIRS, &c->x.arena, pairs);

    if (found == GIM_SPLIT_TOO_MANY)
        gim_problem(c, 413, NULL, "the form has more than %d fields", GIM_FORM_PAIRS);
    else if (found < 0)
        gim_problem(c, 400, NULL, "the form has a bad percent escape, a NUL or no UTF-8");
    *n = found < 0 ? 0 : (size_t)found;
    return found < 0 ? -1 : 0;
}

int gim_form_bind(struct gim_ctx *c, struct gim_faults *faults, bool *bound)
{
    const struct gim_route *row = c->match.route->row;
    bool urlencoded = is_urlencoded(row, gim_body_type(c));
    gim_pair *pairs = NULL;
    size_t n = 0;

    *bound = urlencoded || c->x.sink || (!row->body && !row->body_raw);
    if (urlencoded && split(c, &pairs, &n))
        return -1;
    if (row->upload && row->upload->end(c, row->upload, faults, &pairs, &n))
        return -1;
    if (!*bound || !row->form)
        return 0;
    c->form = gim_alloc_raw(&c->x.arena, row->form->size, 16); /* zeroed by the decoder */
    (void)!gim_form_decode(row->form, pairs, n, c->form, &c->x.arena, faults);
    if (row->form == row->body)
        c->body = c->form;
    return 0;
}
