/* What the fragments of README.md and the guide may use: a shelf of books. */
#include <gimlet.h>
#include <stdio.h>

struct book {
    gim_str isbn, title;
    int64_t pages;
    gim_array tags;
    gim_time changed_at;
};
static const struct gim_field book_fields[] = {
    GIM_STR(struct book, isbn, .required = true),
    GIM_STR(struct book, title, .required = true),
    GIM_INT(struct book, pages),
    GIM_ARRAY(struct book, tags, .items = GIM_ITEM_STR(.max_len = 20)),
    GIM_TIME(struct book, changed_at, .read_only = true),
};
static const struct gim_schema book_schema = GIM_SCHEMA("Book", struct book, book_fields);

struct page_query {
    int64_t limit;
    gim_str after;
};
static const struct gim_field page_query_fields[] = {
    GIM_INT(struct page_query, limit, .def = "20"),
    GIM_STR(struct page_query, after),
};
static const struct gim_schema page_query_schema =
    GIM_SCHEMA("Page", struct page_query, page_query_fields);

struct shelf {
    int64_t max_books;
    bool lend;
};
bool shelf_find(struct shelf *s, gim_str isbn, struct book *out);
bool shelf_add(struct shelf *s, const struct book *b);
void shelf_put(struct shelf *s, const struct book *b);
gim_str book_version(struct gim_ctx *c, const struct book *b);

struct user {
    gim_str name;
};
struct user *user_of_token(struct gim_ctx *c, gim_str token);

struct lookup {
    gim_handle handle;
    gim_str isbn;
    struct book found;
    bool failed;
};
void lookup_start(struct lookup *l);
void lookup_stop(struct lookup *l);
static const char lookup_key;
