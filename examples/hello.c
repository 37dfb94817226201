/* hello.c: one typed resource, whole. Try: curl -d '{"name":"Ada"}' localhost:8080/greetings */
#include <gimlet.h>
struct greeting {
    gim_str word, name, text;
};
static const struct gim_field fields[] = {
    GIM_STR(struct greeting, word, .def = "\"Hello\"", .max_len = 12, .write_only = true),
    GIM_STR(struct greeting, name, .required = true, .min_len = 1, .max_len = 40),
    GIM_STR(struct greeting, text, .read_only = true),
};
static const struct gim_schema schema = GIM_SCHEMA("Greeting", struct greeting, fields);

static int greet(struct gim_ctx *c)
{
    struct greeting *g = gim_body(c); /* bound and valid, or the client has its 400 or 422 */
    g->text = gim_printf(gim_arena(c), "%.*s, %.*s!", GIM_FMT(g->word), GIM_FMT(g->name));
    return gim_reply(c, 200, &schema, g);
}
static const struct gim_route routes[] = {GIM_POST("/greetings", greet, .body = &schema), {0}};

int main(int argc, char **argv)
{
    return gim_main(argc, argv, .name = "hello", .routes = routes);
}
