/* upload.c: a box for photos: a page with a form, and what curl sends. They lie in the present
 * directory as photo-1, photo-2, ...; what clients call them is only shown.
 *   curl -F title=Cat -F photo=@cat.png localhost:8080/photos
 *   curl -T cat.png -H 'Content-Type: image/png' localhost:8080/photos
 *   curl -F file=@any.thing localhost:8080/echo >same.thing */
#include <errno.h>
#include <gimlet.h>

struct photo {
    int64_t id, size;
    gim_str title, filename;
    int license;
};
static const char *const licenses[] = {"mine", "public", NULL};
static const struct gim_field photo_fields[] = {
    GIM_INT(struct photo, id, .read_only = true),
    GIM_STR(struct photo, title, .required = true, .min_len = 1, .max_len = 80),
    GIM_ENUM(struct photo, license, .names = licenses, .def = "\"mine\""),
    GIM_STR(struct photo, filename, .read_only = true),
    GIM_INT(struct photo, size, .read_only = true),
};
static const struct gim_schema photo_schema = GIM_SCHEMA("Photo", struct photo, photo_fields);
static const struct gim_file_field photo_file[] = {
    {.name = "photo", .media_types = "image/png, image/jpeg", .required = true}, {0}};

static const char page[] =
    "<!doctype html><title>Photos</title><form method=post action=/photos "
    "enctype=multipart/form-data><input name=title placeholder=Title> <select name=license>"
    "<option>mine<option>public</select> <input type=file name=photo> <button>Send</button></form>";

struct box { /* one worker, so no lock */
    int64_t last;
};

static int show_page(struct gim_ctx *c)
{
    return gim_bytes(c, 200, GIM_S("text/html; charset=utf-8"), gim_str_of(page));
}

/* The next number that is free. Temporary file and photo are on one file system: no byte is copied. */
static int keep(struct gim_ctx *c, const struct gim_file_part *f, struct photo *p)
{
    struct box *box = gim_state(c);
    int err;

    do {
        p->id = ++box->last;
        err = gim_upload_save(f, gim_printf(gim_arena(c), "photo-%d", (int)p->id).ptr, 0);
    } while (err == EEXIST);
    if (err)
        return gim_problem(c, err == ENOSPC ? 507 : 503, NULL, "the photo could not be kept");
    p->filename = f->filename;
    p->size = f->size;
    return gim_reply(c, 201, &photo_schema, p);
}

static int add(struct gim_ctx *c) /* title and license are bound, the photo is there */
{
    return keep(c, gim_upload_file(c, GIM_S("photo"), 0), gim_form(c));
}

static int add_bare(struct gim_ctx *c) /* the body is the photo */
{
    const struct gim_file_part *f = gim_upload_file(c, GIM_S(""), 0);

    if (!f)
        return gim_problem(c, 422, NULL, "send the photo as the body");
    return keep(c, f, &(struct photo){.title = GIM_S("(no title)")});
}

static enum gim_pull send_back(struct gim_ctx *c, struct gim_out *out, void *arg)
{
    const struct gim_file_part *f = arg;

    (void)c;
    if (f->fd >= 0)
        gim_out_file(out, f->fd, 0, f->size);
    else
        gim_out_bytes(out, f->bytes);
    return GIM_PULL_END;
}

static int echo(struct gim_ctx *c)
{
    const struct gim_file_part *f = gim_upload_file(c, GIM_S("file"), 0);

    if (!f)
        return gim_problem(c, 422, NULL, "send a file: curl -F file=@name");
    return gim_stream(c, 200, GIM_S("application/octet-stream"), f->size, send_back,
                      (void *)(uintptr_t)f);
}

#define MIB (1 << 20)
static const struct gim_route routes[] = {
    GIM_GET("/", show_page),
    GIM_POST("/photos", add, .form = &photo_schema, .reply = &photo_schema,
             .upload = GIM_UPLOAD(.files = photo_file, .directory = ".", .max_total = 20 * MIB)),
    GIM_ROUTE("PUT", "/photos", add_bare, .reply = &photo_schema,
              .upload = GIM_UPLOAD_RAW("image/*", .directory = ".", .max_total = 20 * MIB)),
    GIM_POST("/echo", echo, .streams = true,
             .upload = GIM_UPLOAD(.directory = ".", .max_total = 200 * MIB)),
    {0}};

int main(int argc, char **argv)
{
    static struct box box;
    return gim_main(argc, argv, .name = "upload", .routes = routes, .state = &box, .workers = 1);
}
