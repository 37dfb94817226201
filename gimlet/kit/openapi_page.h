/* openapi_page.h: the page that shows the document: files built into the program. */
#ifndef KIT_OPENAPI_PAGE_H
#define KIT_OPENAPI_PAGE_H

#include <gimlet/ctx.h>

/** Handlers of /docs and its files. */
gim_handler gim_page_html, gim_page_css, gim_page_js;

/** 200 with bytes that live as long as the program, or 304: their entity tag is made of them. */
int gim_page_reply(struct gim_ctx *c, gim_str media_type, gim_str bytes);

#endif
