/* For fragments that stream: a job of another thread, and what may be asked of it; schemas. */
#include <gimlet.h>

struct job;
struct job *job_find(gim_str id);
bool job_take_line(struct job *job, struct gim_out *out);
void job_wake(struct job *job, gim_handle handle);
void job_forget(struct job *job);

struct span {
    int64_t rows;
};
extern const struct gim_schema span_schema, item_schema;
