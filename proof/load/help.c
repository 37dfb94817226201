/* help.c: --help and the man page, both from the rows of flags.c.
 *
 * --help fits 80 columns: names on the left, one sentence wrapped on the right, a group's rows
 * together. The man page says the same in roff; the texts around the rows are shared. */
#include "flags.h"
#include "../../gimlet/base/wrap.h"

#define RIGHT 25 /* where the sentences begin */

#define EXAMPLE "-n 200 -c 10 -m POST -D ./examples/post1.json http://localhost:8080/posts"

static const char *const about[] = {
    "Flags with one dash are hey's and mean what they mean there; those with two are ours. Either "
    "may "
    "be written with one or two, as -n 5 or -n=5, before the URL or after it.",
    "In the body, the path and the values of -H, {{seq}} becomes the number of the request, "
    "{{rand}} "
    "a random number and {{uuid}} a random UUID.",
    "Exit status: 0 after a run, whatever the answers were; 1 for wrong usage or a file that "
    "cannot be "
    "read; 2 for an unknown flag or a value that cannot be read; 99 when a check failed.",
};

/* "-k, --insecure", "-n N", "--json[=FILE]" */
static void put_names(struct gim_buf *b, const struct load_flag *f)
{
    if (f->alias)
        gim_buf_printf(b, "%s, ", f->alias);
    gim_buf_str(b, gim_str_of(f->name));
    if (f->kind == FLAG_JSON)
        gim_buf_printf(b, "[=%s]", f->word);
    else if (f->word)
        gim_buf_printf(b, " %s", f->word);
}

static void put_sentence(struct gim_buf *b, const struct load_flag *f)
{
    gim_buf_str(b, gim_str_of(f->help));
    if (f->def)
        gim_buf_printf(b, " [%s]", f->def);
}

static bool begins_group(const struct load_flag *f)
{
    return f == load_flags || strcmp(f[-1].group, f->group) != 0;
}

static void put_row(struct gim_buf *b, const struct load_flag *f)
{
    struct gim_buf text = {0};
    size_t start = b->len;

    gim_buf_lit(b, "  ");
    put_names(b, f);
    gim_put_column(b, start, RIGHT);
    put_sentence(&text, f);
    gim_put_wrapped(b, RIGHT, gim_buf_view(&text));
    gim_buf_free(&text);
}

void plan_help(struct gim_buf *b)
{
    gim_buf_lit(b, "proof load: sends HTTP requests and measures the answers, as hey does\n"
                   "Usage: proof load [flags] URL\n\n"
                   "  proof load -n 200 -c 10 -m POST -D ./examples/post1.json \\\n"
                   "    http://localhost:8080/posts\n");
    for (const struct load_flag *f = load_flags; f->name; f++) {
        if (!f->help)
            continue;
        if (begins_group(f))
            gim_buf_printf(b, "\n%s:\n", f->group);
        put_row(b, f);
    }
    for (size_t i = 0; i < sizeof about / sizeof about[0]; i++) {
        gim_buf_char(b, '\n');
        gim_put_wrapped(b, 0, gim_str_of(about[i]));
    }
}

/* ---- the man page ---------------------------------------------------------------------------- */

/* roff takes '-' for a hyphen, and a line that begins with '.' or '\'' for a request. */
static void put_roff(struct gim_buf *b, gim_str text)
{
    gim_buf_lit(b, "\\&");
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] == '-')
            gim_buf_lit(b, "\\-");
        else if (text.ptr[i] == '\'')
            gim_buf_lit(b, "\\(aq");
        else if (text.ptr[i] == '\\')
            gim_buf_lit(b, "\\e");
        else
            gim_buf_char(b, text.ptr[i]);
    }
    gim_buf_char(b, '\n');
}

static void put_man_row(struct gim_buf *b, const struct load_flag *f)
{
    struct gim_buf text = {0};

    gim_buf_lit(b, ".TP\n.B ");
    put_names(&text, f);
    put_roff(b, gim_buf_view(&text));
    text.len = 0;
    put_sentence(&text, f);
    put_roff(b, gim_buf_view(&text));
    gim_buf_free(&text);
}

void plan_man(struct gim_buf *b)
{
    gim_buf_lit(b,
                ".TH PROOF\\-LOAD 1 \"\" \"proof " GIM_VERSION "\" \"User Commands\"\n"
                ".SH NAME\nproof\\-load \\- send HTTP requests and measure the answers\n"
                ".SH SYNOPSIS\n.B proof load\n[flags] URL\n"
                ".SH DESCRIPTION\n"
                "Sends requests over several connections and prints the report of\n.BR hey (1),\n"
                "whose command line it takes, with figures that are right where those of hey are\n"
                "not. Called by the name hey it is hey.\n");
    for (size_t i = 0; i < sizeof about / sizeof about[0]; i++) {
        gim_buf_lit(b, ".PP\n");
        put_roff(b, gim_str_of(about[i]));
    }
    gim_buf_lit(b, ".SH OPTIONS\n");
    for (const struct load_flag *f = load_flags; f->name; f++) {
        if (!f->help)
            continue;
        if (begins_group(f))
            gim_buf_printf(b, ".SS \"%s\"\n", f->group);
        put_man_row(b, f);
    }
    gim_buf_lit(b, ".SH EXAMPLES\n.nf\n");
    put_roff(b, GIM_S("proof load " EXAMPLE));
    put_roff(b, GIM_S("proof load -z 30s --rate 1000 --fail-if 'p99>5ms' http://localhost:8080/"));
    gim_buf_lit(b, ".fi\n.SH SEE ALSO\n.BR hey (1),\n.BR wrk (1),\n.BR curl (1)\n");
}
