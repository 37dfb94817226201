/* conn_private.h: what the files of a connection share: conn.c (requests), conn_stream.c (streamed
 * replies, upgrades), conn_deadline.c. */
#ifndef WIRE_CONN_PRIVATE_H
#define WIRE_CONN_PRIVATE_H

#include "conn.h"

enum gim_pumped {
    GIM_PUMP_WAITS, /* for the client, for the source, or for the next turn */
    GIM_PUMP_ENDED, /* the reply is whole: the connection goes on */
    GIM_PUMP_DEAD,  /* the connection is closed and freed */
};

/* conn.c */

/** Sends what the wire's output holds. */
void gim_conn_flush(struct gim_conn *c);
/** The one way out of every entry: sends what the wire's output holds, which must be this
 *  connection's, goes on with a stream, decides. May free `c`. */
void gim_conn_settle(struct gim_conn *c);
/** Does the connection go on? Sends nothing, so it may be asked in the middle of another one's turn.
 *  May free `c`. */
void gim_conn_decide(struct gim_conn *c);
/** The same, after serving what is carried. May free `c`. */
void gim_conn_go_on(struct gim_conn *c);
/** The wire's own answer; the connection ends after it. */
void gim_conn_answer_refused(struct gim_conn *c, enum gim_refused why, int status,
                             const char *detail);
/** The handler's deadline has passed. */
void gim_conn_answer_late(struct gim_conn *c);

/* conn_share.c */

/** Has more requests here: shall they wait for the next turn? Then c->shared. */
void gim_conn_share(struct gim_conn *c);
/** It goes on, or away. */
void gim_conn_unshare(struct gim_conn *c);

/* conn_deadline.c */

/** Sets the deadline of what `c` does now; c->held is what is pending. */
void gim_conn_set_deadline(struct gim_conn *c);
void gim_conn_on_deadline(struct gim_timer *t);

/* conn_stream.c */

/** Writes the head of a reply that is streamed or an upgrade. False: its head is all of it (HEAD). */
bool gim_conn_begin_stream(struct gim_conn *c, bool close);
/** Pulls and sends as long as the client takes it. */
enum gim_pumped gim_conn_pump(struct gim_conn *c);
/** What the stream says after an upgrade. May free `c`. */
void gim_conn_upgraded_data(struct gim_conn *c, gim_str in);
/** The same of what came right behind the request. */
void gim_conn_upgraded_carry(struct gim_conn *c);
void gim_conn_upgraded_drained(struct gim_conn *c);
void gim_conn_upgraded_end(struct gim_conn *c);

#endif
