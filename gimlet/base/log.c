/* log.c: one line, one write, to stderr.
 *
 * A line is built in a fixed buffer and written by one call, so that lines of several threads do
 * not mix. Text that came from outside may be in it: controls and what is no UTF-8 are escaped, so
 * that nobody forges a line or colours a terminal, and a JSON line is JSON. The level is the one
 * global that design allows. */
#include <gimlet/log.h>
#include <gimlet/time.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>

#define LOG_LINE 1024
#define WHAT_MAX 128

static _Atomic int least = -1;
static _Atomic bool as_json;

static const char *const level_names[] = {"error", "warn", "info", "debug"};

/* Code points that are not shown though they are text: C1 controls (U+009B begins an escape sequence of
 * a terminal), line ends of Unicode, and marks that turn the direction of writing, by which a line can
 * look like another. */
static bool is_harmful(uint32_t code)
{
    return code < 0xa0 || (code >= 0x200e && code <= 0x200f) ||
           (code >= 0x2028 && code <= 0x202e) || (code >= 0x2066 && code <= 0x2069);
}

/* How many bytes of `s` are a character that is shown as it is; 0: a byte that is escaped. */
static size_t shown(const unsigned char *s)
{
    static const uint32_t least_of[] = {0, 0, 0x80, 0x800, 0x10000};
    size_t n = s[0] >= 0xf0 ? 4 : s[0] >= 0xe0 ? 3 : 2;
    uint32_t code = s[0] & (0x7fu >> n);

    if (s[0] < 0x80)
        return s[0] >= 0x20 && s[0] != 0x7f;
    if (s[0] < 0xc2 || s[0] > 0xf4)
        return 0;
    for (size_t i = 1; i < n; i++) {
        if ((s[i] & 0xc0) != 0x80) /* also the end */
            return 0;
        code = code << 6 | (s[i] & 0x3f);
    }
    if (code < least_of[n] || code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff))
        return 0;
    return is_harmful(code) ? 0 : n;
}

/* Copies `text` with what a terminal or a reader of lines would obey (and for JSON quotes and
 * backslashes) escaped; returns the length. */
static size_t put_escaped(char *out, size_t room, const char *text, bool json)
{
    const unsigned char *s = (const unsigned char *)text;
    size_t n = 0;

    while (*s && n + 7 < room) {
        size_t whole = shown(s);

        if (!whole) {
            n += (size_t)snprintf(out + n, room - n, json ? "\\u%04x" : "\\x%02x", *s++);
            continue;
        }
        if (json && (*s == '"' || *s == '\\'))
            out[n++] = '\\';
        memcpy(out + n, s, whole);
        n += whole;
        s += whole;
    }
    return n;
}

void gim_log(enum gim_level level, const char *what, const char *fmt, ...)
{
    char text[LOG_LINE / 2];
    char line[LOG_LINE];
    char when[GIM_TIME_MAX];
    bool json = atomic_load_explicit(&as_json, memory_order_relaxed);
    int when_len;
    size_t n;
    va_list ap;

    if ((int)level > atomic_load_explicit(&least, memory_order_relaxed))
        return;
    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    when_len = (int)gim_time_write(when, (gim_time){gim_now().us / 1000000 * 1000000});
    n = (size_t)snprintf(line, sizeof line,
                         json ? "{\"time\":\"%.*s\",\"level\":\"%s\",\"part\":\"" : "%.*s %s ",
                         when_len, when, level_names[level]);
    n += put_escaped(line + n, WHAT_MAX, what, json);
    n += (size_t)snprintf(line + n, sizeof line - n, json ? "\",\"message\":\"" : ": ");
    n += put_escaped(line + n, sizeof line - n - 4, text, json);
    n += (size_t)snprintf(line + n, sizeof line - n, json ? "\"}\n" : "\n");
    fwrite(line, 1, n, stderr);
}

void gim_log_level(int level)
{
    atomic_store_explicit(&least, level, memory_order_relaxed);
}

void gim_log_json(bool on)
{
    atomic_store_explicit(&as_json, on, memory_order_relaxed);
}
