/* html_compare.h: the parts of a comparison's page, one function a part. */
#ifndef REPORT_HTML_COMPARE_H
#define REPORT_HTML_COMPARE_H

#include "html.h"
#include "told.h"

/** Whether services `i` and `first` are compared with one another. */
static inline bool html_same_group(const struct compare_results *r, size_t i, size_t first)
{
    return gim_str_eq(r->services[i].group, r->services[first].group);
}

/** "memory: What is told", or what is told alone when the group has no name. In the results' stead the
 *  buffer owns it: free `b`. */
gim_str html_caption(struct gim_buf *b, const struct compare_results *r, size_t first,
                     gim_str text);
/** A cell: the median, its ratio over the reference with the interval, the verdict. */
void html_verdict(struct gim_buf *b, const struct verdicts *v, size_t service, size_t metric);

void html_put_phases(struct gim_buf *b, const struct verdicts *v);
void html_put_contract(struct gim_buf *b, const struct compare_results *r);
void html_put_left_out(struct gim_buf *b, const struct compare_results *r);
void html_put_method(struct gim_buf *b, const struct verdicts *v);
void html_put_host(struct gim_buf *b, const struct compare_results *r);
void html_put_services(struct gim_buf *b, const struct compare_results *r);
void html_put_warnings(struct gim_buf *b, const struct compare_results *r);
void html_put_losses(struct gim_buf *b, const struct verdicts *v);
/** What the script draws, as JSON. */
void html_put_data(struct gim_buf *b, const struct verdicts *v);

#endif
