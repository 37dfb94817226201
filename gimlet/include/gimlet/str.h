/**
 * gimlet/str.h: bytes with a length.
 *
 * A gim_str is a slice, passed by value. It owns nothing, is not NUL-terminated, and may hold any
 * byte. `{0}` (ptr NULL) is the absent string; `{"", 0}` is the empty one. Lengths are bytes. Every
 * function here takes absent strings, allocates nothing and may be called from any thread; a slice
 * that is returned lives as long as what it was cut from.
 */
#ifndef GIMLET_STR_H
#define GIMLET_STR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__)
#define GIM_MUST_CHECK __attribute__((warn_unused_result))
#define GIM_PRINTF(fmt, args) __attribute__((format(printf, fmt, args)))
#else
#define GIM_MUST_CHECK
#define GIM_PRINTF(fmt, args)
#endif

/** Bytes with a length; no NUL ends them. Absent: `ptr` is NULL. */
typedef struct gim_str {
    const char *ptr;
    size_t len;
} gim_str;

/** A name and its value: a query's, a path's, a map's. */
typedef struct gim_pair {
    gim_str key, value;
} gim_pair;

/** A slice of a string literal: `GIM_S("posts")`. A constant expression inside functions only. */
#ifdef __cplusplus
#define GIM_S(literal) (gim_str{("" literal), sizeof(literal) - 1})
#else
#define GIM_S(literal) ((gim_str){("" literal), sizeof(literal) - 1})
#endif

/** For the library's macros: the address of a value that is made where the macro stands. In C at file
 *  scope; C++ has no such literals, so a function is asked there. */
#ifdef __cplusplus
#define GIM_MADE_(type, ...)                                                                       \
    ([]() -> type * {                                                                              \
        static type made = {__VA_ARGS__};                                                          \
        return &made;                                                                              \
    }())
#else
#define GIM_MADE_(type, ...) (&(type){__VA_ARGS__})
#endif

/** For printf: `printf("%.*s\n", GIM_FMT(s))`. */
#define GIM_FMT(s) (int)(s).len, (s).ptr

/** A slice of a C string; NULL gives the absent string. */
static inline gim_str gim_str_of(const char *cstr)
{
    gim_str s = {cstr, cstr ? strlen(cstr) : 0};
    return s;
}

/** The same bytes? An absent string equals an empty one. */
static inline bool gim_str_eq(gim_str a, gim_str b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.ptr, b.ptr, a.len) == 0);
}

/** Does `s` begin with `prefix`? An empty prefix: always. */
static inline bool gim_str_starts(gim_str s, gim_str prefix)
{
    return s.len >= prefix.len && (prefix.len == 0 || memcmp(s.ptr, prefix.ptr, prefix.len) == 0);
}

/** Equal when ASCII letters are folded (field names and tokens: RFC 9110 §5.1). */
bool gim_str_eq_fold(gim_str a, gim_str b);

/** The same bytes? For secrets (tokens, passwords, signatures): it takes as long for a wrong one as
 *  for the right one; what a clock may tell is whether the lengths are equal. */
bool gim_str_eq_secret(gim_str a, gim_str b);

/** Without leading and trailing SP and HTAB (OWS, RFC 9110 §5.6.3). */
gim_str gim_str_trim(gim_str s);

/** Cuts `*s` at the first `sep`: returns what stands before it, leaves in `*s` what stands after it
 *  (the absent string when there was no `sep`). */
gim_str gim_str_cut(gim_str *s, char sep);

/** Index of the first `c`, or `s.len`. */
size_t gim_str_find(gim_str s, char c);

/** The whole of `s` as a decimal int64: `-?[0-9]+`, nothing else. Returns 0, or -1 when it is not
 *  one or does not fit; `*out` is then untouched. */
GIM_MUST_CHECK int gim_str_to_int(gim_str s, int64_t *out);

/** Writes `v` in decimal at `out` (room for 20 bytes, no NUL) and returns the length. */
size_t gim_int_write(char *out, int64_t v);

#ifdef __cplusplus
}
#endif
#endif
