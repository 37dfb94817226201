/* new.c: a new project: a table of files, each a template with the project's name filled in.
 *
 * The folder is made first and must not be there, so nothing of the user's can be overwritten; what
 * was written is taken away again when a later file fails. */
#include "new.h"
#include "../gimlet/base/arena.h"
#include "../gimlet/base/buf.h"
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define NAME_MAX_LEN 32
#define MARK "@name@"

#define TEMPLATE(name)                                                                             \
    extern const char template_##name[];                                                           \
    extern const uint64_t template_##name##_len;
TEMPLATE(build)
TEMPLATE(main)
TEMPLATE(notes_h)
TEMPLATE(notes_c)
TEMPLATE(test)
TEMPLATE(container)
TEMPLATE(unit)
TEMPLATE(socket)
TEMPLATE(readme)
TEMPLATE(ignore)

static const struct file {
    const char *path; /* "@name@" is filled in here too */
    const char *text;
    const uint64_t *len;
} files[] = {
    {"meson.build", template_build, &template_build_len},
    {"main.c", template_main, &template_main_len},
    {"notes.h", template_notes_h, &template_notes_h_len},
    {"notes.c", template_notes_c, &template_notes_c_len},
    {"tests/test_notes.c", template_test, &template_test_len},
    {"Containerfile", template_container, &template_container_len},
    {MARK ".service", template_unit, &template_unit_len},
    {MARK ".socket", template_socket, &template_socket_len},
    {"README.md", template_readme, &template_readme_len},
    {".gitignore", template_ignore, &template_ignore_len},
};
#define FILES (sizeof files / sizeof files[0])

static bool is_name(gim_str s)
{
    if (!s.len || s.len > NAME_MAX_LEN || s.ptr[0] < 'a' || s.ptr[0] > 'z')
        return false;
    return strspn(s.ptr, "abcdefghijklmnopqrstuvwxyz0123456789-_") == s.len;
}

/* `text` with the marks replaced. */
static void fill(struct gim_buf *b, gim_str text, gim_str name)
{
    while (text.len) {
        const char *mark = memmem(text.ptr, text.len, MARK, sizeof MARK - 1);
        size_t before = mark ? (size_t)(mark - text.ptr) : text.len;
        size_t used = mark ? before + sizeof MARK - 1 : before;

        gim_buf_add(b, text.ptr, before);
        if (mark)
            gim_buf_str(b, name);
        text.ptr += used;
        text.len -= used;
    }
}

static void path_of(struct gim_buf *b, const char *folder, const char *path, gim_str name)
{
    b->len = 0;
    gim_buf_printf(b, "%s/", folder);
    fill(b, gim_str_of(path), name);
    gim_buf_char(b, '\0');
}

static int write_file(const char *path, gim_str text)
{
    FILE *f = fopen(path, "wxe");
    bool good = f && fwrite(text.ptr, 1, text.len, f) == text.len;

    if (f && fclose(f))
        good = false;
    return good ? 0 : -1;
}

static int write_all(const char *folder, gim_str name)
{
    struct gim_buf path = {0}, text = {0};
    int result = 0;

    path_of(&path, folder, "tests", name);
    result = mkdir(path.ptr, 0777);
    for (size_t i = 0; i < FILES && !result; i++) {
        path_of(&path, folder, files[i].path, name);
        text.len = 0;
        fill(&text, (gim_str){files[i].text, *files[i].len}, name);
        result = write_file(path.ptr, gim_buf_view(&text));
    }
    if (result)
        fprintf(stderr, "gimlet: cannot write %s: %s\n", path.ptr, strerror(errno));
    gim_buf_free(&path);
    gim_buf_free(&text);
    return result;
}

static void take_away(const char *folder, gim_str name)
{
    struct gim_buf path = {0};

    for (size_t i = 0; i < FILES; i++) {
        path_of(&path, folder, files[i].path, name);
        unlink(path.ptr);
    }
    path_of(&path, folder, "tests", name);
    rmdir(path.ptr);
    rmdir(folder);
    gim_buf_free(&path);
}

int new_project(const char *folder)
{
    const char *slash = strrchr(folder, '/');
    gim_str name = gim_str_of(slash ? slash + 1 : folder);

    if (!is_name(name)) {
        fprintf(
            stderr,
            "gimlet: '%s' is no name for a project: expected a small letter, then up to %d small "
            "letters, digits, '-' or '_', such as \"notes\"\n",
            name.ptr, NAME_MAX_LEN - 1);
        return 2;
    }
    if (mkdir(folder, 0777)) {
        fprintf(stderr, "gimlet: cannot make the folder %s: %s\n", folder,
                errno == EEXIST ? "it is there already; nothing was changed" : strerror(errno));
        return 1;
    }
    if (write_all(folder, name)) {
        take_away(folder, name);
        return 1;
    }
    printf("%s is there. Next:\n  cd %s\n  meson setup build && ninja -C build && meson test -C "
           "build\n"
           "  build/%s\n  curl -i -d '{\"text\":\"buy milk\"}' localhost:8080/notes\n",
           folder, folder, name.ptr);
    return 0;
}
