/* upload_private.h: a request's upload under way, shared by upload.c (what comes, and its rules),
 * upload_store.c (where a file's bytes go) and upload_save.c. */
#ifndef KIT_UPLOAD_PRIVATE_H
#define KIT_UPLOAD_PRIVATE_H

#include "../http/multipart.h"
#include "../rest/ctx.h"
#include <gimlet/upload.h>

struct gim_upload_file {
    struct gim_file_part part; /* first */
    struct gim_upload_file *next;
    const struct gim_file_field *row; /* NULL: the upload names no files, or not this one */
    struct gim_buf buf;               /* its bytes, until it is spilled */
    const char *code; /* of its fault: "type", "too_many", "unknown"; its bytes are not kept.
                                         NULL: it is good */
};

struct gim_upload_field {
    struct gim_upload_field *next;
    gim_str name;
    size_t at, len; /* of the value in `text`, which moves while it grows */
};

struct gim_taking {
    const struct gim_upload *rules;
    struct gim_upload_file *files, **files_tail;
    struct gim_upload_file *file; /* whose bytes come; NULL: a field's */
    struct gim_upload_field *fields, **fields_tail;
    struct gim_upload_field *field;
    struct gim_buf text; /* the values of all fields */
    size_t n_fields;
    int64_t in_memory; /* bytes of files */
    int64_t held;      /* heap of all buffers */
    struct gim_multipart parser;
};

/** Appends to one of its buffers. False: it is at its cap. */
bool gim_taking_keep(struct gim_taking *t, struct gim_buf *b, gim_str data);
/** The next bytes of `t->file`. 0, or -1 with a reply made. */
int gim_taking_store(struct gim_ctx *c, struct gim_taking *t, gim_str data);
/** `t->file` is whole: fills its part. */
void gim_taking_close(struct gim_taking *t);
/** Frees and closes all; a gim_defer function. */
void gim_taking_release(void *taking);

/** gim_upload_save where the file system knows no nameless files. */
int gim_upload_save_beside(const struct gim_file_part *f, const char *path, unsigned flags);

#endif
