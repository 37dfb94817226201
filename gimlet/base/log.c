/* log.c: one line, one write, to stderr.
 *
 * A line is built in a fixed buffer and written by one call, so that lines of several threads do
 * not mix. Text that came from outside may be in it: controls are escaped, so that nobody forges a
 * line or colours a terminal. The level is the one global that design allows. */
#include <gimlet/log.h>
#include <gimlet/time.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>

#define LOG_LINE 1024

static _Atomic int least = -1;
static _Atomic bool as_json;

static const char *const level_names[] = {"error", "warn", "info", "debug"};

/* Copies `text` with controls (and for JSON quotes and backslashes) escaped; returns the length. */
static size_t put_escaped(char *out, size_t room, const char *text, bool json)
{
    size_t n = 0;

    for (; *text && n + 7 < room; text++) {
        unsigned char c = (unsigned char)*text;

        if (c < 0x20 || c == 0x7f)
            n += (size_t)snprintf(out + n, room - n, json ? "\\u%04x" : "\\x%02x", c);
        else if (json && (c == '"' || c == '\\'))
            n += (size_t)snprintf(out + n, room - n, "\\%c", c);
        else
            out[n++] = (char)c;
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
                         json ? "{\"time\":\"%.*s\",\"level\":\"%s\",\"part\":\"%s\",\"message\":\""
                              : "%.*s %s %s: ",
                         when_len, when, level_names[level], what);
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
