/* tokens.h: who may read and who may change posts, by --tokens. */
#ifndef POSTS_TOKENS_H
#define POSTS_TOKENS_H

#include "routes.h"

/** Puts a guard before every route; without --tokens nothing is changed. For .arrange. */
void posts_arrange(struct gim_app_spec *spec, void *state);
/** The file's directory stays readable, so that another file may take its place. For .paths. */
void posts_tokens_paths(const struct posts *posts, struct gim_sandbox_paths *p);
/** Reads the file. 0; or -1 with lines in `err`. */
int posts_tokens_open(struct gim_app *app, struct posts *posts, char *err, size_t err_len);

#endif
