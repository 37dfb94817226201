/* For fragments that name handlers, tables and an application but do not define them. */
#include "book.c"

gim_handler create_book, read_book, change_book, list_books, make_report, look_up;
extern const struct gim_middleware need_token;
extern const struct gim_middleware *const token_check[];
extern const struct gim_route book_routes[], admin_routes[];
