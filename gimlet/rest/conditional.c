/* conditional.c: entity tags of replies, and requests that depend on them (RFC 9110 §13). */
#include "../http/date.h"
#include "../http/etag.h"
#include "ctx.h"

void gim_etag(struct gim_ctx *c, gim_str etag)
{
    char quoted[128];

    if (etag.len > sizeof quoted - 2)
        return;
    quoted[0] = '"';
    memcpy(quoted + 1, etag.ptr, etag.len);
    quoted[etag.len + 1] = '"';
    (void)gim_set_header(c, GIM_S("ETag"), (gim_str){quoted, etag.len + 2});
}

int gim_preconditions(struct gim_ctx *c, gim_str etag, gim_time modified)
{
    int64_t seconds = modified.us / 1000000;
    int status =
        gim_conditions(&c->x.head, &(struct gim_validators){etag, seconds, c->etag_suffixes});

    if (etag.ptr)
        gim_etag(c, etag);
    if (seconds) {
        char date[GIM_HTTP_DATE_LEN];

        gim_http_date_write(date, seconds);
        (void)gim_set_header(c, GIM_S("Last-Modified"), (gim_str){date, sizeof date});
    }
    if (status == 304)
        return gim_empty(c, 304);
    if (status == 412)
        return gim_problem(c, 412, NULL,
                           "the resource is not in the state that the request's "
                           "conditions ask for; read it again");
    return GIM_OK;
}
