/* filename.c: names of files as clients send them: "C:\temp\cv.pdf", "../../etc/passwd", "\0.sh".
 *
 * Only the last part counts, and of that only what can neither hide (controls, a leading dot) nor lead
 * elsewhere (slashes, "."). It is still the client's word: good to show, not to open. */
#include "filename.h"
#include "../json/utf8.h"

/* The bytes behind the last slash of either kind. */
static gim_str last_part(gim_str path)
{
    size_t at = path.len;

    while (at && path.ptr[at - 1] != '/' && path.ptr[at - 1] != '\\')
        at--;
    return (gim_str){path.ptr + at, path.len - at};
}

static bool is_control(char c)
{
    unsigned char byte = (unsigned char)c;

    return byte < 0x20 || byte == 0x7f;
}

/* U+0080 to U+009F, the controls that are two bytes long. */
static bool is_c1(const char *at, unsigned n)
{
    return n == 2 && (unsigned char)at[0] == 0xC2 && (unsigned char)at[1] < 0xA0;
}

static bool is_edge(char c)
{
    return c == '.' || c == ' ';
}

gim_str gim_filename_clean(gim_str raw, struct gim_arena *a)
{
    gim_str name = last_part(raw);
    char *to = gim_alloc_raw(a, GIM_FILENAME_MAX, 1);
    const char *end = name.ptr + name.len;
    size_t len = 0;

    for (const char *at = name.ptr; at < end;) {
        unsigned n = gim_utf8_size(at, end);
        const char *from = n ? at : "_";
        unsigned size = n ? n : 1;

        at += size;
        if (is_control(*from) || is_c1(from, n) || (!len && is_edge(*from)))
            continue;
        if (len + size > GIM_FILENAME_MAX)
            break;
        memcpy(to + len, from, size);
        len += size;
    }
    while (len && is_edge(to[len - 1]))
        len--;
    return len ? (gim_str){to, len} : GIM_S("file");
}
