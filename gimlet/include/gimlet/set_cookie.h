/**
 * gimlet/set_cookie.h: what a Set-Cookie field says (RFC 6265 §4.1); gimlet/cookie.h has the calls.
 */
#ifndef GIMLET_SET_COOKIE_H
#define GIMLET_SET_COOKIE_H

#include <gimlet/str.h>

#ifdef __cplusplus
extern "C" {
#endif

/** To whose pages a browser gives the cookie. */
enum gim_same_site {
    GIM_SAME_SITE_LAX,    /* with requests of the own site, and links followed to it */
    GIM_SAME_SITE_STRICT, /* of the own site only */
    GIM_SAME_SITE_NONE,   /* with all requests; needs .secure */
};

/** A cookie, but for its value. */
struct gim_cookie {
    const char *name;   /* a token: letters, digits, !#$%&'*+-.^_`|~ */
    const char *path;   /* NULL: "/"; begins with '/' */
    const char *domain; /* NULL: this host alone; else the hosts below it too */
    int64_t max_age;    /* seconds; 0: until the browser closes */
    enum gim_same_site same_site;
    bool secure;      /* over HTTPS (and to localhost) only */
    bool script;      /* scripts may read it: not HttpOnly */
    bool partitioned; /* one for each site that embeds this one; needs .secure */
};

/** The most that browsers keep: name and value together, and each attribute (RFC 6265bis §5.6). */
#define GIM_COOKIE_MAX 4096
#define GIM_COOKIE_ATTRIBUTE_MAX 1024
#define GIM_COOKIE_AGE_MAX (400 * INT64_C(86400)) /* seconds; a longer .max_age counts as this */

#ifdef __cplusplus
}
#endif
#endif
