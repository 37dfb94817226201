/* settings.h: the framework's own settings and their option rows. */
#ifndef REST_SETTINGS_H
#define REST_SETTINGS_H

#include "../wire/wire.h"
#include <gimlet/option.h>

struct gim_tls_settings {
    const char *cert, *key; /* files; "off": none */
    int min;                /* 0: 1.2, 1: 1.3 */
};

struct gim_settings {
    const char *host;
    int64_t port, workers, backlog;
    int64_t drain_delay, stop_timeout;
    int64_t watchdog; /* ms; 0: none */
    int64_t blocking_threads, blocking_queue;
    int64_t max_connections, max_in_flight; /* of the process; divided among the wires */
    int access_log;                         /* enum gim_access_mode */
    int log_format;                         /* 0 text, 1 json */
    int log_level;                          /* enum gim_level */
    bool strict_content_type;
    int64_t max_connections_per_address; /* of the process */
    int64_t max_queue_age;
    const char *trusted_proxies; /* a list of networks */
    const char *metrics_listen;  /* a row of the metrics' own */
    int sandbox;      /* enum gim_sandbox_mode; these two are rows of the sandbox's own */
    const char *user; /* NULL or "": as it was started */
    struct gim_tls_settings tls; /* rows of TLS's own */
    struct gim_limits limits;
};

extern const struct gim_option gim_settings_rows[];

#endif
