/* header.c: -H, as hey and Go's net/http treat it.
 *
 * Names are written in their canonical form ("content-type" is sent as Content-Type) and the last of
 * a name holds. Fields that frame the message are not the user's: hey drops them silently, we drop
 * them and say so, so that published commands still run. */
#include "header.h"
#include "../../gimlet/http/chars.h"

/* Fields that are made, not given. */
static const struct {
    const char *name, *note;
} made[] = {
    {"Content-Length", "is left out: it comes from the body"},
    {"Transfer-Encoding", "is left out: the body is sent with its length"},
    {"Trailer", "is left out: the body is sent with its length"},
};

static const char *note_of_made(gim_str name)
{
    for (size_t i = 0; i < sizeof made / sizeof made[0]; i++) {
        if (gim_str_eq_fold(name, gim_str_of(made[i].name)))
            return made[i].note;
    }
    return NULL;
}

static bool has_controls(gim_str s)
{
    for (size_t i = 0; i < s.len; i++) {
        if (gim_char_is(s.ptr[i], GIM_CHAR_CTL))
            return true;
    }
    return false;
}

/* "x-request-id" is "X-Request-Id". */
static gim_str canonical(struct gim_arena *a, gim_str name)
{
    gim_str copy = gim_dup(a, name);
    char *to = gim_alloc(a, name.len + 1);
    bool first = true;

    for (size_t i = 0; i < copy.len; i++) {
        char c = copy.ptr[i];

        if (first && c >= 'a' && c <= 'z')
            c = (char)(c - 'a' + 'A');
        else if (!first && c >= 'A' && c <= 'Z')
            c = (char)(c - 'A' + 'a');
        to[i] = c;
        first = c == '-';
    }
    return (gim_str){to, copy.len};
}

static void put(struct load_plan *p, gim_str name, gim_str value)
{
    struct plan_header *grown;

    for (size_t i = 0; i < p->n_headers; i++) {
        if (gim_str_eq_fold(p->headers[i].name, name)) {
            p->headers[i].value = value;
            return;
        }
    }
    grown = GIM_NEW_N(&p->memory, struct plan_header, p->n_headers + 1);
    if (p->n_headers)
        memcpy(grown, p->headers, p->n_headers * sizeof *grown);
    grown[p->n_headers++] = (struct plan_header){canonical(&p->memory, name), value};
    p->headers = grown;
}

int header_take(struct load_plan *p, const char *line, const char **why, const char **note)
{
    gim_str value = gim_str_of(line);
    gim_str name = gim_str_cut(&value, ':');

    value = gim_str_trim(value);
    *note = NULL;
    *why = "expected 'Name: value'";
    if (!value.ptr || !value.len || !gim_is_token(name))
        return -1;
    *why = "a value holds no line breaks or other controls";
    if (has_controls(value))
        return -1;
    *note = note_of_made(name);
    if (*note)
        return 0;
    if (gim_str_eq_fold(name, GIM_S("Host"))) {
        if (!p->host)
            p->host = value.ptr;
        return 0;
    }
    if (gim_str_eq_fold(name, GIM_S("Connection"))) {
        p->no_keepalive |= gim_str_eq_fold(value, GIM_S("close"));
        *note = p->no_keepalive ? NULL : "is left out: connections are kept alive anyway";
        return 0;
    }
    put(p, name, value);
    return 0;
}
