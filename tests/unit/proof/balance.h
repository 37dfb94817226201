/* balance.h: is every element of a page closed, in order? Scripts and styles
 * are skipped whole, as a browser does. */
#ifndef TESTS_BALANCE_H
#define TESTS_BALANCE_H

#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#define BALANCE_DEEP 64

struct balance {
    char open[BALANCE_DEEP][16];
    int deep;
};

static inline bool balance_is_void(const char *name)
{
    static const char *const names[] = {"meta", "link", "img", "br", "!doctype"};

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (strcmp(name, names[i]) == 0)
            return true;
    }
    return false;
}

static inline const char *balance_name(const char *at, char *name)
{
    size_t n = 0;

    while (n < 15 && (isalnum((unsigned char)*at) || *at == '!'))
        name[n++] = (char)tolower((unsigned char)*at++);
    name[n] = '\0';
    return at;
}

/* The end of a tag: attributes are quoted, and no quote holds '<' or '"'. */
static inline const char *balance_tag_end(const char *at)
{
    bool quoted = false;

    for (; *at && (quoted || *at != '>'); at++) {
        quoted ^= *at == '"';
        if (*at == '<')
            fail_msg("a tag holds '<': %.60s", at);
    }
    return at;
}

static inline const char *balance_open(struct balance *b, const char *at)
{
    char name[16];
    const char *end;

    at = balance_tag_end(balance_name(at, name));
    if (balance_is_void(name))
        return at;
    assert_true(b->deep < BALANCE_DEEP);
    snprintf(b->open[b->deep++], sizeof b->open[0], "%s", name);
    if (strcmp(name, "script") == 0 || strcmp(name, "style") == 0) {
        end = strstr(at, name[1] == 'c' ? "</script>" : "</style>");
        assert_non_null(end);
        return end - 1;
    }
    return at;
}

static inline const char *balance_close(struct balance *b, const char *at)
{
    char name[16];

    balance_name(at, name);
    if (!b->deep || strcmp(b->open[b->deep - 1], name) != 0)
        fail_msg("</%s> closes <%s>: %.60s", name, b->deep ? b->open[b->deep - 1] : "", at);
    b->deep--;
    return strchr(at, '>');
}

static inline void balance_see(const char *page)
{
    struct balance b = {.deep = 0};

    for (const char *at = page; *at; at++) {
        if (*at == '<')
            at = at[1] == '/' ? balance_close(&b, at + 2) : balance_open(&b, at + 1);
    }
    assert_int_equal(b.deep, 0);
}

#endif
