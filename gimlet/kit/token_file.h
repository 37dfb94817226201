/* token_file.h: the file of tokens, read: digests with what they allow. */
#ifndef KIT_TOKEN_FILE_H
#define KIT_TOKEN_FILE_H

#include "../base/arena.h"
#include "../base/buf.h"
#include "../base/digest.h"
#include <gimlet/token.h>
#include <stdatomic.h>

struct gim_token_entry {
    unsigned char digest[GIM_SHA256_LEN];
    uint32_t scopes;
    uint32_t line;
    int64_t until_us; /* from then on it is no more good; 0: for ever */
    uint8_t name_len;
    char name[GIM_TOKEN_NAME_MAX];
};

/* What all workers read; freed by the last that goes over to another. */
struct gim_token_set {
    struct gim_tokens *of;
    _Atomic unsigned users;
    const char *remark;
    size_t n;
    struct gim_token_entry entries[]; /* by digest */
};

/** NULL with lines in `why`. */
struct gim_token_set *gim_token_set_read(const char *path, const char *const *scopes,
                                         struct gim_buf *why);
/** The same from text; `path` is for `why`. */
struct gim_token_set *gim_token_set_of(gim_str text, const char *path, const char *const *scopes,
                                       struct gim_buf *why);
/** NULL: no such token. */
const struct gim_token_entry *gim_token_set_find(const struct gim_token_set *s,
                                                 const unsigned char digest[GIM_SHA256_LEN]);

#endif
