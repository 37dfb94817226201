/**
 * gimlet/files.h: files from the disk: a folder of a site, or one file as a handler's answer.
 *
 *     static const struct gim_files site = {
 *         .root = "public",
 *         .cache_control = "max-age=3600",
 *         .precompressed = true,
 *     };
 *     static const struct gim_route routes[] = {
 *         GIM_FILES("/static/", &site),   GET and HEAD of /static/ and all below it
 *         {0},
 *     };
 *
 * What an answer has: the media type by the name's extension, Last-Modified and a strong ETag (size,
 * time and inode of the file), 304 and 412 (RFC 9110 §13), parts by Range and If-Range (§14: one part,
 * several as multipart/byteranges, 416), X-Content-Type-Options: nosniff. The kernel sends the bytes
 * (sendfile(2)); memory does not grow with the file.
 *
 * What is not served, however it is spelled: anything outside the root, links (unless .follow),
 * names that begin with a dot (unless .dotfiles), names with a backslash or an escaped slash, and what
 * is no regular file. All of these are 404. Folders are not listed.
 *
 * Reading a file that is not in the page cache makes the loop wait for the disk: serve what fits into
 * memory, or from a fast disk. A file that shrinks while it is sent cuts the connection, so that the
 * client knows; replace files by rename(2) and each answer is of one version.
 */
#ifndef GIMLET_FILES_H
#define GIMLET_FILES_H

#include <gimlet/app.h>

#ifdef __cplusplus
extern "C" {
#endif

/** A media type for an extension: {"gpx", "application/gpx+xml"}; a table ends with {0}. */
struct gim_media_type {
    const char *extension; /* without the dot, in any case */
    const char *type;
};

/** A folder and how it is served. It must outlive the application, and not change once that has
 *  started (.start may still fill it in). */
struct gim_files {
    const char *root;     /* the directory; opened anew for each request, so it may be a link that a
                         deployment turns over. Relative: from the working directory */
    const char *index;    /* what a folder answers with: NULL: "index.html"; "": nothing (404) */
    const char *fallback; /* answers paths that lead to no file and whose last part has no dot, for
                                  applications that route in the browser: "index.html" */
    const char *cache_control; /* Cache-Control of what is found; NULL: none is sent */
    const char *cache_html;    /* that of HTML, which names the others; NULL: as .cache_control */
    const struct gim_media_type *types; /* more of them, or other ones than the built-in */
    bool
        precompressed; /* sends FILE.br, FILE.zst or FILE.gz beside FILE, if there is one that is not
                           older, as the client's Accept-Encoding wants it */
    bool dotfiles;     /* serves names that begin with a dot */
    bool follow;       /* follows symbolic links that stay beneath the root */
};

/** A route row: GET and HEAD of all below `prefix_`, a literal that ends in a slash ("/" too).
 *  More options of gim_route may follow: GIM_FILES("/static/", &site, .middleware = members). */
#define GIM_FILES(prefix_, ...) GIM_FILES_(prefix_, __VA_ARGS__, .streams = true, GIM_HERE_)
#define GIM_FILES_(prefix_, files_, ...)                                                           \
    {                                                                                              \
        .method = "GET", .pattern = prefix_ "*rest", .handler = gim_files_serve,                   \
        .undocumented = true, .wrong = gim_files_wrong, .with = (files_), __VA_ARGS__              \
    }
/** For the application's .start: 0 when the root can be opened; -1 with a line in the log that says why
 *  not. Without it a bad root is noticed by the first request, which gets 500. */
GIM_MUST_CHECK int gim_files_check(const struct gim_files *files);
/** The handler of GIM_FILES; its route has .with (a struct gim_files), .streams and a "*rest". */
gim_handler gim_files_serve;
const char *gim_files_wrong(const struct gim_route *row);

/** Answers with one file beneath files->root: `path` is "2026/report.pdf", of the same rules as above
 *  (a 404 is the reply when there is none; a folder is none). For routes with .streams = true and
 *  methods GET and HEAD. Returns GIM_REPLIED. */
int gim_file(struct gim_ctx *c, const struct gim_files *files, gim_str path);

/** Makes whatever the reply will be a download (Content-Disposition, RFC 6266): the browser saves it
 *  as `name`, UTF-8; of a path only the last part counts. Old clients get an ASCII likeness. With a
 *  file: `gim_attachment(c, name); return gim_file(c, &reports, path);` */
void gim_attachment(struct gim_ctx *c, gim_str name);

#ifdef __cplusplus
}
#endif
#endif
