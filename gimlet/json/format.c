/* format.c: e-mail addresses, URIs, UUIDs and date-times, by their grammars.
 *
 * One row a format: its name, its test, its words. Each test is one walk over the bytes with a
 * class table, so a hostile string costs what its length costs. What is left out is left out on
 * purpose: quoted local parts and comments of e-mail, relative references of URIs. */
#include "format.h"

enum class {
    ALPHA = 1,
    DIGIT = 2,
    ATEXT = 4,    /* RFC 5322 atext besides letters and digits */
    SCHEME = 8,   /* + - . */
    PCHAR = 16,   /* RFC 3986 unreserved, sub-delims, ':' and '@' besides letters and digits */
    HEX = 32,     /* a-f, A-F */
    PATHISH = 64, /* '/' and '?' */
};

static unsigned class_of(char c)
{
    if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'))
        return ALPHA | ((c | 0x20) <= 'f' ? HEX : 0);
    if (c >= '0' && c <= '9')
        return DIGIT;
    if (c <= ' ' || c > '~')
        return 0;
    return (strchr("!#$%&'*+-/=?^_`{|}~", c) ? ATEXT : 0) | (strchr("+-.", c) ? SCHEME : 0) |
           (strchr("-._~!$&'()*+,;=:@", c) ? PCHAR : 0) | (strchr("/?", c) ? PATHISH : 0);
}

static bool is(char c, unsigned classes)
{
    return class_of(c) & classes;
}

static bool all_are(gim_str s, unsigned classes)
{
    for (size_t i = 0; i < s.len; i++) {
        if (!is(s.ptr[i], classes))
            return false;
    }
    return true;
}

/* Letters, digits and hyphens, no hyphen at an end (RFC 1034, 1123). */
static bool is_label(gim_str s)
{
    if (s.len == 0 || s.len > 63 || s.ptr[0] == '-' || s.ptr[s.len - 1] == '-')
        return false;
    for (size_t i = 0; i < s.len; i++) {
        if (!is(s.ptr[i], ALPHA | DIGIT) && s.ptr[i] != '-')
            return false;
    }
    return true;
}

/* Non-empty parts between dots, each of which `holds`. */
static bool all_parts(gim_str s, bool (*holds)(gim_str part))
{
    do {
        if (!holds(gim_str_cut(&s, '.')))
            return false;
    } while (s.ptr);
    return true;
}

static bool is_atom(gim_str s)
{
    return s.len > 0 && all_are(s, ALPHA | DIGIT | ATEXT);
}

static bool is_email(gim_str s)
{
    gim_str local = gim_str_cut(&s, '@');

    return local.len > 0 && local.len <= 64 && all_parts(local, is_atom) && s.len > 0 &&
           s.len <= 253 && all_parts(s, is_label);
}

/* Characters of `classes` and percent-encoded bytes. */
static bool is_encoded(gim_str s, unsigned classes)
{
    for (size_t i = 0; i < s.len; i++) {
        if (s.ptr[i] == '%') {
            if (s.len - i < 3 || !is(s.ptr[i + 1], HEX | DIGIT) || !is(s.ptr[i + 2], HEX | DIGIT))
                return false;
            i += 2;
        } else if (!is(s.ptr[i], classes)) {
            return false;
        }
    }
    return true;
}

/* "[::1]" without its brackets: IPv6 or a future form, by its characters. */
static bool is_ip_literal(gim_str s)
{
    if (s.len && (s.ptr[0] | 0x20) == 'v')
        return s.len > 3 && all_are(s, ALPHA | DIGIT | PCHAR);
    for (size_t i = 0; i < s.len; i++) {
        if (!is(s.ptr[i], HEX | DIGIT) && s.ptr[i] != ':' && s.ptr[i] != '.')
            return false;
    }
    return s.len >= 2;
}

/* [userinfo@]host[:port] */
static bool is_authority(gim_str s)
{
    size_t at = gim_str_find(s, '@'), close;
    gim_str host;

    if (at < s.len) {
        if (!is_encoded((gim_str){s.ptr, at}, ALPHA | DIGIT | PCHAR))
            return false;
        s = (gim_str){s.ptr + at + 1, s.len - at - 1};
    }
    if (s.len && s.ptr[0] == '[') {
        close = gim_str_find(s, ']');
        if (close == s.len || !is_ip_literal((gim_str){s.ptr + 1, close - 1}))
            return false;
        s = (gim_str){s.ptr + close + 1, s.len - close - 1};
        return s.len == 0 || (s.ptr[0] == ':' && all_are((gim_str){s.ptr + 1, s.len - 1}, DIGIT));
    }
    host = gim_str_cut(&s, ':');
    return is_encoded(host, ALPHA | DIGIT | PCHAR) && all_are(s, DIGIT) &&
           gim_str_find(host, '@') == host.len;
}

static bool is_uri(gim_str s)
{
    gim_str scheme = gim_str_cut(&s, ':'), rest;
    size_t slash;

    if (scheme.len == 0 || !is(scheme.ptr[0], ALPHA) || !all_are(scheme, ALPHA | DIGIT | SCHEME) ||
        s.len == 0)
        return false;
    rest = gim_str_cut(&s, '#');
    if (!is_encoded(s, ALPHA | DIGIT | PCHAR | PATHISH))
        return false;
    if (gim_str_starts(rest, GIM_S("//"))) {
        rest = (gim_str){rest.ptr + 2, rest.len - 2};
        for (slash = 0; slash < rest.len && !is(rest.ptr[slash], PATHISH); slash++)
            ;
        if (!is_authority((gim_str){rest.ptr, slash}))
            return false;
        rest = (gim_str){rest.ptr + slash, rest.len - slash};
    }
    return is_encoded(rest, ALPHA | DIGIT | PCHAR | PATHISH);
}

static bool is_uuid(gim_str s)
{
    if (s.len != 36)
        return false;
    for (size_t i = 0; i < s.len; i++) {
        bool dash = i == 8 || i == 13 || i == 18 || i == 23;

        if (dash ? s.ptr[i] != '-' : !is(s.ptr[i], HEX | DIGIT))
            return false;
    }
    return true;
}

static bool is_date_time(gim_str s)
{
    gim_time t;

    return gim_time_read(s, &t) == 0;
}

static const struct {
    const char *name, *text;
    bool (*holds)(gim_str s);
} formats[] = {
    [GIM_FORMAT_EMAIL] = {"email", "an e-mail address such as ada@example.org", is_email},
    [GIM_FORMAT_URI] = {"uri", "an absolute URI such as https://example.org/", is_uri},
    [GIM_FORMAT_UUID] = {"uuid", "a UUID such as 123e4567-e89b-12d3-a456-426614174000", is_uuid},
    [GIM_FORMAT_DATE_TIME] = {"date-time", "an RFC 3339 date-time such as 2026-11-24T13:56:17Z",
                              is_date_time},
};

#define N_FORMATS (sizeof formats / sizeof formats[0])

bool gim_format_holds(unsigned format, gim_str s)
{
    return format >= N_FORMATS || !formats[format].holds || formats[format].holds(s);
}

const char *gim_format_text(unsigned format)
{
    return format < N_FORMATS ? formats[format].text : NULL;
}

const char *gim_format_name(unsigned format)
{
    return format < N_FORMATS ? formats[format].name : NULL;
}
