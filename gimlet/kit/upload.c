/* upload.c: a body of files while it comes: which parts are taken, what breaks a rule, what the handler
 * gets.
 *
 * A fault that a person can mend (a file missing, one of the wrong kind) does not stop the body: it is
 * told at the end with all others, and the bytes it is about are not kept. A limit does stop it, at the
 * first byte past it, because reading on is what the limit is against. Whoever holds memory here is
 * counted against the process's budget for bodies, as those that are collected are. */
#include <gimlet/upload.h>

#include "../http/media.h"
#include "../json/sink.h"
#include "filename.h"
#include "upload_private.h"

#define MAX_FIELDS 65536
#define MAX_PARTS 100

static const char key; /* gim_put: the request's struct gim_taking */

static struct gim_taking *taking_of(const struct gim_ctx *c)
{
    return gim_get(c, &key);
}

static const struct gim_upload *rules_of(const struct gim_intake *self)
{
    return (const struct gim_upload *)(const void *)self; /* its first member */
}

/* ---- rules of files -------------------------------------------------------------------------- */

static const struct gim_file_field *row_of(const struct gim_upload *rules, gim_str name)
{
    for (const struct gim_file_field *r = rules->files; r && r->name; r++) {
        if (gim_str_eq(gim_str_of(r->name), name))
            return r;
    }
    return NULL;
}

static int64_t max_file(const struct gim_taking *t)
{
    const struct gim_file_field *row = t->file->row;

    return row && row->max_size ? row->max_size
           : t->rules->max_file ? t->rules->max_file
                                : INT64_MAX;
}

static uint32_t files_of(const struct gim_taking *t, const struct gim_file_field *row)
{
    uint32_t n = 0;

    for (const struct gim_upload_file *f = t->files; f; f = f->next)
        n += f->row == row;
    return n;
}

static uint32_t max_files(const struct gim_file_field *row)
{
    return row->max_files ? row->max_files : 1;
}

/* What is wrong with a file as its head is there; the fault's code or NULL. The file is in the list. */
static const char *fault_of(const struct gim_taking *t, const struct gim_upload_file *f)
{
    gim_str type = f->part.media_type;

    if (!f->row)
        return t->rules->files ? "unknown" : NULL;
    if (files_of(t, f->row) > max_files(f->row))
        return "too_many";
    return f->row->media_types &&
                   !gim_media_in(gim_str_of(f->row->media_types), gim_media_cut(&type))
               ? "type"
               : NULL;
}

/* ---- parts ----------------------------------------------------------------------------------- */

static void begin_file(struct gim_ctx *c, struct gim_taking *t, const struct gim_multipart_part *p)
{
    struct gim_upload_file *f = GIM_NEW(gim_arena(c), struct gim_upload_file);

    f->part.name = gim_dup(gim_arena(c), p->name);
    f->part.filename = p->filename.len ? gim_filename_clean(p->filename, gim_arena(c)) : GIM_S("");
    f->part.media_type = gim_dup(gim_arena(c), p->media_type);
    f->part.fd = -1;
    f->row = row_of(t->rules, p->name);
    *t->files_tail = f;
    f->code = fault_of(t, f);
    t->file = f;
}

static void begin_field(struct gim_ctx *c, struct gim_taking *t, const struct gim_multipart_part *p)
{
    struct gim_upload_field *f = GIM_NEW(gim_arena(c), struct gim_upload_field);

    f->name = gim_dup(gim_arena(c), p->name);
    f->at = t->text.len;
    *t->fields_tail = f;
    t->fields_tail = &f->next;
    t->n_fields++;
    t->field = f;
}

static void begin_part(struct gim_ctx *c, struct gim_taking *t)
{
    const struct gim_multipart_part *p = &t->parser.part;

    if (p->filename.ptr)
        begin_file(c, t, p);
    else
        begin_field(c, t, p);
}

static int take_file(struct gim_ctx *c, struct gim_taking *t, gim_str data)
{
    struct gim_upload_file *f = t->file;

    f->part.size += (int64_t)data.len;
    if (f->part.size > max_file(t)) {
        gim_problem(c, 413, NULL, "the file of \"%.*s\" is larger than %lld bytes",
                    GIM_FMT(f->part.name), (long long)max_file(t));
        return -1;
    }
    return f->code ? 0 : gim_taking_store(c, t, data);
}

static int take_data(struct gim_ctx *c, struct gim_taking *t, gim_str data)
{
    int64_t max = t->rules->max_fields ? t->rules->max_fields : MAX_FIELDS;

    if (t->file)
        return take_file(c, t, data);
    if ((int64_t)(t->text.len + data.len) > max || !gim_taking_keep(t, &t->text, data)) {
        gim_problem(c, 413, NULL, "the fields of the form are larger than %lld bytes together",
                    (long long)max);
        return -1;
    }
    t->field->len += data.len;
    return 0;
}

/* An input for a file that was left blank is sent as a file without name and bytes: it is none. */
static void end_part(struct gim_taking *t)
{
    struct gim_upload_file *f = t->file;

    t->field = NULL;
    if (!f)
        return;
    if (!f->part.filename.len && !f->part.size) {
        *t->files_tail = NULL;
        t->file = NULL;
        return;
    }
    t->files_tail = &f->next;
    gim_taking_close(t);
}

/* ---- the body as it comes -------------------------------------------------------------------- */

/* Counts what the upload holds against the process's budget. 0, or -1 with a reply made. */
static int charge(struct gim_ctx *c, const struct gim_taking *t)
{
    struct gim_exchange *x = &c->x;
    int64_t held = x->charged;

    x->charged = (int64_t)(sizeof *c + GIM_EXCHANGE_FIRST + x->arena.total) + t->held;
    if (gim_wire_charge(x->wire, held, x->charged))
        return 0;
    gim_problem(c, 503, NULL, "the server holds too many unfinished bodies; try again");
    gim_set_header(c, GIM_S("Retry-After"), GIM_S("1"));
    return -1;
}

static int take_event(struct gim_ctx *c, struct gim_taking *t, enum gim_multipart_event event)
{
    switch (event) {
    case GIM_MULTIPART_PART:
        begin_part(c, t);
        return 0;
    case GIM_MULTIPART_DATA:
        return take_data(c, t, t->parser.data);
    case GIM_MULTIPART_END:
        end_part(t);
        return 0;
    default:
        gim_problem(c, t->parser.why.status, NULL, "%s", t->parser.why.detail);
        return -1;
    }
}

static int sink(struct gim_exchange *x, gim_str data)
{
    struct gim_ctx *c = gim_ctx_of(x);
    struct gim_taking *t = taking_of(c);
    enum gim_multipart_event event;

    while ((event = gim_multipart_next(&t->parser, &data)) != GIM_MULTIPART_MORE) {
        if (take_event(c, t, event))
            return -1;
    }
    return charge(c, t);
}

static int sink_raw(struct gim_exchange *x, gim_str data)
{
    struct gim_ctx *c = gim_ctx_of(x);
    struct gim_taking *t = taking_of(c);

    return take_file(c, t, data) ? -1 : charge(c, t);
}

/* ---- what GIM_UPLOAD names ------------------------------------------------------------------- */

static struct gim_taking *begin(struct gim_ctx *c, const struct gim_intake *self)
{
    const struct gim_upload *rules = rules_of(self);
    struct gim_taking *t = gim_alloc_raw(gim_arena(c), sizeof *t, 16);

    memset(t, 0, offsetof(struct gim_taking, parser));
    t->rules = rules;
    t->files_tail = &t->files;
    t->fields_tail = &t->fields;
    gim_put(c, &key, t);
    gim_defer(c, gim_taking_release, t);
    if (rules->max_total)
        c->x.max_body = rules->max_total;
    return t;
}

int gim_upload_begin(struct gim_ctx *c, const struct gim_intake *self)
{
    struct gim_taking *t = begin(c, self);

    if (gim_multipart_begin(&t->parser, gim_header(c, GIM_S("Content-Type"))))
        return gim_problem(c, t->parser.why.status, NULL, "%s", t->parser.why.detail);
    t->parser.max_parts = t->rules->max_parts ? t->rules->max_parts : MAX_PARTS;
    c->x.sink = sink;
    return 0;
}

int gim_upload_begin_raw(struct gim_ctx *c, const struct gim_intake *self)
{
    struct gim_taking *t = begin(c, self);
    struct gim_multipart_part whole = {
        .name = GIM_S(""),
        .filename = GIM_S("file"),
        .media_type = gim_header(c, GIM_S("Content-Type")),
    };

    begin_file(c, t, &whole);
    c->x.sink = sink_raw;
    return 0;
}

static void add_fault(struct gim_ctx *c, struct gim_faults *faults, gim_str name, const char *code,
                      const char *detail, const char *more)
{
    struct gim_sink at = {.faults = faults, .arena = gim_arena(c), .param = name};

    gim_sink_fault(&at, code, "%s%s", detail, more);
}

static const char *most_files(struct gim_ctx *c, const struct gim_file_field *row)
{
    unsigned n = max_files(row);

    return gim_printf(gim_arena(c), "%u file%s", n, n == 1 ? "" : "s").ptr;
}

static void add_file_fault(struct gim_ctx *c, struct gim_faults *faults,
                           const struct gim_upload_file *f)
{
    const struct gim_schema *form = c->match.route->row->form;

    if (f->row && !strcmp(f->code, "type"))
        add_fault(c, faults, f->part.name, "type", "expected a file of ", f->row->media_types);
    else if (f->row)
        add_fault(c, faults, f->part.name, "too_many", "at most ", most_files(c, f->row));
    else if (form && form->strict)
        add_fault(c, faults, f->part.name, "unknown", "unknown file", "");
}

/* Faults of files; those that have one are not the handler's to see. */
static void check_files(struct gim_ctx *c, struct gim_taking *t, const struct gim_upload *rules,
                        struct gim_faults *faults)
{
    for (const struct gim_file_field *r = rules->files; r && r->name; r++) {
        if (r->required && (!t || !files_of(t, r)))
            add_fault(c, faults, gim_str_of(r->name), "required", "required", "");
    }
    for (struct gim_upload_file *f = t ? t->files : NULL; f; f = f->next) {
        if (f->code)
            add_file_fault(c, faults, f);
    }
}

static gim_pair *pairs_of(const struct gim_taking *t, struct gim_arena *a)
{
    gim_pair *pairs = GIM_NEW_N(a, gim_pair, t->n_fields), *to = pairs;

    for (const struct gim_upload_field *f = t->fields; f; f = f->next)
        *to++ = (gim_pair){f->name, {f->len ? t->text.ptr + f->at : "", f->len}};
    return pairs;
}

int gim_upload_end(struct gim_ctx *c, const struct gim_intake *self, struct gim_faults *faults,
                   gim_pair **pairs, size_t *n)
{
    const struct gim_upload *rules = rules_of(self);
    struct gim_taking *t = taking_of(c);

    if (t && self->begin == gim_upload_begin && !gim_multipart_complete(&t->parser))
        return gim_problem(c, 400, NULL, "the form ends before its last boundary");
    if (t && self->begin == gim_upload_begin_raw) {
        t->files_tail = &t->file->next;
        gim_taking_close(t);
    }
    check_files(c, t, rules, faults);
    if (t && t->n_fields) {
        *pairs = pairs_of(t, gim_arena(c));
        *n = t->n_fields;
    }
    return 0;
}

/* ---- for handlers ---------------------------------------------------------------------------- */

const struct gim_file_part *gim_upload_file(const struct gim_ctx *c, gim_str field, size_t i)
{
    const struct gim_taking *t = taking_of(c);

    for (const struct gim_upload_file *f = t ? t->files : NULL; f; f = f->next) {
        if (!f->code && (!field.ptr || gim_str_eq(field, f->part.name)) && !i--)
            return &f->part;
    }
    return NULL;
}

/* ---- what is wrong before anything comes ------------------------------------------------------- */

static const char *wrong_files(const struct gim_file_field *files)
{
    for (const struct gim_file_field *r = files; r && r->name; r++) {
        if (r->max_size < 0)
            return "a file's .max_size is bytes, or 0 for the upload's .max_file";
        for (const struct gim_file_field *o = files; o < r; o++) {
            if (!strcmp(o->name, r->name))
                return "two rows of .files have one name";
        }
    }
    return NULL;
}

const char *gim_upload_wrong(const struct gim_intake *self)
{
    const struct gim_upload *u = (const struct gim_upload *)(const void *)self;

    if (u->max_total < 0 || u->max_file < 0 || u->max_fields < 0)
        return ".max_total, .max_file and .max_fields are bytes, or 0 for the default";
    if (u->memory < -1)
        return ".memory is bytes, 0 for the default, or -1 for none";
    if (u->files && self->begin == gim_upload_begin_raw)
        return "GIM_UPLOAD_RAW has no .files: the body is the file";
    return wrong_files(u->files);
}
