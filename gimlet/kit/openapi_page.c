/* openapi_page.c: GET /docs: files of the program, packed and unpacked.
 *
 * The files lie in the program as bytes (openapi_assets.S): the kernel reads their pages when
 * somebody asks for them, and drops them again when it is short of memory. Both forms are there, since
 * gzip is what browsers take and unpacking for the rest would cost a library and memory. The page may
 * fetch from its own origin only, and runs no script but its own. */
#include "openapi_page.h"
#include "../http/negotiate.h"
#include "../rest/ctx.h"

#define POLICY                                                                                     \
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "                \
    "img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

extern const char gim_page_html_bytes[], gim_page_html_gz[], gim_page_css_bytes[],
    gim_page_css_gz[], gim_page_js_bytes[], gim_page_js_gz[];
extern const uint64_t gim_page_html_bytes_len, gim_page_html_gz_len, gim_page_css_bytes_len,
    gim_page_css_gz_len, gim_page_js_bytes_len, gim_page_js_gz_len;

/* FNV-1a: it tells two builds apart, no more is asked of it. */
uint64_t gim_page_version(gim_str bytes)
{
    uint64_t h = UINT64_C(0xcbf29ce484222325);

    for (size_t i = 0; i < bytes.len; i++)
        h = (h ^ (unsigned char)bytes.ptr[i]) * UINT64_C(0x100000001b3);
    return h;
}

int gim_page_reply(struct gim_ctx *c, gim_str media_type, gim_str bytes, uint64_t version)
{
    gim_str tag = gim_printf(gim_arena(c), "%016llx", (unsigned long long)version);

    (void)gim_set_header(c, GIM_S("Cache-Control"), GIM_S("no-cache"));
    (void)gim_set_header(c, GIM_S("X-Content-Type-Options"), GIM_S("nosniff"));
    if (gim_preconditions(c, tag, (gim_time){0}))
        return GIM_REPLIED;
    return gim_bytes(c, 200, media_type, bytes);
}

static bool takes_gzip(const struct gim_ctx *c)
{
    static const gim_str codings[] = {{"gzip", 4}, {"identity", 8}};
    struct gim_preferences p;

    gim_preferences_of(&p, &c->x.head, GIM_S("Accept-Encoding"));
    return gim_preferences_best(&p, gim_quality_coding, codings, 2) == 0;
}

static int reply_file(struct gim_ctx *c, gim_str media_type, gim_str plain, gim_str packed)
{
    bool gzip = takes_gzip(c);
    gim_str bytes = gzip ? packed : plain;

    (void)gim_set_header(c, GIM_S("Vary"), GIM_S("Accept-Encoding"));
    (void)gim_set_header(c, GIM_S("Content-Security-Policy"), GIM_S(POLICY));
    (void)gim_set_header(c, GIM_S("Referrer-Policy"), GIM_S("no-referrer"));
    (void)gim_page_reply(c, media_type, bytes, gim_page_version(bytes));
    if (gzip && gim_status(c) == 200) /* a 304 has it not (RFC 9110 §15.4.5), nor has a 412 */
        (void)gim_set_header(c, GIM_S("Content-Encoding"), GIM_S("gzip"));
    return GIM_REPLIED;
}

int gim_page_html(struct gim_ctx *c)
{
    gim_str path = gim_path_str(c);

    if (path.ptr[path.len - 1] == '/') /* an app that takes both: the page's links begin at /docs */
        return gim_redirect(c, 308, GIM_S("../docs"));
    return reply_file(c, GIM_S("text/html; charset=utf-8"),
                      (gim_str){gim_page_html_bytes, gim_page_html_bytes_len},
                      (gim_str){gim_page_html_gz, gim_page_html_gz_len});
}

int gim_page_css(struct gim_ctx *c)
{
    return reply_file(c, GIM_S("text/css; charset=utf-8"),
                      (gim_str){gim_page_css_bytes, gim_page_css_bytes_len},
                      (gim_str){gim_page_css_gz, gim_page_css_gz_len});
}

int gim_page_js(struct gim_ctx *c)
{
    return reply_file(c, GIM_S("text/javascript; charset=utf-8"),
                      (gim_str){gim_page_js_bytes, gim_page_js_bytes_len},
                      (gim_str){gim_page_js_gz, gim_page_js_gz_len});
}
