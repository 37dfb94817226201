/* files.c: from a path to a file: gimlet/files.h.
 *
 * Two guards, neither of which trusts the other: the text of the path is looked at here (dot files,
 * backslashes, an escaped slash), and the kernel resolves it beneath the root (net/file.h), so that no
 * link and no race leads out. Whatever is not served is 404, so that nobody can ask what is there.
 * Nothing is kept between requests: a file that is replaced is served at once. */
#include <gimlet/files.h>
#include "../http/extension.h"
#include "../http/negotiate.h"
#include "../http/uri.h"
#include "../rest/ctx.h"
#include "file_reply.h"
#include <errno.h>
#include <gimlet/log.h>
#include <gimlet/negotiate.h>

#define SECOND 1000000000

/* A request for something beneath a root. */
struct search {
    struct gim_ctx *c;
    const struct gim_files *files;
    int root;
};

static const struct variant {
    char coding[5], suffix[5];
} variants[] = {
    {"br", ".br"}, {"zstd", ".zst"}, {"gzip", ".gz"}}; /* the server's favourite first */
#define VARIANTS (sizeof variants / sizeof variants[0])

/* ---- refusals -------------------------------------------------------------------------------- */

static int not_found(struct gim_ctx *c)
{
    (void)gim_set_header(c, GIM_S("Content-Disposition"), (gim_str){0});
    return gim_problem(c, 404, NULL, "there is no such file");
}

/* Errors that a path or the disk's content can cause: there is no such file to be served. */
static bool is_absence(int err)
{
    return err == ENOENT || err == ENOTDIR || err == ELOOP || err == EXDEV || err == EACCES ||
           err == EPERM || err == ENAMETOOLONG || err == EAGAIN;
}

static int cannot_open(struct gim_ctx *c, const char *what, int err)
{
    gim_log(GIM_LOG_ERROR, "files", "%s: %s", what, strerror(err));
    if (err == EMFILE || err == ENFILE || err == ENOMEM) {
        (void)gim_set_header(c, GIM_S("Retry-After"), GIM_S("1"));
        return gim_problem(c, 503, NULL, "too many files are open; try again");
    }
    return gim_problem(c, 500, NULL, "the file cannot be read");
}

/* ---- paths ----------------------------------------------------------------------------------- */

/* May this path be looked for? (That it stays beneath the root, and is names between slashes, the
 * opening sees to.) */
static bool may_be_served(const struct gim_files *files, gim_str path)
{
    if (path.len && memchr(path.ptr, '\\', path.len))
        return false;
    while (path.ptr) {
        gim_str name = gim_str_cut(&path, '/');

        if (name.len && name.ptr[0] == '.' && !files->dotfiles)
            return false;
    }
    return true;
}

/* The route's last parameter, decoded. False when it holds an escaped slash, which is no separator and
 * can be part of no name, or is malformed. */
static bool rest_of(struct gim_ctx *c, gim_str *path)
{
    unsigned n = c->match.route->n_params;
    gim_str raw = n ? c->match.params[n - 1] : (gim_str){0};

    if (!raw.ptr)
        return false;
    for (size_t i = 0; i + 2 < raw.len; i++) {
        if (raw.ptr[i] == '%' && raw.ptr[i + 1] == '2' && (raw.ptr[i + 2] | 0x20) == 'f')
            return false;
    }
    return gim_percent_decode(raw, gim_arena(c), path) == 0;
}

static gim_str media_type(const struct gim_files *files, gim_str name)
{
    gim_str extension = gim_extension_of(name);

    for (const struct gim_media_type *t = files->types; t && t->extension; t++) {
        if (gim_str_eq_fold(gim_str_of(t->extension), extension))
            return gim_str_of(t->type);
    }
    return gim_media_type_of(name);
}

/* ---- files ----------------------------------------------------------------------------------- */

static int open_file(const struct search *s, gim_str path, struct gim_file *out)
{
    return gim_file_open_beneath(s->root, path, s->files->follow ? GIM_FILE_FOLLOW : 0, out);
}

/* The one wanted most of those not tried yet and wanted no less than the file as it is; or -1. */
static int next_variant(const unsigned *wanted, unsigned identity, unsigned tried)
{
    int best = -1;

    for (unsigned i = 0; i < VARIANTS; i++) {
        if (!(tried & 1u << i) && wanted[i] && wanted[i] >= identity &&
            (best < 0 || wanted[i] > wanted[best]))
            best = (int)i;
    }
    return best;
}

/* Opens the compressed file beside it, unless that is older: then it is of an older version. */
static bool open_variant(const struct search *s, gim_str name, const struct variant *v,
                         const struct gim_file *original, struct gim_file *out)
{
    gim_str path = gim_printf(gim_arena(s->c), "%.*s%s", GIM_FMT(name), v->suffix);

    if (open_file(s, path, out) || out->kind != GIM_FILE_REGULAR)
        return false;
    if (out->modified_ns / SECOND >= original->modified_ns / SECOND)
        return true;
    gim_file_close(out->fd);
    return false;
}

/* Puts a compressed file in the place of the one found, if the client wants it. False: it wants
 * neither; the 406 is the reply. */
static bool negotiate(const struct search *s, gim_str name, struct gim_file_reply *r)
{
    struct gim_preferences p;
    unsigned wanted[VARIANTS], tried = 0;
    unsigned identity;
    int i;

    gim_vary(s->c, GIM_S("Accept-Encoding"));
    gim_preferences_of(&p, &s->c->x.head, GIM_S("Accept-Encoding"));
    identity = gim_quality_coding(&p, GIM_S("identity"));
    for (i = 0; i < (int)VARIANTS; i++)
        wanted[i] = gim_quality_coding(&p, gim_str_of(variants[i].coding));
    while ((i = next_variant(wanted, identity, tried)) >= 0) {
        struct gim_file found;

        if (open_variant(s, name, &variants[i], &r->file, &found)) {
            gim_file_close(r->file.fd);
            r->file = found;
            r->coding = gim_str_of(variants[i].coding);
            return true;
        }
        tried |= 1u << i;
    }
    if (identity)
        return true;
    gim_file_close(r->file.fd);
    gim_problem(s->c, 406, NULL,
                "the request's Accept-Encoding refuses the file as it is (identity), and in no "
                "coding that it takes is it there");
    return false;
}

static int answer(const struct search *s, gim_str name, const struct gim_file *file)
{
    const struct gim_files *files = s->files;
    struct gim_file_reply r = {.file = *file, .media_type = media_type(files, name)};
    bool html = gim_str_starts(r.media_type, GIM_S("text/html"));

    r.cache_control = html && files->cache_html ? files->cache_html : files->cache_control;
    if (files->precompressed && !negotiate(s, name, &r))
        return GIM_REPLIED;
    return gim_file_reply(s->c, &r);
}

/* ---- folders --------------------------------------------------------------------------------- */

/* Opens what the folder answers with; `folder` is "" or ends in a slash. */
static bool open_index(const struct search *s, gim_str folder, gim_str *name, struct gim_file *out)
{
    const char *index = s->files->index ? s->files->index : "index.html";

    *name = gim_printf(gim_arena(s->c), "%.*s%s", GIM_FMT(folder), index);
    return *index && !open_file(s, *name, out) && out->kind == GIM_FILE_REGULAR;
}

/* To the same folder with its slash, so that relative links in its page lead into it. A relative
 * reference: right behind a proxy that rewrites paths, and it can lead to no other host. */
static int add_slash(struct gim_ctx *c)
{
    gim_str path = gim_head_str(&c->x.head, c->x.head.path), query = gim_query_str(c);
    size_t from = path.len;

    while (from && path.ptr[from - 1] != '/')
        from--;
    return gim_redirect(c, 308,
                        gim_printf(gim_arena(c), "./%.*s/%s%.*s", (int)(path.len - from),
                                   path.ptr + from, query.ptr ? "?" : "", (int)query.len,
                                   query.ptr ? query.ptr : ""));
}

/* Nothing is there: the application in the browser may know the path. */
static int answer_fallback(const struct search *s, gim_str path)
{
    gim_str name = gim_str_of(s->files->fallback);
    struct gim_file file;
    size_t from = path.len;

    while (from && path.ptr[from - 1] != '/')
        from--;
    if (!name.ptr || (from < path.len && memchr(path.ptr + from, '.', path.len - from)) ||
        open_file(s, name, &file) || file.kind != GIM_FILE_REGULAR)
        return not_found(s->c);
    return answer(s, name, &file);
}

static int answer_path(const struct search *s, gim_str path)
{
    bool folder = !path.len || path.ptr[path.len - 1] == '/';
    struct gim_file file = {0};
    gim_str name = path;

    if (folder) {
        if (open_index(s, path, &name, &file))
            return answer(s, name, &file);
    } else if (open_file(s, path, &file)) {
        if (!is_absence(errno))
            return cannot_open(s->c, s->files->root, errno);
    } else if (file.kind == GIM_FILE_REGULAR) {
        return answer(s, path, &file);
    } else if (open_index(s, gim_printf(gim_arena(s->c), "%.*s/", GIM_FMT(path)), &name, &file)) {
        gim_file_close(file.fd);
        return add_slash(s->c);
    }
    return answer_fallback(s, path);
}

/* ---- entries --------------------------------------------------------------------------------- */

typedef int answer_fn(const struct search *s, gim_str path);

static int search(struct gim_ctx *c, const struct gim_files *files, gim_str path, answer_fn *fn)
{
    struct search s = {c, files, -1};
    int result;

    if (!files || !files->root)
        return cannot_open(c, "a struct gim_files without .root", EINVAL);
    if (!may_be_served(files, path))
        return not_found(c);
    s.root = gim_file_root(files->root);
    if (s.root < 0)
        return cannot_open(c, files->root, errno);
    result = fn(&s, path);
    gim_file_close(s.root);
    return result;
}

static int answer_file(const struct search *s, gim_str path)
{
    struct gim_file file;

    if (open_file(s, path, &file))
        return is_absence(errno) ? not_found(s->c) : cannot_open(s->c, s->files->root, errno);
    return file.kind == GIM_FILE_REGULAR ? answer(s, path, &file) : not_found(s->c);
}

int gim_file(struct gim_ctx *c, const struct gim_files *files, gim_str path)
{
    return search(c, files, path, answer_file);
}

int gim_files_check(const struct gim_files *files)
{
    int root = gim_file_root(files->root ? files->root : "");

    if (root < 0)
        gim_log(GIM_LOG_ERROR, "files", "%s: %s; name a folder that can be read",
                files->root ? files->root : "(no .root)", strerror(errno));
    gim_file_close(root);
    return root < 0 ? -1 : 0;
}

const char *gim_files_wrong(const struct gim_route *row)
{
    static const char tail[] = "/*rest";
    size_t len = strlen(row->pattern), n = sizeof tail - 1;

    if (!row->with)
        return "GIM_FILES needs the address of a struct gim_files";
    if (len < n || strcmp(row->pattern + len - n, tail) != 0)
        return "the prefix of GIM_FILES ends in '/'";
    return NULL;
}

int gim_files_serve(struct gim_ctx *c)
{
    gim_str path;

    if (!rest_of(c, &path))
        return not_found(c);
    return search(c, gim_with(c), path, answer_path);
}
