/* attachment.c: gim_attachment of gimlet/files.h. */
#include "../http/disposition.h"
#include <gimlet/files.h>

void gim_attachment(struct gim_ctx *c, gim_str name)
{
    struct gim_buf b = {0};

    gim_disposition_write(&b, name);
    (void)gim_set_header(c, GIM_S("Content-Disposition"), gim_buf_view(&b));
    gim_buf_free(&b);
}
