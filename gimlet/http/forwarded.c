/* forwarded.c: the address of a client behind proxies, when some of what is said may be a lie.
 *
 * Each proxy appends the address it was called from. So the last entry was written by whoever holds
 * the connection, the one before it by the machine that the last entry names, and so on: an entry is
 * worth as much as its right neighbour. Read from the right, the first address that is not a trusted
 * proxy is the client, and everything to the left of it is only the client's word.
 *
 * This is done in one pass from the left: a trusted address leaves what was found before it, any
 * other replaces it, and text that is no address ("unknown", "_hidden") makes it unknown, so that the
 * next address on the right, which reported that text, takes its place.
 *
 * The client chooses the left part of a line and may leave a quote open there. An element that cannot
 * be read ends at its first comma, quoted or not, so that it cannot swallow what a proxy appended. */
#include "forwarded.h"
#include "chars.h"

/* ---- trust ------------------------------------------------------------------------------------- */

gim_str gim_trusted_read(struct gim_trusted *t, gim_str text)
{
    gim_str wrong = {0};

    *t = (struct gim_trusted){.n = 0};
    if (!text.len)
        return wrong;
    while (text.ptr) {
        gim_str entry = gim_str_trim(gim_str_cut(&text, ','));

        if (gim_str_eq(entry, GIM_S("unix")))
            t->local = true;
        else if (t->n < GIM_TRUSTED_MAX && !gim_network_read(entry, &t->networks[t->n]))
            t->n++;
        else if (!wrong.ptr)
            wrong = entry;
    }
    return wrong;
}

static bool is_trusted(const struct gim_trusted *t, const struct gim_address *a)
{
    for (unsigned i = 0; i < t->n; i++) {
        if (gim_address_in(a, &t->networks[i]))
            return true;
    }
    return false;
}

void gim_forwarded_next(struct gim_forwarded *f, const struct gim_address *a)
{
    if (f->known && is_trusted(f->trusted, a))
        return;
    f->client = *a;
    f->known = true;
}

/* ---- one node ---------------------------------------------------------------------------------- */

/* "192.0.2.1", "192.0.2.1:4711", "[2001:db8::1]", "[2001:db8::1]:4711", "2001:db8::1". The port is
 * dropped unread: it is the address that counts. */
static gim_str without_port(gim_str s)
{
    gim_str port = s, host = gim_str_cut(&port, ':');

    if (s.len && s.ptr[0] == '[') {
        s.ptr++;
        s.len--;
        s.len = gim_str_find(s, ']');
        return s;
    }
    return gim_str_find(port, ':') == port.len ? host : s; /* two colons: IPv6, bare */
}

static void next_node(struct gim_forwarded *f, gim_str node)
{
    struct gim_address a;

    if (gim_address_read(without_port(node), &a))
        f->known = false;
    else
        gim_forwarded_next(f, &a);
}

void gim_forwarded_list(struct gim_forwarded *f, gim_str line)
{
    while (line.ptr) {
        gim_str node = gim_str_trim(gim_str_cut(&line, ','));

        if (node.len)
            next_node(f, node);
    }
}

/* ---- Forwarded --------------------------------------------------------------------------------- */

static void skip(gim_str *s, size_t n)
{
    s->ptr += n;
    s->len -= n;
}

static void skip_ows(gim_str *s)
{
    while (s->len && (*s->ptr == ' ' || *s->ptr == '\t'))
        skip(s, 1);
}

/* Takes `"..."` or what stands before the next delimiter. Escapes are not undone: no address needs
 * one. 0, or -1. */
static int take_value(gim_str *s, gim_str *value)
{
    size_t n = 0;

    if (s->len && *s->ptr == '"') {
        skip(s, 1);
        for (; n < s->len && s->ptr[n] != '"'; n++) {
            if (s->ptr[n] == '\\')
                n++;
        }
        if (n >= s->len)
            return -1;
        *value = (gim_str){s->ptr, n};
        skip(s, n + 1);
        return 0;
    }
    while (n < s->len && !strchr("\",; \t", s->ptr[n]))
        n++;
    *value = (gim_str){s->ptr, n};
    skip(s, n);
    return n ? 0 : -1;
}

/* Takes `name=value` and the delimiter behind it; `*last` when that was no ';'. */
static int take_pair(gim_str *s, gim_pair *pair, bool *last)
{
    size_t n = 0;

    skip_ows(s);
    while (n < s->len && gim_char_is(s->ptr[n], GIM_CHAR_TOKEN))
        n++;
    pair->key = (gim_str){s->ptr, n};
    skip(s, n);
    if (!n || !s->len || *s->ptr != '=')
        return -1;
    skip(s, 1);
    if (take_value(s, &pair->value))
        return -1;
    skip_ows(s);
    *last = !s->len || *s->ptr == ',';
    if (!*last && *s->ptr != ';')
        return -1;
    if (s->len)
        skip(s, 1);
    return 0;
}

/* Takes an element and the comma behind it; its `for`, absent when there is none. 0, or -1. */
static int take_element(gim_str *s, gim_str *node)
{
    gim_pair pair;
    bool last = false;

    *node = (gim_str){0};
    while (!last) {
        if (take_pair(s, &pair, &last))
            return -1;
        if (gim_str_eq_fold(pair.key, GIM_S("for")))
            *node = pair.value;
    }
    return 0;
}

void gim_forwarded_line(struct gim_forwarded *f, gim_str line)
{
    gim_str node;

    while (line.len) {
        gim_str after = line;

        if (take_element(&after, &node)) {
            after = line;
            (void)gim_str_cut(&after, ',');
            node = (gim_str){0};
        }
        line = after;
        next_node(f, node);
    }
}
