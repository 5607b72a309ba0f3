/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * list.h - circular doubly linked lists, threaded through their elements.
 *
 * A head is a struct list that belongs to no element; an element not on any
 * list is self-linked (list_init), so list_empty(&elem->link) tells whether it
 * is queued and list_del_init may be called twice.
 */
#pragma once

#include "lib/types.h"

struct list {
    struct list *next, *prev;
};

#define LIST_HEAD_INIT(name)                                                   \
    {                                                                          \
        &(name), &(name)                                                       \
    }

static inline void list_init(struct list *l)
{
    l->next = l->prev = l;
}

static inline bool list_empty(const struct list *l)
{
    return l->next == l;
}

static inline void list_insert_between(struct list *e, struct list *prev,
                                       struct list *next)
{
    next->prev = e;
    e->next = next;
    e->prev = prev;
    prev->next = e;
}

static inline void list_add_head(struct list *head, struct list *e)
{
    list_insert_between(e, head, head->next);
}

static inline void list_add_tail(struct list *head, struct list *e)
{
    list_insert_between(e, head->prev, head);
}

static inline void list_del_init(struct list *e)
{
    e->next->prev = e->prev;
    e->prev->next = e->next;
    list_init(e);
}

/* Move all of (from) to the tail of (to); (from) ends empty. */
static inline void list_splice_tail(struct list *to, struct list *from)
{
    if (list_empty(from))
        return;
    from->next->prev = to->prev;
    to->prev->next = from->next;
    from->prev->next = to;
    to->prev = from->prev;
    list_init(from);
}

#define list_entry(l, type, member) container_of(l, type, member)
#define list_first(head, type, member)                                         \
    (list_empty(head) ? NULL : list_entry((head)->next, type, member))

#define list_for_each(e, head, member)                                         \
    for (e = list_entry((head)->next, __typeof__(*e), member);                 \
         &e->member != (head);                                                 \
         e = list_entry(e->member.next, __typeof__(*e), member))

/* As list_for_each, but the body may remove (e); (n) holds the next one. */
#define list_for_each_safe(e, n, head, member)                                 \
    for (e = list_entry((head)->next, __typeof__(*e), member),                 \
        n = list_entry(e->member.next, __typeof__(*e), member);                \
         &e->member != (head);                                                 \
         e = n, n = list_entry(n->member.next, __typeof__(*e), member))
