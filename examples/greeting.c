/* greeting.c: one resource in three media types and three languages, whichever the client wants.
 *   curl localhost:8080/greeting
 *   curl -H 'Accept: text/html' -H 'Accept-Language: de-AT, fr;q=0.5' localhost:8080/greeting */
#include <gimlet.h>

static const char *const languages[] = {"en", "de", "fr", NULL};
static const char *const words[] = {"Good morning!", "Guten Morgen!", "Bonjour !"};
static const char *const kinds[] = {"application/json", "text/plain; charset=utf-8",
                                    "text/html; charset=utf-8", NULL};

struct greeting {
    gim_str language, text;
};
static const struct gim_field fields[] = {
    GIM_STR(struct greeting, language),
    GIM_STR(struct greeting, text),
};
static const struct gim_schema schema = GIM_SCHEMA("Greeting", struct greeting, fields);

static int greet(struct gim_ctx *c)
{
    int kind = gim_accepts(c, kinds), language = gim_accepts_language(c, languages);
    struct greeting g;

    if (kind < 0)
        return gim_not_acceptable(c, kinds);
    if (language < 0)
        language = 0; /* better English than nothing */
    g.language = gim_str_of(languages[language]);
    g.text = gim_str_of(words[language]);
    (void)gim_set_header(c, GIM_S("Content-Language"), g.language);
    switch (kind) {
    case 0:
        return gim_reply(c, 200, &schema, &g);
    case 1:
        return gim_text(c, 200, g.text);
    default:
        return gim_bytes(c, 200, gim_str_of(kinds[kind]),
                         gim_printf(gim_arena(c), "<p lang=\"%s\">%s</p>\n", languages[language],
                                    words[language]));
    }
}

static const struct gim_route routes[] = {GIM_GET("/greeting", greet, .reply = &schema), {0}};

int main(int argc, char **argv)
{
    return gim_main(argc, argv, .name = "greeting", .routes = routes);
}
