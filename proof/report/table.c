/* table.c: a table is laid out when all of it is known.
 *
 * Cells lie one after another in one buffer, each with where it ends. For a terminal every column is
 * as wide as its widest cell; when that makes more than 80 columns the last column wraps below
 * itself, and if that leaves it too narrow, the first one (the names) is cut. Markdown needs no
 * widths. A row that has one cell only is a heading: it takes no part in the widths. */
#include "table.h"
#include "../../gimlet/base/wrap.h"
#include <gimlet/arena.h>

#define INDENT 2
#define GAP 2
#define LAST_MIN 10 /* the last column's, in which its words still read well */
#define NAME_MIN 8

/* ---- cells ----------------------------------------------------------------------------------- */

static struct table_cell *cells_of(const struct table *t)
{
    return (struct table_cell *)(void *)t->cells.ptr;
}

static void close_cell(struct table *t)
{
    if (t->n_cells)
        cells_of(t)[t->n_cells - 1].end = t->text.len;
}

struct gim_buf *table_cell(struct table *t, enum table_mark mark)
{
    struct table_cell cell = {0, mark};

    close_cell(t);
    gim_buf_add(&t->cells, (const char *)&cell, sizeof cell);
    t->n_cells++;
    return &t->text;
}

void table_row(struct table *t)
{
    bool heading = t->n_cells - t->row == 1;

    close_cell(t);
    while (t->n_cells - t->row < t->n) {
        table_cell(t, TABLE_PLAIN);
        close_cell(t);
    }
    if (heading) /* an empty second cell whose mark says so */
        cells_of(t)[t->row + 1].mark = TABLE_DIM;
    t->row = t->n_cells;
}

void table_free(struct table *t)
{
    gim_buf_free(&t->text);
    gim_buf_free(&t->cells);
    *t = (struct table){0};
}

static gim_str cell_text(const struct table *t, size_t i)
{
    size_t start = i ? cells_of(t)[i - 1].end : 0;

    return (gim_str){t->text.ptr + start, cells_of(t)[i].end - start};
}

static bool is_heading(const struct table *t, size_t row)
{
    return t->n > 1 && cells_of(t)[row + 1].mark == TABLE_DIM && !cell_text(t, row + 1).len;
}

/* ---- text ------------------------------------------------------------------------------------ */

size_t table_width(gim_str s)
{
    size_t n = 0;

    for (size_t i = 0; i < s.len; i++)
        n += ((unsigned char)s.ptr[i] & 0xc0) != 0x80;
    return n;
}

void table_put_plain(struct gim_buf *b, gim_str s)
{
    for (size_t i = 0; i < s.len; i++)
        gim_buf_char(b, (unsigned char)s.ptr[i] < 0x20 || s.ptr[i] == 0x7f ? '?' : s.ptr[i]);
}

/* The first `columns` characters of s. */
static gim_str first_columns(gim_str s, size_t columns)
{
    size_t i = 0;

    for (size_t n = 0; i < s.len; i++) {
        n += ((unsigned char)s.ptr[i] & 0xc0) != 0x80;
        if (n > columns)
            break;
    }
    return (gim_str){s.ptr, i};
}

static void grow(size_t *width, gim_str s)
{
    size_t n = table_width(s);

    *width = n > *width ? n : *width;
}

/* Widths of all columns, brought to 80 in all. */
static void measure(const struct table *t, size_t widths[TABLE_COLUMNS_MAX])
{
    size_t all = INDENT, last = t->n - 1, over;

    for (unsigned c = 0; c < t->n; c++) {
        widths[c] = 0;
        grow(&widths[c], gim_str_of(t->columns[c].title));
        for (size_t row = 0; row < t->n_cells; row += t->n) {
            if (!is_heading(t, row))
                grow(&widths[c], cell_text(t, row + c));
        }
        all += widths[c] + (c ? GAP : 0);
    }
    over = all > TABLE_WIDTH ? all - TABLE_WIDTH : 0;
    if (over && widths[last] > LAST_MIN) {
        size_t cut = widths[last] - LAST_MIN < over ? widths[last] - LAST_MIN : over;

        widths[last] -= cut;
        over -= cut;
    }
    if (over && last && widths[0] > NAME_MIN)
        widths[0] -= widths[0] - NAME_MIN < over ? widths[0] - NAME_MIN : over;
}

static const char *const codes[] = {
    [TABLE_PLAIN] = "",       [TABLE_BEST] = "\x1b[1m", [TABLE_GOOD] = "\x1b[32m",
    [TABLE_BAD] = "\x1b[31m", [TABLE_DIM] = "\x1b[2m",
};

static void put_marked(struct gim_buf *b, gim_str s, enum table_mark mark, bool color)
{
    bool marked = color && s.len && *codes[mark];

    if (marked)
        gim_buf_str(b, gim_str_of(codes[mark]));
    gim_buf_str(b, s);
    if (marked)
        gim_buf_lit(b, "\x1b[0m");
}

/* A cell in its width; one that is too long is cut with an ellipsis. */
static void put_padded(struct gim_buf *b, gim_str s, size_t width, bool right, enum table_mark mark,
                       bool color)
{
    bool cut = table_width(s) > width;
    gim_str shown = cut ? first_columns(s, width - 1) : s;
    size_t room = cut ? 0 : width - table_width(s);

    gim_put_spaces(b, right ? room : 0);
    put_marked(b, shown, mark, color);
    if (cut)
        gim_buf_lit(b, "\xe2\x80\xa6");
    gim_put_spaces(b, right ? 0 : room);
}

/* Cuts a line of at most `width` off `*rest`, at a space. */
static gim_str next_line(gim_str *rest, size_t width)
{
    gim_str line = first_columns(*rest, width);

    if (line.len < rest->len) {
        size_t at = line.len;

        while (at && rest->ptr[at] != ' ')
            at--;
        if (!at) /* one long word: to its end */
            at = gim_str_find(*rest, ' ');
        line.len = at;
    }
    rest->ptr += line.len;
    rest->len -= line.len;
    while (rest->len && *rest->ptr == ' ') {
        rest->ptr++;
        rest->len--;
    }
    return line;
}

/* The last cell, wrapped below itself. */
static void put_last(struct gim_buf *b, gim_str s, size_t left, size_t width, enum table_mark mark,
                     bool color)
{
    put_marked(b, next_line(&s, width), mark, color);
    while (s.len) {
        gim_buf_char(b, '\n');
        gim_put_spaces(b, left);
        put_marked(b, next_line(&s, width), mark, color);
    }
}

static void end_line(struct gim_buf *b)
{
    while (b->len && b->ptr[b->len - 1] == ' ')
        b->len--;
    gim_buf_char(b, '\n');
}

static void put_row(struct gim_buf *b, const struct table *t, size_t row, const size_t *widths,
                    bool color)
{
    size_t left = INDENT;

    gim_put_spaces(b, INDENT);
    for (unsigned c = 0; c < t->n; c++) {
        enum table_mark mark = cells_of(t)[row + c].mark;
        gim_str s = cell_text(t, row + c);

        if (c + 1 == t->n && !t->columns[c].right)
            put_last(b, s, left, widths[c], mark, color);
        else
            put_padded(b, s, widths[c], t->columns[c].right, mark, color);
        left += widths[c] + GAP;
        if (c + 1 < t->n)
            gim_put_spaces(b, GAP);
    }
    end_line(b);
}

static void put_titles(struct gim_buf *b, const struct table *t, const size_t *widths, bool color)
{
    gim_put_spaces(b, INDENT);
    for (unsigned c = 0; c < t->n; c++) {
        put_padded(b, gim_str_of(t->columns[c].title), widths[c], t->columns[c].right, TABLE_DIM,
                   color);
        if (c + 1 < t->n)
            gim_put_spaces(b, GAP);
    }
    end_line(b);
}

void table_put_text(struct gim_buf *b, const struct table *t, bool color)
{
    size_t widths[TABLE_COLUMNS_MAX];

    measure(t, widths);
    put_titles(b, t, widths, color);
    for (size_t row = 0; row < t->n_cells; row += t->n) {
        if (!is_heading(t, row)) {
            put_row(b, t, row, widths, color);
            continue;
        }
        gim_put_spaces(b, INDENT);
        put_padded(b, cell_text(t, row), TABLE_WIDTH - INDENT, false, TABLE_PLAIN, false);
        end_line(b);
    }
}

/* ---- Markdown -------------------------------------------------------------------------------- */

void table_put_escaped(struct gim_buf *b, gim_str s)
{
    for (size_t i = 0; i < s.len; i++) {
        char c = s.ptr[i];

        if (strchr("\\`*_[]<>|&#", c) && c)
            gim_buf_char(b, '\\');
        gim_buf_char(b, (unsigned char)c < 0x20 || c == 0x7f ? ' ' : c);
    }
}

static void put_line(struct gim_buf *b, const struct table *t, size_t row)
{
    gim_buf_char(b, '|');
    for (unsigned c = 0; c < t->n; c++) {
        gim_str s = cell_text(t, row + c);

        gim_buf_printf(b, s.len ? " %.*s |" : " |", GIM_FMT(s));
    }
    gim_buf_char(b, '\n');
}

void table_put_markdown(struct gim_buf *b, const struct table *t)
{
    gim_buf_char(b, '|');
    for (unsigned c = 0; c < t->n; c++)
        gim_buf_printf(b, " %s |", t->columns[c].title);
    gim_buf_lit(b, "\n|");
    for (unsigned c = 0; c < t->n; c++)
        gim_buf_str(b, t->columns[c].right ? GIM_S("---:|") : GIM_S("---|"));
    gim_buf_char(b, '\n');
    for (size_t row = 0; row < t->n_cells; row += t->n)
        put_line(b, t, row);
}
