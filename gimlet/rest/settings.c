/* settings.c: every limit and deadline of the framework is a row here: default, bounds, help. */
#include "settings.h"

#define AT(member) GIM_OPTION_AT(struct gim_settings, member)
#define LIMIT(member) GIM_OPTION_AT(struct gim_settings, limits.member)

#define MINUTE_MS 60000
#define HOUR_MS (60 * MINUTE_MS)

static const char *const access_modes[] = {"off", "errors", "all", NULL};
static const char *const log_formats[] = {"text", "json", NULL};
static const char *const log_levels[] = {"error", "warn", "info", "debug", NULL};

const struct gim_option gim_settings_rows[] = {
    {"host", GIM_OPTION_STR, AT(host), "127.0.0.1", .group = "Listen",
     .help = "address, localhost, *, unix:/path; fd: handed over"},
    {"port", GIM_OPTION_INT, AT(port), "8080", 0, 65535, .help = "TCP port; 0 takes a free one",
     .group = "Listen"},
    {"workers", GIM_OPTION_INT, AT(workers), "0", 0, 256, .group = "Listen",
     .help = "event loops; 0: one per CPU we may use"},
    {"trusted_proxies", GIM_OPTION_STR, AT(trusted_proxies), "none", .group = "Listen",
     .rare = true, .help = "whose X-Forwarded-For counts: 10.0.0.0/8, ::1, unix"},
    {"backlog", GIM_OPTION_INT, AT(backlog), "4096", 1, 65535, .group = "Listen", .rare = true,
     .help = "connections waiting to be accepted"},

    {"access_log", GIM_OPTION_ENUM, AT(access_log), "errors", .names = access_modes, .group = "Log",
     .help = "a line per request on stdout: off, errors, all"},
    {"log_format", GIM_OPTION_ENUM, AT(log_format), "text", .names = log_formats, .group = "Log",
     .help = "text or json lines"},
    {"log_level", GIM_OPTION_ENUM, AT(log_level), "info", .names = log_levels, .group = "Log",
     .rare = true, .help = "error, warn, info, debug (on stderr)"},

    {"max_body", GIM_OPTION_SIZE, LIMIT(max_body), "1M", 0, (int64_t)1 << 40, .group = "Limits",
     .help = "larger request bodies get 413"},
    {"max_head", GIM_OPTION_SIZE, LIMIT(max_head), "16K", 512, 65535, .group = "Limits",
     .rare = true, .help = "larger request heads get 431"},
    {"max_target", GIM_OPTION_SIZE, LIMIT(max_target), "8K", 64, 65535, .group = "Limits",
     .rare = true, .help = "longer request targets get 414"},
    {"max_buffered", GIM_OPTION_SIZE, LIMIT(max_buffered), "64M", 0, (int64_t)1 << 40,
     .group = "Limits", .rare = true,
     .help = "unfinished bodies, untaken answers in all; then 503"},
    {"max_connections", GIM_OPTION_INT, AT(max_connections), "16384", 0, 10000000,
     .group = "Limits", .rare = true, .help = "beyond it idle ones go first, then 503"},
    {"max_connections_per_address", GIM_OPTION_INT, AT(max_connections_per_address), "0", 0,
     10000000, .group = "Limits", .rare = true,
     .help = "0: any; 127.0.0.1, ::1, trusted proxies not counted"},
    {"max_in_flight", GIM_OPTION_INT, AT(max_in_flight), "8192", 0, 10000000, .group = "Limits",
     .rare = true, .help = "suspended requests, streams; beyond it 503"},
    {"max_queue_age", GIM_OPTION_DURATION, AT(max_queue_age), "500ms", 0, HOUR_MS,
     .group = "Limits", .rare = true, .help = "503 while all that waits has waited longer"},

    {"header_timeout", GIM_OPTION_DURATION, LIMIT(header_timeout), "10s", 0, HOUR_MS,
     .group = "Deadlines", .rare = true, .help = "for a whole request head; 408"},
    {"body_timeout", GIM_OPTION_DURATION, LIMIT(body_timeout), "30s", 0, HOUR_MS,
     .group = "Deadlines", .rare = true, .help = "for a whole request body; 408"},
    {"body_min_rate", GIM_OPTION_SIZE, LIMIT(body_min_rate), "64K", 0, (int64_t)1 << 30,
     .group = "Deadlines", .rare = true, .help = "bytes a second that stretch body_timeout"},
    {"idle_timeout", GIM_OPTION_DURATION, LIMIT(idle_timeout), "60s", 0, 24 * HOUR_MS,
     .group = "Deadlines", .rare = true, .help = "for the next request of a connection"},
    {"write_timeout", GIM_OPTION_DURATION, LIMIT(write_timeout), "30s", 0, HOUR_MS,
     .group = "Deadlines", .rare = true, .help = "for a client to take its answer"},
    {"handler_timeout", GIM_OPTION_DURATION, LIMIT(handler_timeout), "30s", 0, HOUR_MS,
     .group = "Deadlines", .rare = true, .help = "for a suspended handler; 503"},

    {"drain_delay", GIM_OPTION_DURATION, AT(drain_delay), "0", 0, HOUR_MS, .group = "Stop",
     .rare = true, .help = "readyz says 503 this long before listeners close"},
    {"stop_timeout", GIM_OPTION_DURATION, AT(stop_timeout), "30s", 1, HOUR_MS, .group = "Stop",
     .rare = true, .help = "in-flight requests are cut after it"},
    {"watchdog", GIM_OPTION_DURATION, AT(watchdog), "0", 0, HOUR_MS, .group = "Stop", .rare = true,
     .help = "a worker stuck this long ends the process"},

    {"blocking_threads", GIM_OPTION_INT, AT(blocking_threads), "8", 1, 1024, .group = "Handlers",
     .rare = true, .help = "threads for .blocking routes"},
    {"blocking_queue", GIM_OPTION_INT, AT(blocking_queue), "256", 1, 1000000, .group = "Handlers",
     .rare = true, .help = "requests waiting for them; beyond it 503"},
    {"strict_content_type", GIM_OPTION_BOOL, AT(strict_content_type), "false", .group = "Handlers",
     .rare = true, .help = "415 unless a body says application/json"},
    {0},
};
