/* list.h: intrusive doubly linked ring. `struct gim_list head` must be gim_list_init'ed; a node
 * that is {0} is in no list. */
#ifndef BASE_LIST_H
#define BASE_LIST_H

#include <stdbool.h>
#include <stddef.h>

struct gim_list {
    struct gim_list *next, *prev;
};

#define GIM_CONTAINER(ptr, type, member) ((type *)(void *)((char *)(ptr)-offsetof(type, member)))

static inline void gim_list_init(struct gim_list *head)
{
    head->next = head->prev = head;
}

static inline bool gim_list_empty(const struct gim_list *head)
{
    return head->next == head;
}

static inline bool gim_list_in(const struct gim_list *node)
{
    return node->next != NULL;
}

static inline void gim_list_push(struct gim_list *head, struct gim_list *node)
{
    node->prev = head->prev;
    node->next = head;
    head->prev->next = node;
    head->prev = node;
}

/** Moves all of `from`, in order, to `to`, which need not be init'ed. */
static inline void gim_list_take(struct gim_list *from, struct gim_list *to)
{
    gim_list_init(to);
    if (gim_list_empty(from))
        return;
    *to = *from;
    to->next->prev = to->prev->next = to;
    gim_list_init(from);
}

/** Takes a node out of its list; a node in no list stays as it is. */
static inline void gim_list_remove(struct gim_list *node)
{
    if (!node->next)
        return;
    node->prev->next = node->next;
    node->next->prev = node->prev;
    node->next = node->prev = NULL;
}

#endif
