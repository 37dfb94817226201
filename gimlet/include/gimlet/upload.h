/**
 * gimlet/upload.h: files that clients send: multipart/form-data (RFC 7578), or one file as the body.
 *
 * The body is looked at while it comes. Fields of the form are bound by the route's .form schema, as
 * those of a urlencoded form; files stay in memory while they are small and go to nameless temporary
 * files when they are not, so memory stays flat however large they are. When the request is over, or
 * the client vanishes in the middle, nothing is left of them but what gim_upload_save gave a name.
 *
 *     struct entry { gim_str title; };
 *     ... entry_schema ...
 *     static const struct gim_file_field photo[] = {
 *         {.name = "photo", .media_types = "image/png, image/jpeg", .required = true}, {0}};
 *
 *     static int add(struct gim_ctx *c)
 *     {
 *         const struct entry *e = gim_form(c);
 *         const struct gim_file_part *f = gim_upload_file(c, GIM_S("photo"), 0);
 *         int err = gim_upload_save(f, "/srv/photos/1", 0);
 *         ...
 *     }
 *
 *     GIM_POST("/entries", add, .form = &entry_schema, .blocking = true,
 *              .upload = GIM_UPLOAD(.files = photo, .max_file = 10 << 20, .max_total = 12 << 20)),
 *
 * What breaks a rule is told with the faults of path, query and form, all at once, as 422: a file that
 * is missing (`required`), one too many (`too_many`), a media type that is not taken (`type`), with
 * the field's name as `parameter`. Refused while it comes: 413 for what is larger than a limit, 400 for
 * a body that is no multipart/form-data, 507 when the disk is full, 503 when it fails or the process
 * holds too much. Then the rest of the body is not read.
 *
 * Not trusted: names and media types of files are what the client says. Nothing opens a path that a
 * client has sent.
 */
#ifndef GIMLET_UPLOAD_H
#define GIMLET_UPLOAD_H

#include <gimlet/app.h>

#ifdef __cplusplus
extern "C" {
#endif

/** A field of the form that holds files. */
struct gim_file_field {
    const char *name;        /* NULL ends a table */
    const char *doc;         /* one sentence, for the documentation */
    const char *media_types; /* what is taken, ", "-separated; a range ends in a star; NULL: any */
    int64_t max_size;        /* bytes of one file; 0: the upload's .max_file */
    uint32_t max_files;      /* 0: one */
    bool required;           /* at least one */
};

/** Limits of one request, and its files. Bytes; 0 is the default. What cannot be right stops the start. */
struct gim_upload {
    struct gim_intake intake; /* set by GIM_UPLOAD and GIM_UPLOAD_RAW */
    /** Ends with {0}; NULL: a file of any name is taken. Files of other names are dropped; they are
     *  faults (`unknown`) when the form's schema is strict. */
    const struct gim_file_field *files;
    const char *directory; /* of temporary files; NULL: $TMPDIR, else /var/tmp */
    int64_t max_total;  /* of the whole body; 0: the .max_body that holds for the route (1 MiB) */
    int64_t max_file;   /* of one file; 0: as max_total */
    int64_t max_fields; /* of all values that are no files, in memory; 0: 64 KiB */
    int64_t memory;     /* of files that stay in memory, all together; 0: 64 KiB; -1: none */
    uint32_t max_parts; /* fields and files; 0: 100 */
};

/** For .upload of a route, at file scope: takes multipart/form-data. GIM_UPLOAD() has the defaults. */
#define GIM_UPLOAD(...) GIM_UPLOAD_("multipart/form-data", gim_upload_begin, __VA_ARGS__)
/** For .upload of a route: the whole body is one file, as `curl -T` sends it: gim_upload_file(c,
 *  GIM_S(""), 0). `types`: "image/png, image/jpeg"; a range ends in a star. No .files here. */
#define GIM_UPLOAD_RAW(...) GIM_UPLOAD_RAW_(__VA_ARGS__, .max_parts = 1)
#define GIM_UPLOAD_RAW_(types, ...) GIM_UPLOAD_(types, gim_upload_begin_raw, __VA_ARGS__)
#define GIM_UPLOAD_(types, start, ...)                                                             \
    (&GIM_MADE_(const struct gim_upload,                                                           \
                .intake = {.media_types = types,                                                   \
                           .begin = start,                                                         \
                           .end = gim_upload_end,                                                  \
                           .wrong = gim_upload_wrong},                                             \
                __VA_ARGS__)                                                                       \
          ->intake)

/** One file that came. Lives, like its bytes and its descriptor, until the request's memory goes. */
struct gim_file_part {
    gim_str name; /* of the form's field */
    /** What the client calls it, made harmless: the last part of the path, at most 255 bytes of UTF-8, no
     *  control, no '/' or '\', no leading dot; "file" when nothing is left of it, empty when it gave
     *  none. For people to read: name what you keep yourself. */
    gim_str filename;
    gim_str media_type; /* what the client says it is, with parameters; unchecked */
    int64_t size;
    gim_str bytes; /* all of it, when it stayed in memory; else absent */
    int fd;        /* else the temporary file, its offset at the start; -1: in memory */
};

/** The `i`-th file of a field, from 0, in the order they came; of any field when `field` is absent
 *  ({0}). NULL: there is none. An input that was left blank is no file. */
const struct gim_file_part *gim_upload_file(const struct gim_ctx *c, gim_str field, size_t i);

/** Reads at most `len` bytes from `at`, wherever it lies. Bytes read, 0 at the end, -1 with errno. Any
 *  thread; may wait for the disk. */
GIM_MUST_CHECK ptrdiff_t gim_upload_read(const struct gim_file_part *f, int64_t at, void *to,
                                         size_t len);

enum {
    GIM_SAVE_REPLACE = 1, /* what stands at the path is replaced, in one step */
    GIM_SAVE_SYNC = 2,    /* it survives a power cut when this returns (fsync) */
};

/** Gives the file a name, all of it or nothing, mode 0644: no copy when the temporary file is on the
 *  same file system, so let .directory be there. 0; or an errno: EEXIST when `path` is taken, ENOSPC,
 *  ENOENT (no such directory) ... Waits for the disk: for .blocking routes, unless the file is small
 *  or on the same file system and not synced. Any thread. */
GIM_MUST_CHECK int gim_upload_save(const struct gim_file_part *f, const char *path, unsigned flags);

/** What GIM_UPLOAD names: begin and end of an intake, and what is wrong with it. */
const char *gim_upload_wrong(const struct gim_intake *self);
int gim_upload_begin(struct gim_ctx *c, const struct gim_intake *self);
int gim_upload_begin_raw(struct gim_ctx *c, const struct gim_intake *self);
int gim_upload_end(struct gim_ctx *c, const struct gim_intake *self, struct gim_faults *faults,
                   gim_pair **pairs, size_t *n);

#ifdef __cplusplus
}
#endif
#endif
