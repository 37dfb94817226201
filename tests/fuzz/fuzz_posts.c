/* fuzz_posts.c: the posts service over its memory store: a whole life of a post in requests.
 *
 * The first byte chooses. As a cursor, the input is taken by none or is the one text that its id and
 * filter have. Else it is a key, up to the first line break, and a body. What is refused has changed
 * nothing; what is accepted is read back as it was answered, is created once however often the request is
 * repeated, and is gone when it was deleted. A counter makes each key a new one. */
#include "../../posts/cursor.h"
#include "../../posts/ids.h"
#include "../../posts/routes.h"
#include "../../gimlet/base/arena.h"
#include "../../gimlet/base/buf.h"
#include "must.h"

static struct posts posts;
static struct gim_app *app;

static void try_cursor(gim_str in)
{
    struct gim_arena a = {0};
    gim_str author = {0}, text = in;
    int64_t before = 0, again = 0;
    bool by_author = memchr(in.ptr, '\n', in.len);

    if (by_author) {
        author = gim_str_cut(&in, '\n');
        text = in;
    }
    if (!cursor_read(text, author, &before))
        must(gim_str_eq(cursor_write(&a, before, author), text));
    for (size_t i = 0; i < text.len; i++)
        before = (int64_t)(((uint64_t)before * 31 + (unsigned char)text.ptr[i]) & INT64_MAX);
    text = cursor_write(&a, before, author);
    must(!cursor_read(text, author, &again) && again == before);
    must(cursor_read(text, by_author ? (gim_str){0} : GIM_S("x"), &again));
    gim_arena_reset(&a);
}

static struct gim_test_reply call(const char *method, gim_str target, gim_str key, gim_str body)
{
    struct gim_buf b = {0};
    struct gim_test_reply r;

    gim_buf_printf(&b, "%s %.*s HTTP/1.1\r\nHost: a\r\n", method, GIM_FMT(target));
    if (key.ptr) {
        gim_buf_lit(&b, "Idempotency-Key: ");
        gim_buf_str(&b, key);
        gim_buf_lit(&b, "\r\n");
    }
    if (body.ptr)
        gim_buf_printf(&b, "Content-Type: application/%s\r\nContent-Length: %zu\r\n\r\n",
                       *method == 'P' && method[1] == 'A' ? "merge-patch+json" : "json", body.len);
    else
        gim_buf_lit(&b, "\r\n");
    gim_buf_str(&b, body);
    r = gim_test_bytes(app, gim_buf_view(&b), 0);
    must(r.status && r.status != 500 && r.status < 504);
    gim_buf_free(&b);
    return r;
}

#define NOTHING ((gim_str){0})

static int status(const char *method, gim_str target, gim_str key, gim_str body)
{
    struct gim_test_reply r = call(method, target, key, body);
    int code = r.status;

    gim_test_free(&r);
    return code;
}

static void same(struct gim_test_reply a, const struct gim_test_reply *b, int code)
{
    must(a.status == code && gim_str_eq(a.body, b->body));
    gim_test_free(&a);
}

static void live(const struct gim_test_reply *made, gim_str key, gim_str body)
{
    gim_str at = gim_test_header(made, "Location");

    must(at.len >= 7 + 13);
    at = (gim_str){at.ptr + at.len - 7 - 13,
                   7 + 13}; /* without scheme and host, if they are there */
    must(memcmp(at.ptr, "/posts/", 7) == 0);
    same(call("GET", at, NOTHING, NOTHING), made, 200);
    if (key.ptr) {
        same(call("POST", GIM_S("/posts"), key, body), made, 201);
        must(status("POST", GIM_S("/posts"), key, GIM_S("{\"title\":\"other\",\"body\":\"b\"}")) ==
             422);
    }
    must(status("PATCH", at, NOTHING, body) == 200);
    must(status("PUT", at, NOTHING, body) == 200);
    must(status("PATCH", at, NOTHING, GIM_S("{\"title\":null}")) == 422);
    must(status("DELETE", at, NOTHING, NOTHING) == 204);
    must(status("GET", at, NOTHING, NOTHING) == 404);
}

static void try_life(gim_str in)
{
    static unsigned counter;
    char key[320];
    gim_str name = gim_str_cut(&in, '\n'), body = in;
    int n = name.len && name.len < 300
                ? snprintf(key, sizeof key, "%.*s-%u", GIM_FMT(name), ++counter)
                : 0;
    gim_str with = n ? (gim_str){key, (size_t)n} : NOTHING;
    struct gim_test_reply before = call("GET", GIM_S("/posts?limit=1"), NOTHING, NOTHING);
    struct gim_test_reply made;

    if (!body.ptr)
        body = GIM_S("");
    if (with.ptr && (strpbrk(key, "\r") || strlen(key) != with.len))
        with = NOTHING;
    made = call("POST", GIM_S("/posts"), with, body);
    if (made.status == 201)
        live(&made, with, body);
    same(call("GET", GIM_S("/posts?limit=1"), NOTHING, NOTHING), &before, 200);
    gim_test_free(&before);
    gim_test_free(&made);
}

static void start(void)
{
    const struct gim_app_spec spec = {.routes = posts_routes, .state = &posts};
    char err[512];

    posts.store = store_open("memory:", 1, &posts_host, err, sizeof err);
    app = posts.store ? gim_app_new(&spec, err, sizeof err) : NULL;
    must(app != NULL);
    must(status("POST", GIM_S("/posts"), NOTHING, GIM_S("{\"title\":\"first\",\"body\":\"b\"}")) ==
         201);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    unsigned which = fuzz_byte(&data, &size);
    char *copy;

    if (!app)
        start();
    copy = fuzz_copy(data, size);
    if (which & 1)
        try_cursor((gim_str){copy, size});
    else
        try_life((gim_str){copy, size});
    free(copy);
    return 0;
}
