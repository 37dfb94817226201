/* wrap.c: greedy filling of lines, a word at a time. */
#include "wrap.h"

void gim_put_spaces(struct gim_buf *b, size_t n)
{
    while (n--)
        gim_buf_char(b, ' ');
}

void gim_put_column(struct gim_buf *b, size_t start, size_t to)
{
    size_t width = b->len - start;

    if (width + 1 > to) {
        gim_buf_char(b, '\n');
        width = 0;
    }
    gim_put_spaces(b, to - width);
}

void gim_put_wrapped(struct gim_buf *b, size_t left, gim_str text)
{
    size_t column = left;

    while (text.ptr) {
        gim_str word = gim_str_cut(&text, ' ');

        if (column > left && column + 1 + word.len > GIM_WRAP_COLUMNS) {
            gim_buf_char(b, '\n');
            gim_put_spaces(b, left);
            column = left;
        } else if (column > left) {
            gim_buf_char(b, ' ');
            column++;
        }
        gim_buf_str(b, word);
        column += word.len;
    }
    gim_buf_char(b, '\n');
}
