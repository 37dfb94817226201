/* fuzz_options.c: a config file and flags, whatever stands in them.
 *
 * The input is the file; behind a NUL byte stand the flags, a line each. What is read obeys its rows, and
 * what --print-config says of it, read as a file, gives the same values. What is wrong is told in one line
 * in which no byte of the input can steer a terminal. */
#include "../../gimlet/base/options.h"
#include "must.h"
#include <sys/mman.h>
#include <unistd.h>

#define FLAGS 6

struct settings {
    int64_t port, max_body, idle;
    const char *host;
    int log;
    bool strict;
};

static const char *const log_names[] = {"off", "errors", "all", NULL};
static const struct gim_option rows[] = {
    {"host", GIM_OPTION_STR, GIM_OPTION_AT(struct settings, host), "127.0.0.1", .help = "a"},
    {"port", GIM_OPTION_INT, GIM_OPTION_AT(struct settings, port), "8080", 0, 65535, .help = "b"},
    {"max_body", GIM_OPTION_SIZE, GIM_OPTION_AT(struct settings, max_body), "1M", 0,
     (int64_t)1 << 40, .help = "c"},
    {"idle_timeout", GIM_OPTION_DURATION, GIM_OPTION_AT(struct settings, idle), "60s", 0, 86400000,
     .help = "d"},
    {"access_log", GIM_OPTION_ENUM, GIM_OPTION_AT(struct settings, log), "errors",
     .names = log_names, .help = "e"},
    {"strict", GIM_OPTION_BOOL, GIM_OPTION_AT(struct settings, strict), "false", .help = "f"},
    {0},
};

static char config[64]; /* the path of a file in memory */

static void put_file(const char *text, size_t len)
{
    static int fd = -1;

    if (fd < 0) {
        fd = memfd_create("config", MFD_CLOEXEC);
        must(fd >= 0);
        snprintf(config, sizeof config, "/proc/self/fd/%d", fd);
    }
    must(ftruncate(fd, 0) == 0 && pwrite(fd, text, len, 0) == (ssize_t)len);
}

static enum gim_options_result read_all(struct settings *into, char **flags, int n,
                                        struct gim_buf *out)
{
    static const char *const switches[] = {"routes", NULL};
    const struct gim_option_table table = {rows, into};
    const struct gim_options options = {"fuzz", &table, 1};
    char *argv[FLAGS + 5] = {(char *)(uintptr_t) "fuzz", (char *)(uintptr_t) "--config", config};
    uint32_t switched = 0;

    memcpy(argv + 3, flags, (size_t)n * sizeof *flags);
    *into = (struct settings){0};
    out->len = 0;
    return gim_options_read(&options, n + 3, argv, "About.", "1", switches, &switched, out);
}

static void one_safe_line(gim_str out)
{
    must(out.len > 1 && out.len < 600 && out.ptr[out.len - 1] == '\n');
    for (size_t i = 0; i + 1 < out.len; i++)
        must((unsigned char)out.ptr[i] >= 0x20 && out.ptr[i] != 0x7f);
}

/* An INI file has no way to write every text. */
static bool is_writable(const char *s)
{
    return !s || (!strpbrk(s, ";#\"'=:[] \t\r\n") && strlen(s) < 100 &&
                  strspn(s, "abcdefghijklmnopqrstuvwxyz0123456789.-_/") == strlen(s));
}

static void in_range(const struct settings *s)
{
    must(s->port >= 0 && s->port <= 65535 && s->log >= 0 && s->log <= 2);
    must(s->max_body >= 0 && s->max_body <= (int64_t)1 << 40);
    must(s->idle >= 0 && s->idle <= 86400000);
}

static void printed_and_read(const struct settings *s, char **flags, int n, struct gim_buf *out)
{
    char *print[FLAGS + 1];
    struct settings again;

    memcpy(print, flags, (size_t)n * sizeof *flags);
    print[n] = (char *)(uintptr_t) "--print-config";
    must(read_all(&again, print, n + 1, out) == GIM_OPTIONS_EXIT_OK);
    if (!is_writable(s->host))
        return;
    put_file(out->ptr, out->len);
    must(read_all(&again, flags, 0, out) == GIM_OPTIONS_GO);
    must(again.port == s->port && again.max_body == s->max_body && again.idle == s->idle);
    must(again.log == s->log && again.strict == s->strict);
    must(strcmp(again.host ? again.host : "", s->host ? s->host : "") == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const uint8_t *nul = size ? memchr(data, 0, size) : NULL;
    size_t file = nul ? (size_t)(nul - data) : size;
    char *text = strndup((const char *)data + file + !!nul, size - file - !!nul);
    char *flags[FLAGS + 1], *save = NULL, *word;
    struct gim_buf out = {0};
    struct settings s;
    int n = 0;

    must(text != NULL);
    put_file((const char *)data, file);
    for (word = strtok_r(text, "\n", &save); word && n < FLAGS; word = strtok_r(NULL, "\n", &save))
        flags[n++] = word;
    switch (read_all(&s, flags, n, &out)) {
    case GIM_OPTIONS_GO:
        in_range(&s);
        printed_and_read(&s, flags, n, &out);
        break;
    case GIM_OPTIONS_WRONG:
        one_safe_line(gim_buf_view(&out));
        break;
    default: /* --help and its like */
        must(out.len);
    }
    gim_buf_free(&out);
    free(text);
    return 0;
}
