/* token_file.c: reading the file of tokens, line by line, all faults at once.
 *
 * A fault says where it is and what was expected, never what stands there: the commonest mistake is
 * to put the token itself where its digest belongs, and that must not end in a log.
 *
 * Entries are sorted by digest and found by a binary search, whose time depends on the digests: to
 * use that somebody would need tokens whose digests begin as another's does, and knowing the whole of
 * a digest does not help to find its token. The last comparison takes equally long all the same. */
#include "token_file.h"
#include <errno.h>
#include <gimlet/time.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#define FILE_MAX (1 << 20)
#define FAULTS_MAX 20
#define DAY_US (INT64_C(86400) * 1000000)
#define LINE_MIN 64 /* shorter lines hold no token */

/* ---- the parts of a line ----------------------------------------------------------------------- */

static bool is_name(gim_str s)
{
    for (size_t i = 0; i < s.len; i++) {
        char c = s.ptr[i];
        bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');

        if (!letter && !(c >= '0' && c <= '9') && (!c || !strchr("._@-", c)))
            return false;
    }
    return s.len > 0 && s.len <= GIM_TOKEN_NAME_MAX;
}

static const char *read_name(struct gim_token_entry *e, gim_str s, const char *const *known)
{
    (void)known;
    if (!is_name(s))
        return "a name first, 1 to 64 of A-Z a-z 0-9 . _ @ -";
    e->name_len = (uint8_t)s.len;
    memcpy(e->name, s.ptr, s.len);
    return NULL;
}

static const char *read_scopes(struct gim_token_entry *e, gim_str s, const char *const *known)
{
    while (s.ptr) {
        gim_str one = gim_str_cut(&s, ',');
        uint32_t i = 0;

        while (known[i] && !gim_str_eq(one, gim_str_of(known[i])))
            i++;
        if (!known[i])
            return "scopes second, joined by commas, each one of";
        e->scopes |= UINT32_C(1) << i;
    }
    return NULL;
}

static int hex_value(char c)
{
    return c >= '0' && c <= '9'   ? c - '0'
           : c >= 'a' && c <= 'f' ? c - 'a' + 10
           : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                  : -1;
}

static const char *read_digest(struct gim_token_entry *e, gim_str s, const char *const *known)
{
    static const char expected[] = "sha256: and 64 hexadecimal digits third: the token's SHA-256, "
                                   "not the token";
    gim_str hex = {s.ptr + 7, s.len - 7};

    (void)known;
    if (!gim_str_starts(s, GIM_S("sha256:")) || hex.len != sizeof e->digest * 2)
        return expected;
    for (size_t i = 0; i < sizeof e->digest; i++) {
        int high = hex_value(hex.ptr[2 * i]), low = hex_value(hex.ptr[2 * i + 1]);

        if (high < 0 || low < 0)
            return expected;
        e->digest[i] = (unsigned char)(high << 4 | low);
    }
    return NULL;
}

static const char *read_until(struct gim_token_entry *e, gim_str s, const char *const *known)
{
    char day[32];
    gim_time t;

    (void)known;
    if (!s.ptr)
        return NULL;
    if (s.len == 10) {
        int n = snprintf(day, sizeof day, "%.10sT00:00:00Z", s.ptr);

        if (gim_time_read((gim_str){day, (size_t)n}, &t) == 0) {
            e->until_us = t.us + DAY_US;
            return NULL;
        }
    } else if (gim_time_read(s, &t) == 0) {
        e->until_us = t.us;
        return NULL;
    }
    return "its last day fourth, 2027-06-30, or a time such as 2027-06-30T12:00:00Z, or nothing";
}

/* ---- a line ------------------------------------------------------------------------------------ */

struct reading {
    const char *path;
    const char *const *known;
    struct gim_buf *why;
    struct gim_token_set *set;
    uint32_t line;
    unsigned faults;
};

static void complain(struct reading *r, uint32_t line, const char *expected)
{
    if (++r->faults > FAULTS_MAX)
        return;
    gim_buf_printf(r->why, "%s%s:%u: expected %s", r->why->len ? "\n" : "", r->path, line,
                   expected);
    if (strstr(expected, "each one of")) {
        for (size_t i = 0; r->known[i]; i++)
            gim_buf_printf(r->why, "%s %s", i ? "," : "", r->known[i]);
    }
}

static gim_str next_word(gim_str *line)
{
    size_t at = 0, end;
    gim_str word;

    while (at < line->len && (line->ptr[at] == ' ' || line->ptr[at] == '\t'))
        at++;
    end = at;
    while (end < line->len && line->ptr[end] != ' ' && line->ptr[end] != '\t')
        end++;
    word = end > at ? (gim_str){line->ptr + at, end - at} : (gim_str){0};
    *line = (gim_str){line->ptr + end, line->len - end};
    return word;
}

static gim_str without_comment(gim_str line)
{
    line.len = gim_str_find(line, '#');
    if (line.len && line.ptr[line.len - 1] == '\r')
        line.len--;
    return gim_str_trim(line);
}

static void read_line(struct reading *r, gim_str line)
{
    static const struct {
        bool optional;
        const char *(*read)(struct gim_token_entry *e, gim_str s, const char *const *known);
    } parts[] = {
        {false, read_name}, {false, read_scopes}, {false, read_digest}, {true, read_until}};
    struct gim_token_entry e = {.line = r->line};
    const char *expected = NULL;

    line = without_comment(line);
    if (!line.len)
        return;
    for (size_t i = 0; i < sizeof parts / sizeof parts[0] && !expected; i++) {
        gim_str word = next_word(&line);

        if (!word.ptr && !parts[i].optional)
            word = GIM_S("");
        expected = parts[i].read(&e, word, r->known);
    }
    if (!expected && gim_str_trim(line).len)
        expected = "nothing more: name, scopes, digest, last day";
    if (expected)
        complain(r, r->line, expected);
    else if (!r->faults)
        r->set->entries[r->set->n++] = e;
}

/* ---- the whole --------------------------------------------------------------------------------- */

static int by_digest(const void *a, const void *b)
{
    const struct gim_token_entry *x = a, *y = b;

    return memcmp(x->digest, y->digest, sizeof x->digest);
}

static void check_twins(struct reading *r)
{
    const struct gim_token_entry *e = r->set->entries;

    for (size_t i = 1; i < r->set->n; i++) {
        uint32_t a = e[i - 1].line, b = e[i].line;
        char expected[80];

        if (by_digest(&e[i - 1], &e[i]) != 0)
            continue;
        snprintf(expected, sizeof expected, "another token than that of line %u", a < b ? a : b);
        complain(r, a < b ? b : a, expected);
    }
}

struct gim_token_set *gim_token_set_of(gim_str text, const char *path, const char *const *scopes,
                                       struct gim_buf *why)
{
    size_t most = text.len / LINE_MIN + 1;
    struct reading r = {.path = path, .known = scopes, .why = why};

    r.set = gim_heap_alloc(sizeof *r.set + most * sizeof r.set->entries[0]);
    while (text.ptr) {
        r.line++;
        read_line(&r, gim_str_cut(&text, '\n'));
    }
    if (r.set->n)
        qsort(r.set->entries, r.set->n, sizeof r.set->entries[0], by_digest);
    check_twins(&r);
    if (!r.faults)
        return r.set;
    if (r.faults > FAULTS_MAX)
        gim_buf_printf(why, "\nand %u more", r.faults - FAULTS_MAX);
    gim_heap_free(r.set);
    return NULL;
}

/* NULL, or what is wrong with the file itself. */
static const char *check_file(FILE *f, struct stat *st)
{
    if (!f || fstat(fileno(f), st))
        return strerror(errno);
    if (!S_ISREG(st->st_mode))
        return "expected a file";
    if (st->st_mode & (S_IWGRP | S_IWOTH))
        return "expected a file that only its owner may write (chmod go-w): whoever may write it "
               "lets himself in";
    return st->st_size > FILE_MAX ? "expected at most 1 MiB" : NULL;
}

static const char *remark_on(const struct stat *st)
{
    return st->st_mode & S_IROTH ? "all users of this machine may read who has tokens (chmod o-r)"
                                 : NULL;
}

struct gim_token_set *gim_token_set_read(const char *path, const char *const *scopes,
                                         struct gim_buf *why)
{
    struct stat st;
    bool pipe = stat(path, &st) == 0 && !S_ISREG(st.st_mode); /* opening it might wait */
    FILE *f = pipe ? NULL : fopen(path, "re");
    const char *wrong = pipe ? "expected a file" : check_file(f, &st);
    struct gim_token_set *set = NULL;

    if (!wrong) {
        char *text = gim_heap_alloc(FILE_MAX + 1);
        size_t n = fread(text, 1, FILE_MAX + 1, f);

        wrong = ferror(f) ? strerror(errno) : n > FILE_MAX ? "expected at most 1 MiB" : NULL;
        set = wrong ? NULL : gim_token_set_of((gim_str){text, n}, path, scopes, why);
        gim_heap_free(text);
    }
    if (wrong)
        gim_buf_printf(why, "%s: %s", path, wrong);
    if (set)
        set->remark = remark_on(&st);
    if (f)
        fclose(f);
    return set;
}

const struct gim_token_entry *gim_token_set_find(const struct gim_token_set *s,
                                                 const unsigned char digest[GIM_SHA256_LEN])
{
    size_t low = 0, high = s->n;
    const struct gim_token_entry *e;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (memcmp(s->entries[middle].digest, digest, GIM_SHA256_LEN) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    e = &s->entries[low];
    if (low == s->n || !gim_str_eq_secret((gim_str){(const char *)e->digest, GIM_SHA256_LEN},
                                          (gim_str){(const char *)digest, GIM_SHA256_LEN}))
        return NULL;
    return e;
}
