/* media.c: media types and parameters, as Content-Type and Content-Disposition have them.
 *
 * One grammar for both: "; name=token" or "; name="quoted"", whitespace around the ';' allowed and
 * nowhere else. What is not of that grammar is told, never guessed at, because whoever stands in
 * front of us may guess otherwise. */
#include "media.h"
#include "chars.h"

static gim_str skip_blanks(gim_str s)
{
    while (s.len && (*s.ptr == ' ' || *s.ptr == '\t')) {
        s.ptr++;
        s.len--;
    }
    return s;
}

gim_str gim_media_cut(gim_str *value)
{
    size_t n = gim_str_find(*value, ';');
    gim_str type = {value->ptr, n};

    if (n)
        *value = (gim_str){value->ptr + n, value->len - n};
    return gim_str_trim(type);
}

static bool covers(gim_str range, gim_str type)
{
    if (gim_str_eq(range, GIM_S("*/*")))
        return true;
    if (range.len > 2 && range.ptr[range.len - 1] == '*' && range.ptr[range.len - 2] == '/') {
        range.len--;
        return type.len > range.len && gim_str_eq_fold(range, (gim_str){type.ptr, range.len});
    }
    return gim_str_eq_fold(range, type);
}

bool gim_media_in(gim_str list, gim_str type)
{
    while (list.ptr) {
        if (covers(gim_str_trim(gim_str_cut(&list, ',')), type))
            return true;
    }
    return false;
}

/* Is the byte at `at` a backslash that escapes the one behind it? */
static bool is_escape(gim_str s, size_t at)
{
    return s.ptr[at] == '\\' && at + 1 < s.len && (s.ptr[at + 1] == '"' || s.ptr[at + 1] == '\\');
}

/* The bytes of the token at the start of `s`. */
static size_t token_len(gim_str s)
{
    size_t n = 0;

    while (n < s.len && gim_char_is(s.ptr[n], GIM_CHAR_TOKEN))
        n++;
    return n;
}

/* Behind the opening quote. False: the closing one is missing, or a control stands in between. */
static bool take_quoted(gim_str *rest, struct gim_parameter *p)
{
    size_t n = 0;

    for (; n < rest->len && rest->ptr[n] != '"'; n++) {
        if (gim_char_is(rest->ptr[n], GIM_CHAR_CTL))
            return false;
        if (is_escape(*rest, n)) {
            p->escaped = true;
            n++;
        }
    }
    if (n == rest->len)
        return false;
    p->value = (gim_str){rest->ptr, n};
    *rest = (gim_str){rest->ptr + n + 1, rest->len - n - 1};
    return true;
}

static bool take_value(gim_str *rest, struct gim_parameter *p)
{
    size_t n;

    if (rest->len && *rest->ptr == '"') {
        *rest = (gim_str){rest->ptr + 1, rest->len - 1};
        return take_quoted(rest, p);
    }
    n = token_len(*rest);
    p->value = (gim_str){rest->ptr, n};
    *rest = (gim_str){rest->ptr + n, rest->len - n};
    return n > 0;
}

int gim_parameter_next(gim_str *rest, struct gim_parameter *p)
{
    gim_str s = skip_blanks(*rest);
    bool apart = false;
    size_t n;

    *p = (struct gim_parameter){0};
    while (s.len && *s.ptr == ';') { /* an empty parameter is none */
        s = skip_blanks((gim_str){s.ptr + 1, s.len - 1});
        apart = true;
    }
    if (!s.len)
        return 0;
    n = token_len(s);
    if (!apart || !n || n == s.len || s.ptr[n] != '=')
        return -1;
    p->name = (gim_str){s.ptr, n};
    *rest = (gim_str){s.ptr + n + 1, s.len - n - 1};
    if (!take_value(rest, p))
        return -1;
    s = skip_blanks(*rest);
    return !s.len || *s.ptr == ';' ? 1 : -1;
}

size_t gim_unquote(char *to, gim_str value)
{
    size_t n = 0;

    for (size_t i = 0; i < value.len; i++) {
        if (is_escape(value, i))
            i++;
        to[n++] = value.ptr[i];
    }
    return n;
}
