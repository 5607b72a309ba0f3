/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * exec_args.c - argument and environment strings on their way from the old
 * program to the new one.
 */
#include "lib/errno.h"
#include "lib/string.h"
#include "mem/slab.h"
#include "mem/user.h"
#include "proc/exec_priv.h"
#include "sched/thread.h"

#define ROOM_FIRST 2048

void arg_list_release(struct arg_list *l)
{
    kfree(l->data);
    *l = (struct arg_list){0};
}

/* Room for (more) bytes. */
static int reserve(struct arg_list *l, size_t more)
{
    size_t room = l->room ? l->room : ROOM_FIRST;
    char *data;

    if (l->len + more <= l->room)
        return 0;
    while (room < l->len + more)
        room *= 2;
    data = kmalloc(room, 0);
    if (!data)
        return -ENOMEM;
    if (l->len)
        memcpy(data, l->data, l->len);
    kfree(l->data);
    l->data = data;
    l->room = room;
    return 0;
}

static int charge(size_t *left, size_t size)
{
    if (size > ARG_STRING_MAX || size + sizeof(uint64_t) > *left)
        return -E2BIG;
    *left -= size + sizeof(uint64_t);
    return 0;
}

int arg_list_add(struct arg_list *l, const char *s, size_t *left)
{
    size_t size = strlen(s) + 1;
    int rc = charge(left, size);

    if (!rc)
        rc = reserve(l, size);
    if (rc)
        return rc;
    memcpy(l->data + l->len, s, size);
    l->len += size;
    l->n++;
    return 0;
}

/* One string: tried with the room there is, which is doubled while it does not
 * fit. */
static int add_one_user(struct arg_list *l, const char __user *s, size_t *left)
{
    int rc = reserve(l, 1);
    long n;

    if (rc)
        return rc;
    for (;;) {
        size_t room = MIN(l->room - l->len, ARG_STRING_MAX);
        n = strncpy_from_user(l->data + l->len, s, room);
        if (n != -ENAMETOOLONG)
            break;
        if (room == ARG_STRING_MAX || room >= *left)
            return -E2BIG;
        rc = reserve(l, l->room - l->len + 1);
        if (rc)
            return rc;
    }
    if (n < 0)
        return (int)n;
    rc = charge(left, (size_t)n + 1);
    if (rc)
        return rc;
    l->len += (size_t)n + 1;
    l->n++;
    return 0;
}

int arg_list_add_user(struct arg_list *l, char __user *const __user *strings,
                      size_t *left)
{
    const char __user *s;
    int rc;

    for (; strings; strings++) {
        if (copy_from_user(&s, strings, sizeof(s)))
            return -EFAULT;
        if (!s)
            break;
        rc = add_one_user(l, s, left);
        if (rc)
            return rc;
        if (fatal_signal_pending())
            return -EINTR;
    }
    return 0;
}

int arg_list_replace_first(struct arg_list *l, const char *const *strings,
                           unsigned n, size_t *left)
{
    size_t old = l->n ? strlen(l->data) + 1 : 0, new = 0, at = 0;
    int rc = 0;

    for (unsigned i = 0; i < n && !rc; i++) {
        size_t size = strlen(strings[i]) + 1;
        rc = charge(left, size);
        new += size;
    }
    if (!rc)
        rc = reserve(l, new);
    if (rc)
        return rc;
    memmove(l->data + new, l->data + old, l->len - old);
    for (unsigned i = 0; i < n; i++) {
        size_t size = strlen(strings[i]) + 1;
        memcpy(l->data + at, strings[i], size);
        at += size;
    }
    l->len = l->len - old + new;
    l->n = l->n + n - (old != 0);
    return 0;
}
