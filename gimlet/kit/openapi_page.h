/* openapi_page.h: the page that shows the document: files built into the program. */
#ifndef KIT_OPENAPI_PAGE_H
#define KIT_OPENAPI_PAGE_H

#include <gimlet/ctx.h>

/** Handlers of /docs and its files. */
gim_handler gim_page_html, gim_page_css, gim_page_js;

/** What tells these bytes from those of another build: their entity tag. */
uint64_t gim_page_version(gim_str bytes);
/** 200 with bytes that live as long as the program, or 304. */
int gim_page_reply(struct gim_ctx *c, gim_str media_type, gim_str bytes, uint64_t version);

#endif
