/* disposition.c: a file's name in a header field (RFC 6266 §4.3, appendix D; RFC 8187 §3.2).
 *
 * Two forms, because clients differ: a quoted one of plain ASCII, in which everything that some
 * client was seen to misread ('"', '\', '%') is an underscore, and an extended one with the true
 * name, percent-encoded. Those that know the second take it. */
#include "disposition.h"
#include "chars.h"

/* attr-char of RFC 8187: stands for itself in the extended form. */
static bool is_attr(char c)
{
    return gim_char_is(c, GIM_CHAR_TOKEN) && c != '*' && c != '\'' && c != '%';
}

/* Stands for itself between quotes, for every client. */
static bool is_plain(char c)
{
    return c >= ' ' && c < 0x7f && c != '"' && c != '\\' && c != '%';
}

static bool is_control(char c)
{
    return (unsigned char)c < ' ' || c == 0x7f;
}

/* Bytes of the UTF-8 character at the start of `s`, by its first byte; 1 when it is none. */
static size_t char_length(gim_str s)
{
    unsigned char c = (unsigned char)s.ptr[0];
    size_t n = c < 0xc2 ? 1 : c < 0xe0 ? 2 : c < 0xf0 ? 3 : c < 0xf5 ? 4 : 1;

    if (n > s.len)
        return 1;
    for (size_t i = 1; i < n; i++) {
        if (((unsigned char)s.ptr[i] & 0xc0) != 0x80)
            return 1;
    }
    return n;
}

/* The last part of a path, cut at a character's end. */
static gim_str last_part(gim_str name)
{
    size_t from = name.len, to;

    while (from && name.ptr[from - 1] != '/' && name.ptr[from - 1] != '\\')
        from--;
    name = (gim_str){name.ptr + from, name.len - from};
    for (to = 0; to < name.len;) {
        size_t n = char_length((gim_str){name.ptr + to, name.len - to});

        if (to + n > GIM_DISPOSITION_NAME_MAX)
            break;
        to += n;
    }
    name.len = to;
    return name;
}

static bool says_nothing(gim_str name)
{
    for (size_t i = 0; i < name.len; i++) {
        if (name.ptr[i] != '.' && name.ptr[i] != ' ' && !is_control(name.ptr[i]))
            return false;
    }
    return true;
}

static void write_quoted(struct gim_buf *b, gim_str name)
{
    for (size_t i = 0; i < name.len;) {
        size_t n = char_length((gim_str){name.ptr + i, name.len - i});

        if (!is_control(name.ptr[i]))
            gim_buf_char(b, n == 1 && is_plain(name.ptr[i]) ? name.ptr[i] : '_');
        i += n;
    }
}

static void write_extended(struct gim_buf *b, gim_str name)
{
    static const char hex[] = "0123456789ABCDEF";

    for (size_t i = 0; i < name.len;) {
        size_t n = char_length((gim_str){name.ptr + i, name.len - i});

        if (n == 1 && ((unsigned char)name.ptr[i] & 0x80)) {
            gim_buf_char(b, '_');
        } else if (n == 1 && is_attr(name.ptr[i])) {
            gim_buf_char(b, name.ptr[i]);
        } else if (!is_control(name.ptr[i])) {
            for (size_t k = i; k < i + n; k++) {
                char escape[3] = {'%', hex[(unsigned char)name.ptr[k] >> 4], hex[name.ptr[k] & 15]};

                gim_buf_add(b, escape, sizeof escape);
            }
        }
        i += n;
    }
}

void gim_disposition_write(struct gim_buf *b, gim_str name)
{
    bool plain = true;

    name = last_part(name);
    gim_buf_lit(b, "attachment");
    if (says_nothing(name))
        return;
    gim_buf_lit(b, "; filename=\"");
    write_quoted(b, name);
    gim_buf_lit(b, "\"");
    for (size_t i = 0; i < name.len; i++)
        plain = plain && (is_plain(name.ptr[i]) || is_control(name.ptr[i]));
    if (plain)
        return;
    gim_buf_lit(b, "; filename*=UTF-8''");
    write_extended(b, name);
}
