/* chat.c: a chat room over WebSocket, with its page: open http://localhost:8080/#Ada and /#Bob in two windows.
 *
 * Everybody is told what anybody says, whichever worker they are on. Notices may come from outside too:
 *   curl -d 'tea is ready' localhost:8080/notices */
#include <gimlet.h>

struct chat {
    struct gim_websocket_group *room;
};
struct guest {
    gim_str name; /* bound from the path, in the connection's memory */
};
static const struct gim_field guest_fields[] = {
    GIM_STR(struct guest, name, .min_len = 1, .max_len = 40)};
static const struct gim_schema guest_schema = GIM_SCHEMA("Guest", struct guest, guest_fields);

static const char page[] =
    "<!doctype html><meta charset=utf-8><title>chat</title>\n"
    "<style>body{font:16px sans-serif;max-width:40em;margin:2em auto}input{width:100%}</style>\n"
    "<h1>chat</h1><ul id=said></ul><form><input autofocus placeholder='say something'></form>\n"
    "<script>\n"
    "const said = document.querySelector('ul'), input = document.querySelector('input');\n"
    "const name = location.hash.slice(1) || 'guest';\n"
    "const ws = new WebSocket(location.origin.replace('http', 'ws') + '/chat/' + name, "
    "'chat.v1');\n"
    "const show = (text) => said.append(Object.assign(document.createElement('li'), {textContent: "
    "text}));\n"
    "ws.onmessage = (e) => show(e.data);\n"
    "ws.onclose = (e) => show('the connection has ended: ' + e.code + ' ' + e.reason);\n"
    "document.forms[0].onsubmit = (e) => { e.preventDefault(); ws.send(input.value); input.value = "
    "''; };\n"
    "</script>\n";

static int show_page(struct gim_ctx *c)
{
    return gim_bytes(c, 200, GIM_S("text/html; charset=utf-8"), (gim_str){page, sizeof page - 1});
}

/* To everybody; memory of `a`. 0, or -1 when it was not sent. */
static int tell(struct gim_ctx *c, struct gim_arena *a, gim_str who, const char *what, gim_str text)
{
    struct chat *chat = gim_state(c);
    gim_str line = gim_printf(a, "%.*s%s%.*s", GIM_FMT(who), what, GIM_FMT(text));

    return gim_websocket_broadcast(chat->room, GIM_WEBSOCKET_TEXT, line);
}

static void came(struct gim_websocket *ws)
{
    struct gim_ctx *c = gim_websocket_request(ws);
    struct chat *chat = gim_state(c);
    const struct guest *g = gim_websocket_data(ws);

    gim_websocket_join(ws, chat->room);
    (void)tell(c, gim_websocket_arena(ws), g->name, " has come", GIM_S(""));
}

static void said(struct gim_websocket *ws, enum gim_websocket_kind kind, gim_str bytes)
{
    const struct guest *g = gim_websocket_data(ws);

    if (kind != GIM_WEBSOCKET_TEXT)
        gim_websocket_close(ws, GIM_WEBSOCKET_NOT_TAKEN, GIM_S("this room takes text"));
    else if (tell(gim_websocket_request(ws), gim_websocket_arena(ws), g->name, ": ", bytes))
        gim_websocket_close(ws, GIM_WEBSOCKET_BUSY, GIM_S("too much is said here"));
}

static void went(struct gim_websocket *ws, int code, gim_str reason)
{
    const struct guest *g = gim_websocket_data(ws);

    (void)code;
    (void)reason;
    (void)tell(gim_websocket_request(ws), gim_websocket_arena(ws), g->name, " has gone", GIM_S(""));
}

static const char *const protocols[] = {"chat.v1", NULL};
static const struct gim_websocket_events events = {
    .on_open = came,
    .on_message = said,
    .on_close = went,
    .protocols = protocols,
    .max_message = 4096,
    .max_unsent = 65536,
    .close = 1000,
};

static int chat(struct gim_ctx *c)
{
    return gim_websocket(c, &events, gim_path(c));
}

static int post_notice(struct gim_ctx *c)
{
    if (tell(c, gim_arena(c), GIM_S("notice"), ": ", gim_body_bytes(c)))
        return gim_problem(c, 422, NULL, "a notice is UTF-8, and not one of too many");
    return gim_empty(c, 202);
}

static const struct gim_route routes[] = {
    GIM_GET("/", show_page),
    GIM_WEBSOCKET("/chat/:name", chat, .path = &guest_schema, .summary = "Join the room"),
    GIM_POST("/notices", post_notice, .body_raw = true, .max_body = 4096, .status = 202),
    {0},
};

static int start(struct gim_app *app, void *state)
{
    struct chat *chat = state;

    (void)app;
    chat->room = gim_websocket_group_new();
    return 0;
}

static void stop(void *state)
{
    struct chat *chat = state;

    gim_websocket_group_free(chat->room);
}

int main(int argc, char **argv)
{
    static struct chat state;

    return gim_main(argc, argv, .name = "chat", .about = "A chat room over WebSocket.",
                    .routes = routes, .state = &state, .start = start, .stop = stop);
}
