/* near.c: edit distance (insert, delete, replace, swap of neighbours), small and bounded.
 *
 * A name is near when a third of its letters or fewer are wrong, or when the typed text is its
 * beginning ("-p" for "port"). '-' and '_' are the same letter: flags and keys differ in it. */
#include "near.h"

#define LONGEST 40

static char letter(char c)
{
    return c == '_' ? '-' : c;
}

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* Optimal string alignment distance; three rows of the table are kept. */
static size_t distance(gim_str a, gim_str b)
{
    size_t rows[3][LONGEST + 1];
    size_t *before = rows[0], *above = rows[1], *row = rows[2], *spare;

    for (size_t j = 0; j <= b.len; j++)
        above[j] = before[j] = j;
    for (size_t i = 1; i <= a.len; i++) {
        row[0] = i;
        for (size_t j = 1; j <= b.len; j++) {
            bool same = letter(a.ptr[i - 1]) == letter(b.ptr[j - 1]);

            row[j] = least(least(above[j], row[j - 1]) + 1, above[j - 1] + !same);
            if (i > 1 && j > 1 && letter(a.ptr[i - 1]) == letter(b.ptr[j - 2]) &&
                letter(a.ptr[i - 2]) == letter(b.ptr[j - 1]))
                row[j] = least(row[j], before[j - 2] + 1);
        }
        spare = before;
        before = above;
        above = row;
        row = spare;
    }
    return above[b.len];
}

static bool begins_with(gim_str name, gim_str typed)
{
    if (name.len <= typed.len)
        return false;
    name.len = typed.len;
    return distance(name, typed) == 0;
}

void gim_near_offer(struct gim_near *n, gim_str candidate)
{
    size_t longer = n->typed.len > candidate.len ? n->typed.len : candidate.len;
    size_t allowed = longer < 6 ? 2 : longer / 3;
    size_t d;

    if (!n->typed.len || longer > LONGEST)
        return;
    d = begins_with(candidate, n->typed) ? 1 : distance(n->typed, candidate);
    if (d > allowed || d >= longer || (n->best.ptr && d >= n->distance))
        return;
    n->best = candidate;
    n->distance = d;
}
