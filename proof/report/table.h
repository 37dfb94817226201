/* table.h: rows of text in columns, told as plain text for a terminal or as Markdown.
 *
 * Cells are written into `text` one after another: begin one with table_cell(), append to what it
 * returns; table_row() ends the row. Widths count characters, not bytes. {0} with columns set is an
 * empty table; table_free() gives the memory back. */
#ifndef REPORT_TABLE_H
#define REPORT_TABLE_H

#include "../../gimlet/base/buf.h"

#define TABLE_COLUMNS_MAX 40
#define TABLE_WIDTH 80

enum table_mark {
    TABLE_PLAIN,
    TABLE_BEST, /* bold on a terminal */
    TABLE_GOOD, /* green on a terminal */
    TABLE_BAD,  /* red */
    TABLE_DIM
};

struct table_column {
    const char *title;
    bool right; /* aligned */
};

struct table_cell {
    size_t end; /* in text */
    enum table_mark mark;
};

struct table {
    const struct table_column *columns;
    unsigned n;
    struct gim_buf text, cells;
    size_t n_cells, row; /* row: where the row that is being written begins */
};

/** Begins the next cell of the row: append its text to what is returned. */
struct gim_buf *table_cell(struct table *t, enum table_mark mark);
/** Ends the row; cells that are missing are empty. A row of one cell is a heading over all columns. */
void table_row(struct table *t);
/** At most 80 columns: the first column is cut, the last one wrapped when there is no room. */
void table_put_text(struct gim_buf *b, const struct table *t, bool color);
void table_put_markdown(struct gim_buf *b, const struct table *t);
void table_free(struct table *t);

/** How many columns UTF-8 text takes (a character each; none of ours is wide). */
size_t table_width(gim_str s);
/** Appends text without what would drive a terminal: control characters become ?. */
void table_put_plain(struct gim_buf *b, gim_str s);
/** The same for Markdown: what would begin markup is escaped, line breaks are spaces. */
void table_put_escaped(struct gim_buf *b, gim_str s);

#endif
