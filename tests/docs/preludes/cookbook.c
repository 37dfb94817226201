/* For the cookbook: a shelf of books, and what its recipes ask of a store, a mailer, a database. */
#include "routes.c"

struct books_page {
    gim_array items; /* of struct book */
    gim_str next;
};
static const struct gim_field books_page_fields[] = {
    GIM_ARRAY(struct books_page, items, .items = GIM_ITEM_OBJECT(struct book, &book_schema)),
    GIM_STR(struct books_page, next, .nullable = true),
};
static const struct gim_schema books_page_schema =
    GIM_SCHEMA("Books", struct books_page, books_page_fields);

/* At most `max` books behind the isbn `after`, in order of isbn; how many. Any thread. */
size_t shelf_list(struct shelf *s, gim_str after, struct book *out, size_t max);
/* Changes the book only if its version is still that one. */
bool shelf_swap(struct shelf *s, gim_str version, const struct book *b);
/* The answer that was kept under a key, or absent; keeps one. */
gim_str answer_find(struct shelf *s, gim_str key);
void answer_keep(struct shelf *s, gim_str key, gim_str json);
bool password_is_right(gim_str user, gim_str password);
int send_mail(const char *to, const char *text); /* takes its time */
bool database_answers(void);
