/* report.c: which report goes where: one to stdout, JSON and page besides to their files, the notes to
 * stderr when stdout has no place for them. */
#include "report.h"
#include "compare.h"
#include <errno.h>

const struct report reports[] = {
    [OUTPUT_TEXT] = {"text", report_text},
    [OUTPUT_CSV] = {"csv", report_csv},
    [OUTPUT_JSON] = {"json", report_json},
};

static int complain(const struct load_plan *p, const char *where)
{
    fprintf(stderr, "%s: the report could not be written to %s: %s\n", p->program, where,
            strerror(errno));
    return -1;
}

static int write_all(FILE *out, const struct gim_buf *b)
{
    return fwrite(b->ptr, 1, b->len, out) != b->len ? -1 : 0;
}

static int print_stdout(const struct load_plan *p, const struct load_result *r, FILE *spool)
{
    struct gim_buf b = {0};
    int bad;

    reports[p->output].put(&b, p, r);
    bad = write_all(stdout, &b);
    if (!bad && p->output == OUTPUT_CSV && spool)
        bad = report_csv_rows(stdout, spool);
    bad = fflush(stdout) || bad;
    gim_buf_free(&b);
    return bad ? complain(p, "stdout") : 0;
}

/* `file` NULL: not wanted. */
static int write_file(const struct load_plan *p, const struct load_result *r, const char *file,
                      void (*put)(struct gim_buf *b, const struct load_plan *p,
                                  const struct load_result *r))
{
    struct gim_buf b = {0};
    FILE *out;
    int bad;

    if (!file)
        return 0;
    out = fopen(file, "we");
    if (!out)
        return complain(p, file);
    put(&b, p, r);
    bad = write_all(out, &b);
    bad = fclose(out) || bad;
    gim_buf_free(&b);
    return bad ? complain(p, file) : 0;
}

static void print_notes(const struct load_plan *p, const struct load_result *r)
{
    struct gim_buf b = {0};
    gim_str rest;

    report_notes(&b, p, r);
    for (rest = gim_buf_view(&b); rest.len;) {
        gim_str line = gim_str_cut(&rest, '\n');

        fprintf(stderr, "%s: %.*s\n", p->program, GIM_FMT(line));
    }
    gim_buf_free(&b);
}

int report_print(const struct load_plan *p, const struct load_result *r, FILE *spool)
{
    int bad = print_stdout(p, r, spool);

    bad |= write_file(p, r, p->json_file, report_json);
    bad |= write_file(p, r, p->html_file, load_html);
    if (p->output == OUTPUT_CSV || (p->output == OUTPUT_TEXT && p->plain))
        print_notes(p, r);
    return bad;
}
