/* html.h: what a page is made of: escaped texts, sections, tables that scroll in a box of their own,
 * charts with a name for those who do not see them. */
#ifndef REPORT_HTML_H
#define REPORT_HTML_H

#include "../../gimlet/base/buf.h"
#include "../../gimlet/base/histogram.h"

/** Any bytes as text, in elements and in quoted attributes. */
void html_text(struct gim_buf *b, gim_str text);
/** The same of one format's result. */
void html_format(struct gim_buf *b, const char *fmt, ...) GIM_PRINTF(2, 3);

/** Head, style, skip link, h1. */
void html_begin(struct gim_buf *b, gim_str title);
/** The data for the script (JSON, made safe for a script element), the scripts, the end. */
void html_end(struct gim_buf *b, gim_str json);

/** A section with an id and an h2; its end. `title` is HTML. */
void html_section(struct gim_buf *b, const char *id, const char *title);
void html_section_end(struct gim_buf *b);

/** A table in its box: html_column for each, html_columns_end, rows, html_table_end. `id` or NULL. */
void html_table_begin(struct gim_buf *b, const char *id, gim_str caption);
void html_column(struct gim_buf *b, gim_str title);
void html_column_text(struct gim_buf *b, gim_str title); /* of texts, not of figures */
void html_columns_end(struct gim_buf *b);
/** These in one: `columns` ends with NULL; '<' before a title marks a column of texts. Rows follow. */
void html_table(struct gim_buf *b, const char *id, gim_str caption, const char *const *columns);
void html_table_end(struct gim_buf *b);
/** A row's header cell; cells follow, then html_row_end. */
void html_row(struct gim_buf *b, gim_str name);
void html_row_end(struct gim_buf *b);
void html_cell(struct gim_buf *b, gim_str text);
/** A cell of text rather than figures: it is broken into lines. */
void html_cell_text(struct gim_buf *b, gim_str text);
/** A row of a name and a text. */
void html_pair(struct gim_buf *b, const char *name, gim_str text);

/** Whether Chart.js was there when the program was built. */
bool html_has_charts(void);
/** A sentence that says so when it was not. */
void html_chart_note(struct gim_buf *b);

/* A chart: page.js draws it from the page's data by `kind` and `at`. */
struct html_chart {
    const char *kind;  /* "bars", "latency", "rounds", "percentiles", "histogram" */
    int at;            /* the group */
    gim_str title;     /* of the figure */
    const char *about; /* how to read it; HTML */
    const char *table; /* the id of the section or table with the same figures */
};
/** Opens it; choices may follow; then the end. */
void html_chart(struct gim_buf *b, const struct html_chart *c);
void html_choices(struct gim_buf *b, const char *label);
void html_choice(struct gim_buf *b, size_t value, gim_str text, bool chosen);
void html_choices_end(struct gim_buf *b);
void html_chart_end(struct gim_buf *b, const struct html_chart *c);

/** JSON: [[x, ns], ...] for a log axis of percentiles: x = 1 / (1 - p), as far as the samples tell. */
void html_json_percentiles(struct gim_buf *b, const struct gim_histogram *h);

#endif
