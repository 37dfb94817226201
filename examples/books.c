/* books.c: an API that describes itself: read and try it at http://localhost:8080/docs, or
 *   books --openapi
 *   curl -H 'Authorization: Bearer letmein' -d '{"title":"K&R","pages":272}' localhost:8080/books */
#include <gimlet.h>

#define BOOKS_MAX 5000

struct book {
    int64_t id, pages;
    gim_str title;
    int shelf;
};
static const char *const shelves[] = {"fiction", "science", NULL};
static const struct gim_field book_fields[] = {
    GIM_INT(struct book, id, .read_only = true, .doc = "Given by the service."),
    GIM_STR(struct book, title, .required = true, .min_len = 1, .max_len = 80,
            .doc = "As on the cover.", .example = "\"The C Programming Language\""),
    GIM_INT(struct book, pages, GIM_MIN(1), GIM_MAX(100000), .def = "1", .example = "272"),
    GIM_ENUM(struct book, shelf, .names = shelves, .def = "\"fiction\""),
};
static const struct gim_schema book_schema =
    GIM_SCHEMA("Book", struct book, book_fields, .doc = "A book on a shelf.");

struct key {
    int64_t id;
};
static const struct gim_field key_fields[] = {GIM_INT(struct key, id, GIM_MIN(1), .example = "1")};
static const struct gim_schema key_schema = GIM_SCHEMA("Key", struct key, key_fields);

struct library {
    char titles[BOOKS_MAX][324]; /* 80 characters of at most 4 bytes, and the end */
    struct book books[BOOKS_MAX];
    int64_t n;
};

/* Who may write. A program of more than an example reads the token from an option. */
static const struct gim_security token = {
    .name = "token", .type = "http", .scheme = "bearer", .doc = "It is `letmein`."};

static int ask_token(struct gim_ctx *c)
{
    if (gim_str_eq(gim_header(c, GIM_S("Authorization")), GIM_S("Bearer letmein")))
        return GIM_OK;
    (void)gim_set_header(c, GIM_S("WWW-Authenticate"), GIM_S("Bearer"));
    return gim_problem(c, 401, NULL, "send the token");
}
static const struct gim_middleware writer = {"writer", ask_token, NULL, .security = &token};
static const struct gim_middleware *const writers[] = {&writer, NULL};

static int add_book(struct gim_ctx *c)
{
    struct library *l = gim_state(c);
    struct book *b = gim_body(c);

    if (l->n == BOOKS_MAX)
        return gim_problem(c, 507, "full", "there is room for %d books", BOOKS_MAX);
    memcpy(l->titles[l->n], b->title.ptr,
           b->title.len); /* what came lives as long as the request */
    b->title.ptr = l->titles[l->n];
    l->books[l->n++] = *b;
    b->id = l->books[l->n - 1].id = l->n;
    (void)gim_set_header(c, GIM_S("Location"), gim_printf(gim_arena(c), "/books/%d", (int)b->id));
    return gim_reply(c, 201, &book_schema, b);
}

static int read_book(struct gim_ctx *c)
{
    const struct library *l = gim_state(c);
    const struct key *k = gim_path(c);

    if (k->id > l->n)
        return gim_problem(c, 404, NULL, "there is no book %lld", (long long)k->id);
    return gim_reply(c, 200, &book_schema, &l->books[k->id - 1]);
}

static const struct gim_answer full[] = {{507, .doc = "There is no room for more."}, {0}};
static const struct gim_header_note where[] = {{"Location", "The book's path.", 201, true}, {0}};

static const struct gim_route routes[] = {
    GIM_POST("/books", add_book, .body = &book_schema, .reply = &book_schema, .middleware = writers,
             .summary = "Add a book", .doc = "It stands behind those that are there.",
             .id = "add_book", .answers = full, .headers = where),
    GIM_GET("/books/:id", read_book, .path = &key_schema, .reply = &book_schema,
            .summary = "Read a book", .id = "read_book"),
    {0},
};

static const struct gim_tag tags[] = {{"books", "All that stand on the shelves."}, {0}};
static const struct gim_openapi api =
    GIM_OPENAPI(.title = "Library", .doc = "Books, in memory.\n\nWriting asks for a **token**.",
                .contact_name = "The librarian", .license = "MIT", .tags = tags);

int main(int argc, char **argv)
{
    static struct library library;

    return gim_main(argc, argv, .name = "books", .version = "1.0", .routes = routes,
                    .state = &library, .openapi = &api, .workers = 1);
}
