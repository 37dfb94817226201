/* scan.c: RFC 8259 to the letter, one pass, no allocation but for names with escapes.
 *
 * Whole values are read with an explicit stack: one bit a level says array or object, and the depth
 * is bounded, so 100,000 brackets cost an error, not a stack. The fast way of strings is inline in
 * scan.h; here are the ways that look at single bytes: escapes, UTF-8, and the last bytes of a
 * text, where a word would reach past its end.
 *
 * The place of an error is exact: the byte that cannot stand there, or the first byte of the thing
 * that is wrong as a whole (a character, an escape, a name). */
#include "scan.h"
#include "utf8.h"

const char gim_reason_deep[] = "nested deeper than 64 levels";
const char gim_reason_duplicate[] = "the name stands twice in its object";
const char gim_reason_element[] = "expected ',' or ']'";
const char gim_reason_member[] = "expected ',' or '}'";
const char gim_reason_name[] = "expected a name in double quotes";
const char gim_reason_value[] = "expected a value";

static const char reason_end[] = "the text ends too early";
static const char reason_escape[] = "unknown escape in a string";
static const char reason_digit[] = "expected a digit";

/* Which digit a hexadecimal character is, or -1. */
static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c = (char)(c | 0x20);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Four hexadecimal digits, or -1. */
static int hex4(const char *p)
{
    int v = 0;

    for (int i = 0; i < 4; i++) {
        int digit = hex_digit(p[i]);

        if (digit < 0)
            return -1;
        v = v << 4 | digit;
    }
    return v;
}

static bool is_high(int unit)
{
    return (unit & 0xFC00) == 0xD800;
}

static bool is_low(int unit)
{
    return (unit & 0xFC00) == 0xDC00;
}

bool gim_scan_fail(struct gim_scan *s, const char *at, const char *reason)
{
    s->at = at;
    s->reason = reason;
    return false;
}

/* As gim_scan_fail, but a text that stops here is told so. */
static bool fail_or_end(struct gim_scan *s, const char *at, const char *reason)
{
    return gim_scan_fail(s, at, at < s->end ? reason : reason_end);
}

bool gim_scan_expected(struct gim_scan *s, const char *reason)
{
    return fail_or_end(s, s->at, reason);
}

void gim_scan_error(const struct gim_scan *s, struct gim_json_error *err)
{
    const char *line = s->start;

    err->reason = s->reason;
    err->offset = (size_t)(s->at - s->start);
    err->line = 1;
    for (const char *p = s->start; p < s->at; p++) {
        if (*p == '\n') {
            err->line++;
            line = p + 1;
        }
    }
    err->column = 1 + (uint32_t)gim_utf8_count((gim_str){line, (size_t)(s->at - line)});
}

void gim_scan_space_slow(struct gim_scan *s)
{
    const char *p = s->at;

    while (p < s->end && (*p == ' ' || *p == '\n' || *p == '\r' || *p == '\t'))
        p++;
    s->at = p;
}

/* At a backslash; returns the place after the escape, or NULL after an error. */
static const char *scan_escape(struct gim_scan *s, const char *p)
{
    int unit;

    if (s->end - p < 2)
        return gim_scan_fail(s, s->end, reason_end), NULL;
    if (p[1] && strchr("\"\\/bfnrt", p[1]))
        return p + 2;
    if (p[1] != 'u')
        return gim_scan_fail(s, p, reason_escape), NULL;
    for (int i = 2; i < 6; i++) {
        if (p + i >= s->end || hex_digit(p[i]) < 0)
            return fail_or_end(s, p + i, "expected four hexadecimal digits after \\u"), NULL;
    }
    unit = hex4(p + 2);
    if (is_high(unit)) {
        if (s->end - p >= 12 && p[6] == '\\' && p[7] == 'u' && is_low(hex4(p + 8)))
            return p + 12;
        return gim_scan_fail(s, p, "half of a surrogate pair"), NULL;
    }
    if (is_low(unit))
        return gim_scan_fail(s, p, "half of a surrogate pair"), NULL;
    return p + 6;
}

bool gim_scan_string_slow(struct gim_scan *s, const char *from, struct gim_text *out)
{
    const char *first = s->at + 1, *p = from, *end = s->end;

    *out = (struct gim_text){.ascii = true};
    while (p < end && *p != '"') {
        unsigned n;

        if (*p == '\\') {
            p = scan_escape(s, p);
            if (!p)
                return false;
            out->escaped = true;
            out->ascii = false;
            continue;
        }
        if ((unsigned char)*p < 0x20)
            return gim_scan_fail(s, p, "a control character in a string must be escaped");
        n = gim_utf8_size(p, end);
        if (!n)
            return gim_scan_fail(s, p, "not UTF-8");
        out->ascii &= n == 1;
        p += n;
        while (end - p >= 8 && !gim_swar_special_or_high(gim_swar_load(p)))
            p += 8;
    }
    if (p == end)
        return gim_scan_fail(s, p, "the text ends inside a string");
    out->raw = (gim_str){first, (size_t)(p - first)};
    s->at = p + 1;
    return true;
}

size_t gim_text_step(const char **p, char out[4])
{
    static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
    const char *at = *p;
    uint32_t c;

    if (*at != '\\') {
        *out = *at;
        *p = at + 1;
        return 1;
    }
    if (at[1] != 'u') {
        *out = to[strchr(from, at[1]) - from];
        *p = at + 2;
        return 1;
    }
    c = (uint32_t)hex4(at + 2);
    *p = at + 6;
    if (is_high((int)c)) {
        c = 0x10000 + ((c & 0x3FF) << 10) + ((uint32_t)hex4(at + 8) & 0x3FF);
        *p = at + 12;
    }
    return (size_t)(gim_utf8_put(out, c) - out);
}

/* An escape is longer than what it stands for, so the raw length is room enough. */
gim_str gim_text_decode_slow(const struct gim_text *t, struct gim_arena *a)
{
    char *out = gim_alloc_raw(a, t->raw.len, 1), *to = out;
    const char *p = t->raw.ptr, *end = p + t->raw.len;

    while (p < end) {
        const char *slash = memchr(p, '\\', (size_t)(end - p));
        size_t run = (size_t)((slash ? slash : end) - p);

        memcpy(to, p, run);
        to += run;
        p += run;
        if (slash)
            to += gim_text_step(&p, to);
    }
    return (gim_str){out, (size_t)(to - out)};
}

static const char *skip_digits(const char *p, const char *end)
{
    while (p < end && *p >= '0' && *p <= '9')
        p++;
    return p;
}

/* One digit or more at `p`; NULL after an error. */
static const char *scan_digits(struct gim_scan *s, const char *p)
{
    const char *after = skip_digits(p, s->end);

    if (after == p)
        return fail_or_end(s, p, reason_digit), NULL;
    return after;
}

static const char *scan_fraction_and_exponent(struct gim_scan *s, const char *p)
{
    if (p < s->end && *p == '.') {
        p = scan_digits(s, p + 1);
        if (!p)
            return NULL;
    }
    if (p < s->end && (*p | 0x20) == 'e') {
        p++;
        if (p < s->end && (*p == '+' || *p == '-'))
            p++;
        p = scan_digits(s, p);
    }
    return p;
}

bool gim_scan_number(struct gim_scan *s, struct gim_number *out)
{
    const char *start = s->at, *p = start, *first;

    out->negative = *p == '-';
    first = p += out->negative;
    for (out->digits = 0; p < s->end && *p >= '0' && *p <= '9'; p++)
        out->digits = out->digits * 10 + (uint64_t)(*p - '0');
    if (p == first)
        return fail_or_end(s, p, reason_digit);
    if (*first == '0' && p > first + 1)
        return gim_scan_fail(s, first, "a number must not start with a zero");
    out->n = p - first > 99 ? 99 : (uint32_t)(p - first);
    out->integral = p == s->end || (*p != '.' && (*p | 0x20) != 'e');
    if (!out->integral) {
        p = scan_fraction_and_exponent(s, p);
        if (!p)
            return false;
    }
    out->text = (gim_str){start, (size_t)(p - start)};
    s->at = p;
    return true;
}

bool gim_scan_literal(struct gim_scan *s, const char *word, size_t len)
{
    const char *start = s->at;

    for (size_t i = 0; i < len; i++) {
        if (start + i == s->end)
            return gim_scan_fail(s, s->end, reason_end);
        if (start[i] != word[i])
            return gim_scan_fail(s, start, gim_reason_value);
    }
    s->at = start + len;
    return true;
}

bool gim_scan_colon(struct gim_scan *s)
{
    gim_scan_space(s);
    if (s->at == s->end || *s->at != ':')
        return gim_scan_expected(s, "expected ':'");
    s->at++;
    gim_scan_space(s);
    return true;
}

static bool scan_scalar(struct gim_scan *s)
{
    struct gim_text text;
    struct gim_number number;

    switch (gim_scan_peek(s)) {
    case '"':
        return gim_scan_string(s, &text);
    case 't':
        return gim_scan_literal(s, "true", 4);
    case 'f':
        return gim_scan_literal(s, "false", 5);
    case 'n':
        return gim_scan_literal(s, "null", 4);
    default:
        if (!gim_scan_at_number(s))
            return gim_scan_expected(s, gim_reason_value);
        return gim_scan_number(s, &number);
    }
}

/* A member's name and its colon. */
static bool scan_name(struct gim_scan *s, struct gim_names *names, uint32_t mark)
{
    const char *start = s->at;
    struct gim_text text;

    if (gim_scan_peek(s) != '"')
        return gim_scan_expected(s, gim_reason_name);
    if (!gim_scan_string(s, &text))
        return false;
    if (!gim_names_add(names, mark, gim_text_decode(&text, names->arena)))
        return gim_scan_fail(s, start, gim_reason_duplicate);
    return gim_scan_colon(s);
}

/* The arrays and objects that are open inside one gim_scan_value. */
struct nest {
    uint64_t objects; /* bit 0: the innermost is an object */
    uint32_t marks[GIM_JSON_MAX_DEPTH];
    unsigned n;
};

static bool nest_open(struct gim_scan *s, struct nest *nest, struct gim_names *names,
                      unsigned depth)
{
    if (depth + nest->n >= GIM_JSON_MAX_DEPTH)
        return gim_scan_fail(s, s->at, gim_reason_deep);
    nest->objects = nest->objects << 1 | (*s->at == '{');
    nest->marks[nest->n++] = names->n;
    s->at++;
    return true;
}

/* After a value: closes what ends here. True: at a ',' stepped over, or nothing is open any more.
 */
static bool nest_close(struct gim_scan *s, struct nest *nest, struct gim_names *names)
{
    while (nest->n) {
        bool object = nest->objects & 1;

        gim_scan_space(s);
        if (gim_scan_peek(s) == ',') {
            s->at++;
            return true;
        }
        if (gim_scan_peek(s) != (object ? '}' : ']'))
            return gim_scan_expected(s, object ? gim_reason_member : gim_reason_element);
        s->at++;
        nest->n--;
        nest->objects >>= 1;
        gim_names_drop(names, nest->marks[nest->n]);
    }
    return true;
}

bool gim_scan_value(struct gim_scan *s, struct gim_names *names, unsigned depth)
{
    struct nest nest;

    nest.n = 0;
    nest.objects = 0;
    do {
        char c;

        gim_scan_space(s);
        if (nest.n && (nest.objects & 1) && !scan_name(s, names, nest.marks[nest.n - 1]))
            return false;
        c = gim_scan_peek(s);
        if (c == '{' || c == '[') {
            if (!nest_open(s, &nest, names, depth))
                return false;
            gim_scan_space(s);
            if (gim_scan_peek(s) != (c == '{' ? '}' : ']'))
                continue;
        } else if (!scan_scalar(s)) {
            return false;
        }
        if (!nest_close(s, &nest, names))
            return false;
    } while (nest.n);
    return true;
}

bool gim_scan_open(struct gim_scan *s)
{
    if (s->end - s->at >= 3 && memcmp(s->at, "\xEF\xBB\xBF", 3) == 0)
        return gim_scan_fail(s, s->at, "the text starts with a byte order mark");
    gim_scan_space(s);
    if (s->at == s->end)
        return gim_scan_fail(s, s->at, "the body is empty");
    return true;
}

bool gim_scan_close(struct gim_scan *s)
{
    gim_scan_space(s);
    if (s->at != s->end)
        return gim_scan_fail(s, s->at, "text after the end of the value");
    return true;
}
