/**
 * gimlet/log.h: lines for the operator, on stderr, one write a line.
 *
 * `2026-11-24T13:56:17Z error posts: the store cannot write: disk full`; or JSON lines.
 * From any thread.
 */
#ifndef GIMLET_LOG_H
#define GIMLET_LOG_H

#include <gimlet/str.h>

#ifdef __cplusplus
extern "C" {
#endif

/** How serious a line is. */
enum gim_level {
    GIM_LOG_ERROR,
    GIM_LOG_WARN,
    GIM_LOG_INFO,
    GIM_LOG_DEBUG
};

/** One line. `what` names the part: "posts", "http"; the rest is as for printf, cut at 511 bytes.
 *  In the text control characters, those that turn the direction of writing, and what is no UTF-8 are
 *  escaped: whatever a request brings stays in its line. Silent below the level set (and always, until
 *  gim_main or gim_log_level sets one: a library never prints). */
void gim_log(enum gim_level level, const char *what, const char *fmt, ...) GIM_PRINTF(3, 4);
/** The least important level that is written; -1 silences all. For the whole process. */
void gim_log_level(int level);
/** JSON lines ({"time", "level", "part", "message"}) instead of text. For the whole process. */
void gim_log_json(bool on);

#ifdef __cplusplus
}
#endif
#endif
