/* openapi_body.c: what an operation takes as its body, by media type.
 *
 * JSON and urlencoded forms name their schema. A multipart form is the form's rows and the fields that
 * hold files, together. What a row takes raw is said as far as it says so: its media types. */
#include "../json/sink.h"
#include "openapi_private.h"
#include <gimlet/upload.h>

#define JSON_TYPE "application/json"
#define URLENCODED_TYPE "application/x-www-form-urlencoded"
#define MULTIPART_TYPE "multipart/form-data"
#define ANY_TYPE "application/octet-stream"

static void put_media(struct gim_json_text *t, const char *type, const struct gim_schema *s,
                      enum gim_form form)
{
    gim_text_object(t, type);
    if (s) {
        gim_text_object(t, "schema");
        gim_schema_put_ref(t, s, form);
        gim_text_end(t, '}');
    }
    gim_text_end(t, '}');
}

/* ---- files ----------------------------------------------------------------------------------- */

static void put_file(struct gim_json_text *t, const struct gim_file_field *f)
{
    bool many = f->max_files > 1;

    gim_text_object(t, f->name);
    if (many) {
        gim_text_str(t, "type", "array");
        gim_text_int(t, "maxItems", f->max_files);
        gim_text_object(t, "items");
    }
    gim_text_str(t, "type", "string");
    gim_text_str(t, "contentMediaType", f->media_types ? f->media_types : ANY_TYPE);
    if (many)
        gim_text_end(t, '}');
    gim_text_str(t, "description", f->doc);
    gim_text_end(t, '}');
}

static void put_required(struct gim_json_text *t, const struct gim_schema *form,
                         const struct gim_file_field *files)
{
    gim_text_array(t, "required");
    for (uint32_t i = 0; form && i < form->n_fields; i++) {
        if (form->fields[i].required)
            gim_text_slice(t, NULL, gim_field_name(&form->fields[i]));
    }
    for (; files && files->name; files++) {
        if (files->required)
            gim_text_str(t, NULL, files->name);
    }
    gim_text_end(t, ']');
}

static void put_multipart(struct gim_api *d, const struct gim_schema *form,
                          const struct gim_file_field *files)
{
    struct gim_json_text *t = &d->t;

    gim_text_object(t, MULTIPART_TYPE);
    gim_text_object(t, "schema");
    gim_text_str(t, "type", "object");
    gim_text_object(t, "properties");
    for (uint32_t i = 0; form && i < form->n_fields; i++) {
        gim_str name = gim_dup(&d->arena, gim_field_name(&form->fields[i]));

        gim_schema_put_value(t, name.ptr, &form->fields[i]);
    }
    for (const struct gim_file_field *f = files; f && f->name; f++)
        put_file(t, f);
    gim_text_end(t, '}');
    put_required(t, form, files);
    gim_text_end(t, '}');
    gim_text_end(t, '}');
}

/* ---- the body -------------------------------------------------------------------------------- */

/* Intakes of multipart forms are those of gimlet/upload.h, which begin with one. */
static void put_upload(struct gim_api *d, const struct gim_route *row)
{
    const struct gim_upload *u = (const struct gim_upload *)(const void *)row->upload;
    gim_str types = gim_str_of(row->upload->media_types);

    while (types.ptr) {
        gim_str type = gim_str_trim(gim_str_cut(&types, ','));

        if (gim_str_eq(type, GIM_S(MULTIPART_TYPE)))
            put_multipart(d, row->form, u->files);
        else
            put_media(&d->t, gim_dup(&d->arena, type).ptr, NULL, GIM_FORM_WHOLE);
    }
}

static void put_json(struct gim_api *d, const struct gim_route *row)
{
    const struct gim_schema *s = row->body ? row->body : row->patch;
    enum gim_form form = row->body ? GIM_FORM_WHOLE : GIM_FORM_PATCH;
    gim_str types = gim_str_of(row->media_types);

    while (types.ptr) {
        gim_str type = gim_str_trim(gim_str_cut(&types, ','));

        if (!gim_str_eq(type, GIM_S(JSON_TYPE)))
            put_media(&d->t, gim_dup(&d->arena, type).ptr, s, form);
    }
    put_media(&d->t, s || row->media_types ? JSON_TYPE : "*/*", s, form);
}

void gim_api_put_body(struct gim_api *d, const struct gim_route *row)
{
    bool ruled = row->body || row->patch || row->form || row->upload;

    gim_text_object(&d->t, "requestBody");
    gim_text_flag(&d->t, "required", ruled);
    gim_text_object(&d->t, "content");
    if (row->body || row->body_raw)
        put_json(d, row);
    if (row->form)
        put_media(&d->t, URLENCODED_TYPE, row->form, GIM_FORM_WHOLE);
    if (row->upload)
        put_upload(d, row);
    gim_text_end(&d->t, '}');
    gim_text_end(&d->t, '}');
}
