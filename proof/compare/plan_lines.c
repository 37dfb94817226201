/* plan_lines.c: the plan as libyaml sees it: what stands on which line.
 *
 * libcyaml puts values into structs and forgets where they stood, and it has no list of lists, which is
 * what `build` is. So the text is walked first. The walk keeps the line of every place, and writes a
 * command anew in the one form that the schema knows: a plain `run: make` becomes ["make"], a command
 * of `build` becomes {words: ["make"]}. What is written anew has as many line ends as what it
 * replaces, so that every line number stays true.
 *
 * The walk has a stack of its own, and bounds: an alias can make a small file deep or endless. */
#include "plan_parts.h"
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <yaml.h>

#define DEPTH_MAX 12
#define PLACES_MAX 10000
#define GOT_MAX 60

/* ---- complaints ------------------------------------------------------------------------------- */

/* What came from the file must not drive the terminal. */
static void tame(char *text)
{
    for (; *text; text++) {
        if ((unsigned char)*text < 0x20 || *text == 0x7f)
            *text = ' ';
    }
}

static void say(struct plan_reading *r, size_t line, const char *key, const char *fmt, va_list ap)
    GIM_PRINTF(4, 0);
static void say(struct plan_reading *r, size_t line, const char *key, const char *fmt, va_list ap)
{
    char text[800];

    vsnprintf(text, sizeof text, fmt, ap);
    tame(text);
    gim_buf_str(r->err, gim_str_of(r->file));
    if (line)
        gim_buf_printf(r->err, ":%zu", line);
    gim_buf_printf(r->err, ": %s%s%s\n", key, *key ? ": " : "", text);
    r->wrong++;
}

/* The last name in "protocol.closed[2]": "closed". */
static const char *key_of(struct plan_reading *r, const char *path)
{
    const char *dot = strrchr(path, '.');
    const char *key = dot ? dot + 1 : path;

    return plan_path(r, "%.*s", (int)strcspn(key, "["), key);
}

/* The line of the path, or of the nearest place around it that is there. */
static size_t line_of(const struct plan_reading *r, const char *path)
{
    char at[200];
    const struct plan_line *l;
    size_t n;

    snprintf(at, sizeof at, "%s", path);
    while (!(l = plan_line_find(r, at)) && *at) {
        for (n = strlen(at) - 1; n && at[n] != '.' && at[n] != '['; n--)
            continue;
        at[n] = '\0';
    }
    return l ? l->line : 1;
}

void plan_wrong(struct plan_reading *r, const char *path, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    say(r, line_of(r, path), key_of(r, path), fmt, ap);
    va_end(ap);
}

void plan_wrong_on(struct plan_reading *r, size_t line, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    say(r, line, "", fmt, ap);
    va_end(ap);
}

/* ---- places ----------------------------------------------------------------------------------- */

const char *plan_path(struct plan_reading *r, const char *fmt, ...)
{
    char text[400];
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    return gim_dup(&r->memory, gim_str_of(text)).ptr;
}

const struct plan_line *plan_line_find(const struct plan_reading *r, const char *path)
{
    for (size_t i = 0; i < r->lines_count; i++) {
        if (strcmp(r->lines[i].path, path) == 0)
            return &r->lines[i];
    }
    return NULL;
}

const char *plan_got(struct plan_reading *r, const char *path)
{
    static const char *const kinds[] = {"nothing", NULL, "a list", "keys and values"};
    const struct plan_line *l = plan_line_find(r, path);

    if (!l || l->kind != PLAN_TEXT)
        return kinds[l ? l->kind : PLAN_NOTHING];
    return plan_path(r, "'%.*s%s'", GOT_MAX, l->text, strlen(l->text) > GOT_MAX ? "..." : "");
}

static enum plan_kind kind_of(const yaml_node_t *n)
{
    if (n->type == YAML_MAPPING_NODE)
        return PLAN_MAP;
    if (n->type == YAML_SEQUENCE_NODE)
        return PLAN_LIST;
    return n->data.scalar.length || n->data.scalar.style != YAML_PLAIN_SCALAR_STYLE ? PLAN_TEXT
                                                                                    : PLAN_NOTHING;
}

static const char *text_of(const yaml_node_t *n)
{
    return (const char *)n->data.scalar.value;
}

static void add_line(struct plan_reading *r, const char *path, const yaml_node_t *n, size_t line)
{
    if (r->lines_count == r->lines_room) {
        r->lines_room = r->lines_room ? 2 * r->lines_room : 64;
        r->lines = gim_heap_grow(r->lines, r->lines_room * sizeof *r->lines);
    }
    r->lines[r->lines_count++] = (struct plan_line){
        .path = path,
        .kind = kind_of(n),
        .line = line + 1,
        .text = n->type == YAML_SCALAR_NODE
                    ? gim_dup(&r->memory, (gim_str){text_of(n), n->data.scalar.length}).ptr
                    : NULL};
}

/* ---- commands, written anew ------------------------------------------------------------------- */

struct edit {
    size_t start, end; /* bytes of the text */
    struct gim_buf text;
};

struct walk {
    struct plan_reading *r;
    yaml_document_t document;
    struct place {
        const yaml_node_t *node;
        const char *path;
        long next; /* child */
    } stack[DEPTH_MAX];
    int depth;
    struct edit *edits;
    size_t edits_count;
};

/* libyaml counts characters; we cut bytes. */
static size_t byte_at(gim_str text, size_t character)
{
    size_t i = 0;

    while (i < text.len && character) {
        i++;
        while (i < text.len && ((unsigned char)text.ptr[i] & 0xc0) == 0x80)
            i++;
        character--;
    }
    return i;
}

static void put_quoted(struct gim_buf *b, const yaml_node_t *n)
{
    const char *s = text_of(n);

    gim_buf_char(b, '"');
    for (size_t i = 0; i < n->data.scalar.length; i++) {
        if (s[i] == '"' || s[i] == '\\')
            gim_buf_printf(b, "\\%c", s[i]);
        else if ((unsigned char)s[i] < 0x20)
            gim_buf_printf(b, "\\x%02x", (unsigned char)s[i]);
        else
            gim_buf_char(b, s[i]);
    }
    gim_buf_char(b, '"');
}

static void put_words(struct walk *w, struct gim_buf *b, const yaml_node_t *n)
{
    const yaml_node_item_t *i = n->data.sequence.items.start;

    gim_buf_char(b, '[');
    if (n->type == YAML_SCALAR_NODE)
        put_quoted(b, n);
    for (; n->type == YAML_SEQUENCE_NODE && i < n->data.sequence.items.top; i++) {
        if (i > n->data.sequence.items.start)
            gim_buf_lit(b, ", ");
        put_quoted(b, yaml_document_get_node(&w->document, *i));
    }
    gim_buf_char(b, ']');
}

/* Whether it can be a command: a text, or a list of nothing but texts. */
static bool is_words(struct walk *w, const yaml_node_t *n)
{
    if (n->type != YAML_SEQUENCE_NODE)
        return kind_of(n) == PLAN_TEXT;
    for (const yaml_node_item_t *i = n->data.sequence.items.start; i < n->data.sequence.items.top;
         i++) {
        if (yaml_document_get_node(&w->document, *i)->type != YAML_SCALAR_NODE)
            return false;
    }
    return true;
}

/* What is put around the words of a command at this path; NULL: it stays as it is. */
static const char *const *form_at(const char *path, const yaml_node_t *n)
{
    static const char *const alone[] = {"", ""}, *const command[] = {"{words: ", "}"},
                             *const list[] = {"[{words: ", "}]"};
    int after = 0, whole = 0;

    if (sscanf(path, "services[%*u].%n", &after) == EOF || !after)
        return NULL;
    path += after;
    if (sscanf(path, "build[%*u]%n", &whole) != EOF && whole && !path[whole])
        return command;
    if (n->type != YAML_SCALAR_NODE)
        return NULL;
    if (strcmp(path, "build") == 0)
        return list;
    return strcmp(path, "run") == 0 || strcmp(path, "version") == 0 ? alone : NULL;
}

static bool is_edited(const struct walk *w, size_t start)
{
    for (size_t i = 0; i < w->edits_count; i++) {
        if (w->edits[i].start == start)
            return true;
    }
    return false;
}

static size_t word_length(gim_str s)
{
    size_t n = 0;

    while (n < s.len && !strchr(" \t\r\n", s.ptr[n]))
        n++;
    return n;
}

/* An anchor stays, and as many line ends as there were. */
static void edit(struct walk *w, const yaml_node_t *n, const char *const *form)
{
    gim_str all = gim_buf_view(&w->r->text);
    struct edit e = {.start = byte_at(all, n->start_mark.index),
                     .end = byte_at(all, n->end_mark.index)};

    if (is_edited(w, e.start))
        return;
    while (e.end > e.start && all.ptr[e.end - 1] == ' ')
        e.end--; /* a list without brackets ends where the next thing begins: keep its indent */
    if (all.ptr[e.start] == '&') {
        gim_str rest = {all.ptr + e.start, e.end - e.start};

        gim_buf_add(&e.text, rest.ptr, word_length(rest));
        gim_buf_char(&e.text, ' ');
    }
    gim_buf_str(&e.text, gim_str_of(form[0]));
    put_words(w, &e.text, n);
    gim_buf_str(&e.text, gim_str_of(form[1]));
    for (size_t i = e.start; i < e.end; i++) {
        if (all.ptr[i] == '\n')
            gim_buf_char(&e.text, '\n');
    }
    w->edits = gim_heap_grow(w->edits, (w->edits_count + 1) * sizeof e);
    w->edits[w->edits_count++] = e;
}

static int by_start(const void *a, const void *b)
{
    size_t x = ((const struct edit *)a)->start, y = ((const struct edit *)b)->start;

    return x < y ? -1 : x > y;
}

static void apply_edits(struct walk *w)
{
    gim_str all = gim_buf_view(&w->r->text);
    struct gim_buf out = {0};
    size_t at = 0;

    if (!w->edits_count)
        return;
    qsort(w->edits, w->edits_count, sizeof *w->edits, by_start);
    for (size_t i = 0; i < w->edits_count; i++) {
        struct edit *e = &w->edits[i];

        gim_buf_add(&out, all.ptr + at, e->start - at);
        gim_buf_str(&out, gim_buf_view(&e->text));
        at = e->end;
        gim_buf_free(&e->text);
    }
    gim_buf_add(&out, all.ptr + at, all.len - at);
    gim_buf_free(&w->r->text);
    w->r->text = out;
    gim_heap_free(w->edits);
}

/* ---- the walk --------------------------------------------------------------------------------- */

/* One place below the top of the stack. `from` is where its key, or else its list, begins: what stands
 * before that is there by an alias, and is no command's own text. */
static int visit(struct walk *w, const yaml_node_t *n, const char *path, const yaml_node_t *from,
                 size_t line)
{
    const char *const *form = form_at(path, n);

    if (plan_line_find(w->r, path)) {
        plan_wrong_on(w->r, line + 1, "%s: given twice; the first is on line %zu",
                      key_of(w->r, path), plan_line_find(w->r, path)->line);
        return -1;
    }
    add_line(w->r, path, n, line);
    if (form && is_words(w, n) && n->start_mark.index >= from->start_mark.index)
        edit(w, n, form);
    if (n->type == YAML_SCALAR_NODE)
        return 0;
    if (w->depth == DEPTH_MAX || w->r->lines_count > PLACES_MAX) {
        plan_wrong_on(w->r, line + 1, "nested deeper, or longer, than a plan can be");
        return -1;
    }
    w->stack[w->depth++] = (struct place){.node = n, .path = path};
    return 0;
}

static int visit_member(struct walk *w, struct place *top)
{
    const yaml_node_pair_t *pair = top->node->data.mapping.pairs.start + top->next++;
    const yaml_node_t *key = yaml_document_get_node(&w->document, pair->key);
    const yaml_node_t *value = yaml_document_get_node(&w->document, pair->value);
    size_t line = key->start_mark.line;

    if (key->type != YAML_SCALAR_NODE) {
        plan_wrong_on(w->r, line + 1, "expected a key, a word before ':', got %s",
                      kind_of(key) == PLAN_LIST ? "a list" : "keys and values");
        return -1;
    }
    if (strpbrk(text_of(key), ".[]")) { /* it would read as a path */
        plan_wrong_on(w->r, line + 1, "unknown key '%.60s'; keys are words such as body_file",
                      text_of(key));
        return -1;
    }
    return visit(w, value,
                 plan_path(w->r, "%s%s%.100s", top->path, *top->path ? "." : "", text_of(key)), key,
                 line);
}

static int visit_item(struct walk *w, struct place *top)
{
    const yaml_node_t *n =
        yaml_document_get_node(&w->document, top->node->data.sequence.items.start[top->next]);

    return visit(w, n, plan_path(w->r, "%s[%ld]", top->path, top->next++), top->node,
                 n->start_mark.line);
}

static long children(const yaml_node_t *n)
{
    return n->type == YAML_MAPPING_NODE
               ? (long)(n->data.mapping.pairs.top - n->data.mapping.pairs.start)
               : (long)(n->data.sequence.items.top - n->data.sequence.items.start);
}

static int walk(struct walk *w)
{
    const yaml_node_t *root = yaml_document_get_root_node(&w->document);

    if (!root || root->type != YAML_MAPPING_NODE) {
        plan_wrong_on(w->r, root ? root->start_mark.line + 1 : 1,
                      "expected a plan: request:, services: and so on; `proof init` writes one");
        return -1;
    }
    if (visit(w, root, "", root, root->start_mark.line))
        return -1;
    while (w->depth) {
        struct place *top = &w->stack[w->depth - 1];

        if (top->next == children(top->node))
            w->depth--;
        else if (top->node->type == YAML_MAPPING_NODE ? visit_member(w, top) : visit_item(w, top))
            return -1;
    }
    return 0;
}

/* ---- the whole -------------------------------------------------------------------------------- */

static void say_syntax(struct plan_reading *r, const yaml_parser_t *parser)
{
    gim_str all = gim_buf_view(&r->text);
    size_t at = byte_at(all, parser->problem_mark.index), line = parser->problem_mark.line + 1;

    if (parser->error == YAML_READER_ERROR) {
        line = 1;
        for (size_t i = 0; i < parser->problem_offset && i < all.len; i++)
            line += all.ptr[i] == '\n';
        plan_wrong_on(r, line, "expected UTF-8: %s", parser->problem);
    } else if (at < all.len && all.ptr[at] == '\t') {
        plan_wrong_on(r, line, "expected spaces: YAML takes no tab at the start of a line");
    } else {
        plan_wrong_on(r, line, "not YAML: %s%s%s", parser->problem, parser->context ? ", " : "",
                      parser->context ? parser->context : "");
    }
}

/* A document that a second one follows is more likely a slip than a wish. */
static int look_for_second(struct plan_reading *r, yaml_parser_t *parser)
{
    yaml_document_t second;
    const yaml_node_t *root;
    bool there;

    if (!yaml_parser_load(parser, &second)) {
        say_syntax(r, parser);
        return -1;
    }
    root = yaml_document_get_root_node(&second);
    there = root != NULL;
    if (there)
        plan_wrong_on(r, root->start_mark.line + 1,
                      "expected one document, got a second after ---");
    yaml_document_delete(&second);
    return there ? -1 : 0;
}

int plan_lines_read(struct plan_reading *r)
{
    struct walk w = {.r = r};
    yaml_parser_t parser;
    int failed = -1;

    if (!yaml_parser_initialize(&parser))
        return -1;
    yaml_parser_set_encoding(&parser, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&parser, (const unsigned char *)(r->text.len ? r->text.ptr : ""),
                                 r->text.len);
    if (yaml_parser_load(&parser, &w.document)) {
        failed =
            walk(&w) || (yaml_document_get_root_node(&w.document) && look_for_second(r, &parser));
        apply_edits(&w);
        yaml_document_delete(&w.document);
    } else {
        say_syntax(r, &parser);
    }
    yaml_parser_delete(&parser);
    return failed ? -1 : 0;
}
