/* news.c: what one says, all hear: server-sent events of one topic, resumed by id. Open / in two
 * browsers, or:
 *   curl -N localhost:8080/events
 *   curl -d '{"by":"Ada","text":"hello"}' localhost:8080/news */
#include <gimlet.h>

struct item {
    gim_str by, text;
};
static const struct gim_field fields[] = {
    GIM_STR(struct item, by, .required = true, .min_len = 1, .max_len = 20),
    GIM_STR(struct item, text, .required = true, .min_len = 1, .max_len = 500),
};
static const struct gim_schema item_schema = GIM_SCHEMA("Item", struct item, fields);

static struct gim_topic *news;
static const struct gim_topic_options news_options = {.max_events = 500, .replay = 20};

static int say(struct gim_ctx *c)
{
    gim_topic_publish_json(news, &(struct gim_sse){0}, &item_schema, gim_body(c));
    return gim_empty(c, 204);
}

static int hear(struct gim_ctx *c)
{
    return gim_topic_subscribe(c, news);
}

static const char page_text[] =
    "<!doctype html><title>news</title>\n"
    "<form><input id=by value=guest><input id=text autofocus><button>say</button></form><ul></ul>\n"
    "<script>\n"
    "new EventSource('/events').onmessage = e => {\n"
    "  const item = JSON.parse(e.data), line = document.createElement('li');\n"
    "  line.textContent = item.by + ': ' + item.text;\n"
    "  document.querySelector('ul').prepend(line);\n"
    "};\n"
    "document.forms[0].onsubmit = e => {\n"
    "  e.preventDefault();\n"
    "  fetch('/news', {method: 'POST', body: JSON.stringify({by: by.value, text: text.value})});\n"
    "  text.value = '';\n"
    "};\n"
    "</script>\n";

static int page(struct gim_ctx *c)
{
    return gim_bytes(c, 200, GIM_S("text/html; charset=utf-8"), gim_str_of(page_text));
}

static const struct gim_route routes[] = {
    GIM_GET("/", page),
    GIM_GET("/events", hear, .streams = true),
    GIM_POST("/news", say, .body = &item_schema),
    {0},
};

static int start(struct gim_app *app, void *state)
{
    (void)app;
    (void)state;
    news = gim_topic_new(&news_options);
    return 0;
}

static void stop(void *state)
{
    (void)state;
    gim_topic_free(news);
}

int main(int argc, char **argv)
{
    return gim_main(argc, argv, .name = "news", .routes = routes, .start = start, .stop = stop);
}
