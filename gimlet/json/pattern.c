/* pattern.c: a subset of ECMAScript's regular expressions, without back-tracking.
 *
 * The pattern is compiled to a small program (Thompson's construction) that is run over all its
 * states at once: time is at most text x program, whatever the two are, so no input can make it
 * hang. Jumps are relative, so that a repeated piece, x{2,5}, is a plain copy of its code and an
 * operator in front of a piece is an insertion. The program lives on the stack: compiling takes
 * about a microsecond and there is nothing to free or share. Patterns come from schemas, never from
 * the network; groups nest at most 16 deep. */
#include "pattern.h"
#include "utf8.h"

#define MAX_CODE 1024
#define MAX_RANGES 256
#define MAX_GROUPS 16
#define MAX_REPEAT 1000
#define LAST_CHAR 0x10FFFF

enum op {
    OP_SET,
    OP_NOT_SET,
    OP_SPLIT,
    OP_JUMP,
    OP_BEGIN,
    OP_END,
    OP_MATCH
};

struct inst {
    uint8_t op;
    int16_t a, b; /* sets: first range and count; OP_SPLIT: two relative targets; OP_JUMP: one */
};

struct range {
    uint32_t low, high;
};

struct program {
    struct inst code[MAX_CODE];
    struct range ranges[MAX_RANGES];
    int n, n_ranges;
};

struct compiler {
    struct program *out;
    const char *at, *end;
    const char *defect;
    int groups;
};

static const struct range digit_ranges[] = {{'0', '9'}};
static const struct range word_ranges[] = {{'0', '9'}, {'A', 'Z'}, {'_', '_'}, {'a', 'z'}};
static const struct range space_ranges[] = {
    {'\t', '\r'},     {' ', ' '},       {0xA0, 0xA0},     {0x1680, 0x1680}, {0x2000, 0x200A},
    {0x2028, 0x2029}, {0x202F, 0x202F}, {0x205F, 0x205F}, {0x3000, 0x3000}, {0xFEFF, 0xFEFF}};
static const struct range line_ends[] = {{'\n', '\n'}, {'\r', '\r'}, {0x2028, 0x2029}};

static const struct named_class {
    char letter; /* the capital negates */
    const struct range *ranges;
    int n;
} named_classes[] = {{'d', digit_ranges, 1}, {'w', word_ranges, 4}, {'s', space_ranges, 10}};

static void fail(struct compiler *c, const char *defect)
{
    if (!c->defect)
        c->defect = defect;
    c->at = c->end; /* every loop ends by itself */
}

static bool more(const struct compiler *c)
{
    return c->at < c->end;
}

static bool take(struct compiler *c, char want)
{
    if (!more(c) || *c->at != want)
        return false;
    c->at++;
    return true;
}

static void emit(struct compiler *c, enum op op, int a, int b)
{
    struct program *p = c->out;

    if (p->n == MAX_CODE) {
        fail(c, "the pattern is too big");
        return;
    }
    p->code[p->n++] = (struct inst){(uint8_t)op, (int16_t)a, (int16_t)b};
}

/* Puts an instruction in front of the code from `at` on; relative jumps inside stay right. */
static void insert(struct compiler *c, int at, enum op op, int a, int b)
{
    struct program *p = c->out;
    int moved = p->n - at;

    emit(c, op, a, b);
    if (c->defect)
        return;
    memmove(&p->code[at + 1], &p->code[at], (size_t)moved * sizeof p->code[0]);
    p->code[at] = (struct inst){(uint8_t)op, (int16_t)a, (int16_t)b};
}

static void add_range(struct compiler *c, uint32_t low, uint32_t high)
{
    struct program *p = c->out;

    if (low > high)
        fail(c, "a range is out of order");
    else if (p->n_ranges == MAX_RANGES)
        fail(c, "the pattern is too big");
    else
        p->ranges[p->n_ranges++] = (struct range){low, high};
}

/* The ranges of \d, or for \D what lies between them. */
static void add_class(struct compiler *c, const struct named_class *class, bool negated)
{
    uint32_t next = 0;

    for (int i = 0; i < class->n; i++) {
        if (!negated)
            add_range(c, class->ranges[i].low, class->ranges[i].high);
        else if (class->ranges[i].low > next)
            add_range(c, next, class->ranges[i].low - 1);
        next = class->ranges[i].high + 1;
    }
    if (negated)
        add_range(c, next, LAST_CHAR);
}

static const struct named_class *find_class(char letter)
{
    for (size_t i = 0; i < sizeof named_classes / sizeof named_classes[0]; i++) {
        if (named_classes[i].letter == (letter | 0x20))
            return &named_classes[i];
    }
    return NULL;
}

static uint32_t take_hex(struct compiler *c, int digits)
{
    uint32_t v = 0;

    for (int i = 0; i < digits; i++) {
        const char *hex = "0123456789abcdef", *found;
        char d = more(c) ? *c->at++ : '\0';

        found = d >= 'A' && d <= 'F' ? strchr(hex, d | 0x20) : d ? strchr(hex, d) : NULL;
        if (!found) {
            fail(c, "expected hexadecimal digits after \\x or \\u");
            return 0;
        }
        v = v << 4 | (uint32_t)(found - hex);
    }
    return v;
}

/* The character an escape stands for; the backslash is behind the cursor. */
static uint32_t take_escape(struct compiler *c)
{
    static const char from[] = "tnrfv0", to[] = "\t\n\r\f\v\0";
    char e = more(c) ? *c->at : '\0';
    const char *known = e ? strchr(from, e) : NULL;

    if (!e) {
        fail(c, "a backslash at the end");
        return 0;
    }
    c->at++;
    if (known)
        return (unsigned char)to[known - from];
    if (e == 'x' || e == 'u')
        return take_hex(c, e == 'x' ? 2 : 4);
    if ((e >= '0' && e <= '9') || (e >= 'a' && e <= 'z') || (e >= 'A' && e <= 'Z') ||
        (unsigned char)e >= 0x80) {
        fail(c, "unknown escape (back-references and \\b are not in the subset)");
        return 0;
    }
    return (unsigned char)e;
}

/* One end of a class's range; a named class adds itself and gives UINT32_MAX. */
static uint32_t take_class_char(struct compiler *c)
{
    const struct named_class *class;

    if (!take(c, '\\'))
        return gim_utf8_next(&c->at);
    class = more(c) ? find_class(*c->at) : NULL;
    if (!class)
        return take_escape(c);
    add_class(c, class, *c->at != class->letter);
    c->at++;
    return UINT32_MAX;
}

static void compile_class(struct compiler *c)
{
    bool negated = take(c, '^');
    int first = c->out->n_ranges;

    while (more(c) && *c->at != ']') {
        uint32_t low = take_class_char(c), high = low;

        if (low != UINT32_MAX && c->end - c->at >= 2 && c->at[0] == '-' && c->at[1] != ']') {
            c->at++;
            high = take_class_char(c);
        }
        if (low != UINT32_MAX && high == UINT32_MAX)
            fail(c, "a class cannot end a range");
        else if (low != UINT32_MAX)
            add_range(c, low, high);
    }
    if (!take(c, ']'))
        fail(c, "a class is not closed");
    emit(c, negated ? OP_NOT_SET : OP_SET, first, c->out->n_ranges - first);
}

static void emit_char(struct compiler *c, uint32_t ch)
{
    int first = c->out->n_ranges;

    add_range(c, ch, ch);
    emit(c, OP_SET, first, 1);
}

static void emit_ranges(struct compiler *c, enum op op, const struct named_class *class)
{
    int first = c->out->n_ranges;

    add_class(c, class, false);
    emit(c, op, first, class->n);
}

static int take_count(struct compiler *c)
{
    int v = 0;

    if (!more(c) || *c->at < '0' || *c->at > '9')
        fail(c, "expected a count in {}");
    while (more(c) && *c->at >= '0' && *c->at <= '9') {
        v = v * 10 + (*c->at++ - '0');
        if (v > MAX_REPEAT)
            fail(c, "a count above 1000");
    }
    return v;
}

static void copy_code(struct compiler *c, int from, int n)
{
    for (int i = 0; i < n && !c->defect; i++) {
        struct inst in = c->out->code[from + i];

        emit(c, in.op, in.a, in.b);
    }
}

/* x* is  L: split x, end; x; jump L */
static void star(struct compiler *c, int start)
{
    int len = c->out->n - start;

    insert(c, start, OP_SPLIT, 1, len + 2);
    emit(c, OP_JUMP, -(len + 1), 0);
}

/* x{min,max}, max -1: no end. First the copies that must be, then those that may: each of them
 * begins with a way to the end of all. */
static void repeat(struct compiler *c, int start, int min, int max)
{
    int len = c->out->n - start, optional = max - min;

    if (max == 0) {
        c->out->n = start;
        return;
    }
    if (min == 0 && max < 0) {
        star(c, start);
        return;
    }
    for (int i = 1; i < min; i++)
        copy_code(c, start, len);
    if (max < 0) { /* the last copy again and again */
        emit(c, OP_SPLIT, -len, 1);
        return;
    }
    if (min == 0) { /* the first is optional too: it skips all the others */
        insert(c, start, OP_SPLIT, 1, optional * (len + 1));
        start++;
        optional--;
    }
    for (; optional > 0 && !c->defect; optional--) {
        emit(c, OP_SPLIT, 1, optional * (len + 1));
        copy_code(c, start, len);
    }
}

static void compile_repeat(struct compiler *c, int start)
{
    int min, max;

    if (take(c, '*')) {
        repeat(c, start, 0, -1);
    } else if (take(c, '+')) {
        repeat(c, start, 1, -1);
    } else if (take(c, '?')) {
        repeat(c, start, 0, 1);
    } else if (take(c, '{')) {
        min = max = take_count(c);
        if (take(c, ','))
            max = more(c) && *c->at == '}' ? -1 : take_count(c);
        if (!take(c, '}'))
            fail(c, "a count is not closed by '}'");
        else if (max >= 0 && max < min)
            fail(c, "a count is out of order");
        else
            repeat(c, start, min, max);
    } else {
        return;
    }
    if (more(c) && strchr("*+?{", *c->at))
        fail(c, "nothing to repeat");
}

/* An open group (or the whole pattern): where its code and its present branch begin, and the chain
 * of jumps from its branches' ends, linked through their targets until the group closes. */
struct group {
    int start, branch, jumps;
};

static void close_branches(struct compiler *c, const struct group *g)
{
    int at = g->jumps;

    while (at >= 0) {
        int before = c->out->code[at].a;

        c->out->code[at].a = (int16_t)(c->out->n - at);
        at = before;
    }
}

static void next_branch(struct compiler *c, struct group *g)
{
    insert(c, g->branch, OP_SPLIT, 1, c->out->n - g->branch + 2);
    emit(c, OP_JUMP, g->jumps, 0);
    g->jumps = c->out->n - 1;
    g->branch = c->out->n;
}

/* One character, class or anchor. */
static void compile_atom(struct compiler *c)
{
    static const struct named_class dot = {'.', line_ends, 3};
    const struct named_class *class;
    char ch = *c->at;

    if (ch == '[' || ch == '.' || ch == '^' || ch == '$')
        c->at++;
    switch (ch) {
    case '[':
        compile_class(c);
        break;
    case '.':
        emit_ranges(c, OP_NOT_SET, &dot);
        break;
    case '^':
        emit(c, OP_BEGIN, 0, 0);
        break;
    case '$':
        emit(c, OP_END, 0, 0);
        break;
    case '\\':
        c->at++;
        class = more(c) ? find_class(*c->at) : NULL;
        if (class)
            emit_ranges(c, *c->at++ == class->letter ? OP_SET : OP_NOT_SET, class);
        else
            emit_char(c, take_escape(c));
        break;
    default:
        if (strchr("*+?{}])", ch))
            fail(c, strchr("}])", ch) ? "a bracket that closes nothing: put a backslash before it"
                                      : "nothing to repeat");
        else
            emit_char(c, gim_utf8_next(&c->at));
    }
}

/* "(" or "(?:". */
static void open_group(struct compiler *c, struct group *stack)
{
    if (c->end - c->at >= 2 && c->at[0] == '?' && c->at[1] == ':')
        c->at += 2;
    if (++c->groups > MAX_GROUPS) {
        c->groups--;
        fail(c, "groups nest deeper than 16");
        return;
    }
    stack[c->groups] = (struct group){c->out->n, c->out->n, -1};
}

static const char *compile(const char *pattern, struct program *out)
{
    struct compiler c = {out, pattern, pattern + strlen(pattern), NULL, 0};
    struct group stack[MAX_GROUPS + 1];

    out->n = out->n_ranges = 0;
    stack[0] = (struct group){0, 0, -1};
    if (!gim_utf8_valid(gim_str_of(pattern)))
        return "not UTF-8";
    while (more(&c)) {
        struct group *g = &stack[c.groups];
        int start = out->n;

        if (take(&c, '(')) {
            open_group(&c, stack);
        } else if (take(&c, '|')) {
            next_branch(&c, g);
        } else if (*c.at == ')' && c.groups) {
            c.at++;
            close_branches(&c, g);
            c.groups--;
            compile_repeat(&c, g->start);
        } else {
            compile_atom(&c);
            compile_repeat(&c, start);
        }
    }
    if (c.groups)
        fail(&c, "a group is not closed");
    if (!c.defect)
        close_branches(&c, &stack[0]);
    emit(&c, OP_MATCH, 0, 0);
    return c.defect;
}

/* A set of program places: `where` tells members without ever being cleared (Briggs & Torczon). */
struct states {
    uint16_t list[MAX_CODE], where[MAX_CODE];
    int n;
};

static bool add_state(struct states *s, int pc)
{
    uint16_t at = s->where[pc];

    if (at < s->n && s->list[at] == pc)
        return false;
    s->where[pc] = (uint16_t)s->n;
    s->list[s->n++] = (uint16_t)pc;
    return true;
}

/* Adds `pc` and all that is reached from it without reading. True: the end of the pattern is. */
static bool follow(const struct program *p, struct states *s, int pc, bool begin, bool end)
{
    uint16_t todo[MAX_CODE + 1];
    int n = 0;

    todo[n++] = (uint16_t)pc;
    while (n) {
        const struct inst *in;

        pc = todo[--n];
        if (!add_state(s, pc))
            continue;
        in = &p->code[pc];
        switch (in->op) {
        case OP_MATCH:
            return true;
        case OP_SPLIT:
            todo[n++] = (uint16_t)(pc + in->b);
            todo[n++] = (uint16_t)(pc + in->a);
            break;
        case OP_JUMP:
            todo[n++] = (uint16_t)(pc + in->a);
            break;
        case OP_BEGIN:
        case OP_END:
            if (in->op == OP_BEGIN ? begin : end)
                todo[n++] = (uint16_t)(pc + 1);
            break;
        default:
            break;
        }
    }
    return false;
}

static bool in_set(const struct program *p, const struct inst *in, uint32_t ch)
{
    const struct range *r = &p->ranges[in->a];

    for (int i = 0; i < in->b; i++) {
        if (ch >= r[i].low && ch <= r[i].high)
            return in->op == OP_SET;
    }
    return in->op == OP_NOT_SET;
}

static bool run(const struct program *p, gim_str s)
{
    struct states sets[2];
    const char *at = s.len ? s.ptr : "", *end = at + s.len;
    struct states *now = &sets[0], *next = &sets[1], *swap;

    now->n = 0;
    memset(sets[0].where, 0, sizeof(uint16_t) * (size_t)p->n);
    memset(sets[1].where, 0, sizeof(uint16_t) * (size_t)p->n);
    if (follow(p, now, 0, true, s.len == 0))
        return true;
    while (at < end) {
        uint32_t ch = gim_utf8_next(&at);

        next->n = 0;
        for (int i = 0; i < now->n; i++) {
            const struct inst *in = &p->code[now->list[i]];

            if (in->op <= OP_NOT_SET && in_set(p, in, ch) &&
                follow(p, next, now->list[i] + 1, false, at == end))
                return true;
        }
        if (follow(p, next, 0, false, at == end)) /* a match may begin anywhere */
            return true;
        swap = now;
        now = next;
        next = swap;
    }
    return false;
}

bool gim_pattern_match(const char *pattern, gim_str s)
{
    struct program p;

    return compile(pattern, &p) || run(&p, s);
}

const char *gim_pattern_defect(const char *pattern)
{
    struct program p;

    return compile(pattern, &p);
}
