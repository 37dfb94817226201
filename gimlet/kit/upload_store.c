/* upload_store.c: where the bytes of files go: memory while they are few, then a file without a name.
 *
 * The allowance of memory is the request's, not a file's: many small files cost no more than one. The
 * file that would pass it is spilled, those before it stay. A nameless file needs no cleaning up: the
 * kernel frees it when its descriptor closes, also when the process is killed. */
#include "../net/file.h"
#include "upload_private.h"
#include <errno.h>
#include <gimlet/log.h>
#include <stdlib.h>
#include <unistd.h>

#define MEMORY 65536
#define OF_FILE 16384 /* what an open file is counted as: a few bytes of a client open one */

static const char *directory(const struct gim_upload *rules)
{
    const char *env = rules->directory ? NULL : getenv("TMPDIR");

    return rules->directory ? rules->directory : env && *env ? env : "/var/tmp";
}

/* -1 with the reply made. EFBIG is a disk that is full, too: a limit of the process or of the disk. */
static int refuse(struct gim_ctx *c, const struct gim_upload *rules, int err)
{
    bool full = err == ENOSPC || err == EDQUOT || err == EFBIG;

    gim_log(GIM_LOG_ERROR, "gimlet", "%.*s: a file could not be stored in %s: %s",
            GIM_FMT(gim_route_pattern(c)), directory(rules), strerror(err));
    gim_problem(c, full ? 507 : 503, NULL, "%s",
                full ? "there is no room to store the file" : "the file could not be stored");
    if (!full)
        gim_set_header(c, GIM_S("Retry-After"), GIM_S("1"));
    return -1;
}

bool gim_taking_keep(struct gim_taking *t, struct gim_buf *b, gim_str data)
{
    size_t cap = b->cap;

    gim_buf_str(b, data);
    t->held += (int64_t)(b->cap - cap);
    return !b->full;
}

static bool fits(const struct gim_taking *t, size_t more)
{
    int64_t memory = t->rules->memory ? t->rules->memory : MEMORY;

    return t->in_memory + (int64_t)more <= memory;
}

/* From memory to a temporary file. 0, or the errno. */
static int spill(struct gim_taking *t, struct gim_upload_file *f)
{
    f->part.fd = gim_file_temporary(directory(t->rules));
    if (f->part.fd < 0 || gim_file_write(f->part.fd, f->buf.ptr, f->buf.len))
        return errno;
    t->in_memory -= (int64_t)f->buf.len;
    t->held += OF_FILE - (int64_t)f->buf.cap;
    gim_buf_free(&f->buf);
    return 0;
}

int gim_taking_store(struct gim_ctx *c, struct gim_taking *t, gim_str data)
{
    struct gim_upload_file *f = t->file;
    int err;

    if (f->part.fd < 0 && fits(t, data.len) && gim_taking_keep(t, &f->buf, data)) {
        t->in_memory += (int64_t)data.len;
        return 0;
    }
    err = f->part.fd < 0 ? spill(t, f) : 0;
    if (!err && gim_file_write(f->part.fd, data.ptr, data.len))
        err = errno;
    return err ? refuse(c, t->rules, err) : 0;
}

void gim_taking_close(struct gim_taking *t)
{
    struct gim_file_part *p = &t->file->part;

    if (p->fd >= 0)
        (void)lseek(p->fd, 0, SEEK_SET); /* for readers of the application */
    else
        p->bytes = t->file->buf.len ? gim_buf_view(&t->file->buf) : GIM_S("");
    t->file = NULL;
}

void gim_taking_release(void *taking)
{
    struct gim_taking *t = taking;

    gim_buf_free(&t->text);
    for (struct gim_upload_file *f = t->files; f; f = f->next) {
        gim_buf_free(&f->buf);
        gim_file_close(f->part.fd);
    }
}
