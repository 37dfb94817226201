/* csv.c: hey's table, a line a success, with microseconds where hey stops at 0.1 ms.
 *
 * hey writes rows in the order in which they ended. Our threads each keep their own, and those lists
 * stand one after another in the spool. Each list is in order already, so they are found (a new one
 * begins where time goes back) and merged, with a small buffer for each: memory stays flat however
 * many rows there are. */
#include "report.h"
#include <errno.h>
#include <unistd.h>

#define ROWS 256       /* of one list in memory */
#define LISTS_MAX 1024 /* more: a spool of somebody else's; written as it stands */
#define FLUSH 65536

struct list {
    off_t at, end; /* in bytes: not yet read */
    struct load_row rows[ROWS];
    size_t next, n;
};

/* Not by the latency: an open loop's counts from before the send. */
static int64_t end_of(const struct load_row *row)
{
    return row->offset + row->write + row->wait + row->read;
}

static void put_row(struct gim_buf *b, const struct load_row *r)
{
    gim_buf_printf(b, "%.6f,%.6f,%.6f,%.6f,%.6f,%.6f,%d,%.6f\n", (double)r->latency / 1e9,
                   (double)r->dial / 1e9, (double)r->dns / 1e9, (double)r->write / 1e9,
                   (double)r->wait / 1e9, (double)r->read / 1e9, (int)r->status,
                   (double)r->offset / 1e9);
}

/* Where each list begins; *size is where the last one ends. The number, or -1. */
static int find_lists(FILE *spool, off_t starts[LISTS_MAX], off_t *size)
{
    struct load_row row;
    int64_t last = INT64_MAX;
    int n = 0;

    rewind(spool);
    for (*size = 0; fread(&row, sizeof row, 1, spool) == 1; *size += (off_t)sizeof row) {
        if (end_of(&row) < last && n < LISTS_MAX)
            starts[n++] = *size;
        last = end_of(&row);
    }
    return ferror(spool) ? -1 : n;
}

static int fill(struct list *l, int fd)
{
    off_t left = l->end - l->at;
    size_t want = left < (off_t)sizeof l->rows ? (size_t)left : sizeof l->rows;
    ssize_t got = want ? pread(fd, l->rows, want, l->at) : 0;

    if (got < 0 || got % (ssize_t)sizeof l->rows[0])
        return -1;
    l->next = 0;
    l->n = (size_t)got / sizeof l->rows[0];
    l->at += got;
    return 0;
}

static struct list *earliest(struct list *lists, int n)
{
    struct list *best = NULL;

    for (int i = 0; i < n; i++) {
        struct list *l = &lists[i];

        if (l->next < l->n &&
            (!best || end_of(&l->rows[l->next]) < end_of(&best->rows[best->next])))
            best = l;
    }
    return best;
}

static int flush(FILE *out, struct gim_buf *b, size_t above)
{
    bool bad = b->len > above && fwrite(b->ptr, 1, b->len, out) != b->len;

    if (b->len > above)
        b->len = 0;
    return bad ? -1 : 0;
}

static int merge(FILE *out, int fd, struct list *lists, int n)
{
    struct gim_buf b = {0};
    struct list *l;
    int bad = 0;

    for (int i = 0; i < n && !bad; i++)
        bad = fill(&lists[i], fd);
    while (!bad && (l = earliest(lists, n))) {
        put_row(&b, &l->rows[l->next++]);
        bad = flush(out, &b, FLUSH) || (l->next == l->n && fill(l, fd));
    }
    bad = bad || flush(out, &b, 0);
    gim_buf_free(&b);
    return bad ? -1 : 0;
}

int report_csv_rows(FILE *out, FILE *spool)
{
    off_t starts[LISTS_MAX];
    off_t size;
    int n = fflush(spool) ? -1 : find_lists(spool, starts, &size);
    struct list *lists;
    int bad;

    if (n <= 0)
        return n;
    lists = gim_heap_alloc((size_t)n * sizeof *lists);
    for (int i = 0; i < n; i++) {
        lists[i].at = starts[i];
        lists[i].end = i + 1 < n ? starts[i + 1] : size;
    }
    bad = merge(out, fileno(spool), lists, n);
    gim_heap_free(lists);
    return bad;
}

void report_csv(struct gim_buf *b, const struct load_plan *p, const struct load_result *r)
{
    (void)p;
    (void)r;
    gim_buf_lit(b, "response-time,DNS+dialup,DNS,Request-write,Response-delay,Response-read,"
                   "status-code,offset\n");
}
