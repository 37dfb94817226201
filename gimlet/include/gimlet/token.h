/**
 * gimlet/token.h: bearer tokens kept as digests in a file: made, checked, rotated, reloaded.
 *
 *     # name   scopes      sha256 of the token                                               until
 *     deploy   read,write  sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08
 *     report   read        sha256:60303ae22b998861bce3b28f33eec1be758a213c86c93c076dbe9f558c11c752  2027-06-30
 *
 * One token a line: a name (1 to 64 of A-Z a-z 0-9 . _ @ -), scopes, the digest, and perhaps the last
 * day (UTC) or the moment (RFC 3339) it is good for. A name may have several tokens, so that one is
 * replaced without a moment in which neither works. `#` begins a comment.
 *
 *     static const char *const scopes[] = {"read", "write", NULL};
 *     static struct gim_tokens *tokens; // gim_tokens_open in .start
 *
 *     static int may_write(struct gim_ctx *c, gim_str token, void *value)
 *     {
 *         return gim_tokens_check(c, tokens, 2, token, value); // 1 << index of "write"
 *     }
 *     static const struct gim_middleware writers =
 *         GIM_BEARER(may_write, struct gim_token_holder, .realm = "shop", .scope = "write");
 *
 * The file is no secret: a digest does not tell its token, as long as the token is a random one of
 * gim_token_make (a chosen word is found in no time: SHA-256 is fast). Whoever may write the file lets
 * himself in, so one that its group or all may write is refused. Where libcrypto is missing when
 * gimlet is built, this is not built.
 */
#ifndef GIMLET_TOKEN_H
#define GIMLET_TOKEN_H

#include <gimlet/auth.h>

#ifdef __cplusplus
extern "C" {
#endif

struct gim_tokens;

#define GIM_TOKEN_SCOPES_MAX 32
#define GIM_TOKEN_NAME_MAX 64

/** Whose token it is: the guard's value. */
struct gim_token_holder {
    gim_str name;    /* gim_principal's */
    uint32_t scopes; /* bit i: the scope of index i */
};

/** Reads the file, at most 1 MiB. `scopes` are the names there are, NULL-terminated, at most 32; it and
 *  `path` must outlive the tokens. NULL with `err` filled, a line for each of the first lines that
 *  are wrong ("tokens:3: expected ..."); nothing of what stands there is repeated. In `start`. From
 *  then on SIGHUP reads it again: every worker goes over to the new ones at its next turn; when
 *  anything is wrong the old ones stay, and the log says what it is. */
struct gim_tokens *gim_tokens_open(struct gim_app *app, const char *path, const char *const *scopes,
                                   char *err, size_t err_len);
/** In `stop`; NULL is allowed. */
void gim_tokens_close(struct gim_tokens *t);
/** How many lines were read last. */
size_t gim_tokens_count(const struct gim_tokens *t);
/** For a gim_bearer_check, on the loop: GIM_OK with `holder` filled; GIM_DENIED: not known, or it has
 *  expired; GIM_FORBIDDEN: not all of the bits `needs`. Sets gim_principal. Takes a SHA-256 and a binary
 *  search; allocates nothing outside the request. How long it takes depends on the digest, which
 *  nobody can steer towards another's without finding its token. */
int gim_tokens_check(struct gim_ctx *c, const struct gim_tokens *t, uint32_t needs, gim_str token,
                     struct gim_token_holder *holder);

/** Room for a token and for its line, NUL-terminated. */
#define GIM_TOKEN_TEXT_MAX 128
#define GIM_TOKEN_LINE_MAX 512

/** Makes a token of 256 random bits (getrandom): `prefix`, at most 64 bytes ("shop_"), by which people
 *  and scanners recognise it, then 43 characters of A-Z a-z 0-9 - _; and its line, without a line
 *  end. `scopes` is as in the file; `until` may be NULL. 0; or -1 with `err` filled: what was given
 *  would be refused in the file. */
GIM_MUST_CHECK int gim_token_make(const char *prefix, const char *name, const char *scopes,
                                  const char *until, const char *const *known, char *token,
                                  char *line, char *err, size_t err_len);

#ifdef __cplusplus
}
#endif
#endif
