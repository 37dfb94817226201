/* reload.h: SIGHUP: what was read from files at the start is read again, without a restart.
 *
 * Each part that has such files puts itself into the application's list when it starts: certificates,
 * tokens. The application's own part is .reload of its spec and comes last. */
#ifndef REST_RELOAD_H
#define REST_RELOAD_H

#include "app.h"

/* Whoever reloads embeds it; it stays for as long as the application does. */
struct gim_reload {
    struct gim_reload *next;
    const char *what; /* "certificates": for the log */
    /** On worker 0's thread, while all workers serve: reads, checks, and only then puts the new in the
     *  old one's place, for all threads. 0; or -1 with a sentence in `err`, and the old stays. It may
     *  read small files; requests of worker 0 wait meanwhile. */
    int (*run)(struct gim_app *app, struct gim_reload *self, char *err, size_t err_len);
};

/** From now on SIGHUP reloads it, in the order of these calls. Before the workers run. */
void gim_app_on_reload(struct gim_app *app, struct gim_reload *r);

/** Runs all parts, also when one fails, and logs what came of each. 0, or the number of those that
 *  failed. */
unsigned gim_app_reload(struct gim_app *app);

/** The program begins to serve: from now on SIGHUP ends nothing. Before there are threads. */
void gim_hangup_begin(struct gim_app *app);
/** SIGHUP came: a struct gim_app as the server's user. True: the terminal that the program was started
 *  at is gone, so it stops; else it has reloaded. */
bool gim_hangup_came(void *app);

#endif
