/* html.c: the parts of a page. One file holds all: style, script, Chart.js and data lie inside, and a
 * policy in the head forbids the network, so that the page is the same offline in ten years.
 *
 * Every text that is not ours goes through html_text. Data for the script is JSON in which no '<' is
 * left, so that nothing in it can end the element it stands in. */
#include "html.h"
#include <math.h>
#include <stdarg.h>
#include <stdio.h>

#define STEPS 8 /* points of the percentile axis, a decade */
#define DECADES 6

extern const char html_css[], html_js[], html_chart_js[]; /* html_assets.S */
extern const uint64_t html_css_len, html_js_len, html_chart_js_len;

/* ---- texts ----------------------------------------------------------------------------------- */

/* Controls other than tab and line feed are nothing that HTML may hold. */
static void put_char(struct gim_buf *b, char c)
{
    switch (c) {
    case '&':
        gim_buf_lit(b, "&amp;");
        break;
    case '<':
        gim_buf_lit(b, "&lt;");
        break;
    case '>':
        gim_buf_lit(b, "&gt;");
        break;
    case '"':
        gim_buf_lit(b, "&quot;");
        break;
    case '\'':
        gim_buf_lit(b, "&#39;");
        break;
    default:
        gim_buf_char(b, ((unsigned char)c < ' ' && c != '\t' && c != '\n') || c == 0x7f ? '?' : c);
    }
}

void html_text(struct gim_buf *b, gim_str text)
{
    for (size_t i = 0; i < text.len; i++)
        put_char(b, text.ptr[i]);
}

void html_format(struct gim_buf *b, const char *fmt, ...)
{
    char text[512];
    va_list args;

    va_start(args, fmt);
    vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    html_text(b, gim_str_of(text));
}

/* ---- the page -------------------------------------------------------------------------------- */

void html_begin(struct gim_buf *b, gim_str title)
{
    gim_buf_lit(b, "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
                   "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "
                   "style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data:\">\n"
                   "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
                   "<meta name=\"color-scheme\" content=\"light dark\">\n"
                   "<meta name=\"generator\" content=\"proof " GIM_VERSION "\">\n"
                   "<link rel=\"icon\" href=\"data:,\">\n<title>");
    html_text(b, title);
    gim_buf_lit(b, "</title>\n<style>\n");
    gim_buf_add(b, html_css, (size_t)html_css_len);
    gim_buf_lit(b, "</style>\n</head>\n<body>\n<a class=\"skip\" href=\"#content\">To the "
                   "figures</a>\n<main id=\"content\" tabindex=\"-1\">\n<h1>");
    html_text(b, title);
    gim_buf_lit(b, "</h1>\n");
}

static void put_json(struct gim_buf *b, gim_str json)
{
    for (size_t i = 0; i < json.len; i++) {
        if (json.ptr[i] == '<')
            gim_buf_lit(b, "\\u003c");
        else
            gim_buf_char(b, json.ptr[i]);
    }
}

void html_end(struct gim_buf *b, gim_str json)
{
    gim_buf_lit(b, "</main>\n<script type=\"application/json\" id=\"data\">");
    put_json(b, json);
    gim_buf_lit(b, "</script>\n");
    if (html_has_charts()) {
        gim_buf_lit(b, "<script>\n");
        gim_buf_add(b, html_chart_js, (size_t)html_chart_js_len);
        gim_buf_lit(b, "</script>\n");
    }
    gim_buf_lit(b, "<script>\n");
    gim_buf_add(b, html_js, (size_t)html_js_len);
    gim_buf_lit(b, "</script>\n</body>\n</html>\n");
}

void html_section(struct gim_buf *b, const char *id, const char *title)
{
    gim_buf_printf(
        b, "<section id=\"%s\" aria-labelledby=\"%s-title\">\n<h2 id=\"%s-title\">%s</h2>\n", id,
        id, id, title);
}

void html_section_end(struct gim_buf *b)
{
    gim_buf_lit(b, "</section>\n");
}

/* ---- tables ---------------------------------------------------------------------------------- */

void html_table_begin(struct gim_buf *b, const char *id, gim_str caption)
{
    gim_buf_lit(b, "<div class=\"wide\" role=\"region\" tabindex=\"0\" aria-label=\"");
    html_text(b, caption);
    gim_buf_lit(b, "\">\n<table");
    if (id)
        gim_buf_printf(b, " id=\"%s\"", id);
    gim_buf_lit(b, ">\n<caption><span>");
    html_text(b, caption);
    gim_buf_lit(b, "</span></caption>\n<thead><tr>");
}

void html_column(struct gim_buf *b, gim_str title)
{
    gim_buf_lit(b, "<th scope=\"col\">");
    html_text(b, title);
    gim_buf_lit(b, "</th>");
}

void html_column_text(struct gim_buf *b, gim_str title)
{
    gim_buf_lit(b, "<th scope=\"col\" class=\"text\">");
    html_text(b, title);
    gim_buf_lit(b, "</th>");
}

void html_columns_end(struct gim_buf *b)
{
    gim_buf_lit(b, "</tr></thead>\n<tbody>\n");
}

void html_table(struct gim_buf *b, const char *id, gim_str caption, const char *const *columns)
{
    html_table_begin(b, id, caption);
    for (; *columns; columns++) {
        if (**columns == '<')
            html_column_text(b, gim_str_of(*columns + 1));
        else
            html_column(b, gim_str_of(*columns));
    }
    html_columns_end(b);
}

void html_table_end(struct gim_buf *b)
{
    gim_buf_lit(b, "</tbody>\n</table>\n</div>\n");
}

void html_row(struct gim_buf *b, gim_str name)
{
    gim_buf_lit(b, "<tr><th scope=\"row\">");
    html_text(b, name);
    gim_buf_lit(b, "</th>");
}

void html_row_end(struct gim_buf *b)
{
    gim_buf_lit(b, "</tr>\n");
}

void html_cell(struct gim_buf *b, gim_str text)
{
    gim_buf_lit(b, "<td>");
    html_text(b, text);
    gim_buf_lit(b, "</td>");
}

void html_cell_text(struct gim_buf *b, gim_str text)
{
    gim_buf_lit(b, "<td class=\"text\">");
    html_text(b, text);
    gim_buf_lit(b, "</td>");
}

void html_pair(struct gim_buf *b, const char *name, gim_str text)
{
    html_row(b, gim_str_of(name));
    html_cell_text(b, text);
    html_row_end(b);
}

/* ---- charts ---------------------------------------------------------------------------------- */

bool html_has_charts(void)
{
    return html_chart_js_len > 0;
}

void html_chart_note(struct gim_buf *b)
{
    if (html_has_charts())
        gim_buf_lit(b, "<noscript><p>The charts need JavaScript; every figure is in the tables.</p>"
                       "</noscript>\n");
    else
        gim_buf_lit(b, "<p>The charts were left out: Chart.js (libjs-chart.js) was not there when "
                       "proof was built. Every figure is in the tables.</p>\n");
}

void html_chart(struct gim_buf *b, const struct html_chart *c)
{
    gim_buf_printf(b, "<figure data-chart=\"%s\" data-at=\"%d\">\n<figcaption><strong>", c->kind,
                   c->at);
    html_text(b, c->title);
    gim_buf_printf(b, "</strong> %s</figcaption>\n", c->about);
}

void html_choices(struct gim_buf *b, const char *label)
{
    gim_buf_printf(b, "<label>%s <select>\n", label);
}

void html_choice(struct gim_buf *b, size_t value, gim_str text, bool chosen)
{
    gim_buf_printf(b, "<option value=\"%zu\"%s>", value, chosen ? " selected" : "");
    html_text(b, text);
    gim_buf_lit(b, "</option>\n");
}

void html_choices_end(struct gim_buf *b)
{
    gim_buf_lit(b, "</select></label>\n");
}

void html_chart_end(struct gim_buf *b, const struct html_chart *c)
{
    gim_buf_lit(b, "<div class=\"canvas\"><canvas role=\"img\" aria-label=\"");
    html_text(b, c->title);
    gim_buf_printf(b,
                   "\"></canvas></div>\n<p class=\"aside\"><a href=\"#%s\">The same figures as a "
                   "table</a></p>\n</figure>\n",
                   c->table);
}

void html_json_percentiles(struct gim_buf *b, const struct gim_histogram *h)
{
    gim_buf_char(b, '[');
    for (int i = 0; i <= STEPS * DECADES; i++) {
        double x = pow(10, (double)i / STEPS);

        if ((double)h->total < x)
            break; /* no success lies beyond it */
        gim_buf_printf(b, "%s[%.6g,%lld]", i ? "," : "", x,
                       (long long)gim_histogram_percentile(h, 100 - 100 / x));
    }
    gim_buf_char(b, ']');
}
