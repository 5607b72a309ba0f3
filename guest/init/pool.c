/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
#include "pool.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "abi/machine.h"

struct pool_block {
    struct pool_block *next;
    _Alignas(max_align_t) char data[];
};

void pool_release(struct pool *p)
{
    while (p->blocks) {
        struct pool_block *b = p->blocks;

        p->blocks = b->next;
        free(b);
    }
}

void *pool_alloc(struct pool *p, size_t n)
{
    struct pool_block *b = malloc(sizeof(*b) + n);

    if (!b) {
        fprintf(stderr, "unibeam: out of memory in process 1\n");
        exit(MACHINE_NO_RELEASE_STATUS);
    }
    b->next = p->blocks;
    p->blocks = b;
    return b->data;
}

char *pool_strndup(struct pool *p, const char *s, size_t n)
{
    char *d = pool_alloc(p, n + 1);

    memcpy(d, s, n);
    d[n] = 0;
    return d;
}

char *pool_strdup(struct pool *p, const char *s)
{
    return pool_strndup(p, s, strlen(s));
}

char *pool_printf(struct pool *p, const char *fmt, ...)
{
    va_list ap;
    int n;
    char *s;

    va_start(ap, fmt);
    n = vsnprintf(NULL, 0, fmt, ap);
    va_end(ap);
    s = pool_alloc(p, (size_t)n + 1);
    va_start(ap, fmt);
    vsnprintf(s, (size_t)n + 1, fmt, ap);
    va_end(ap);
    return s;
}

void strlist_add(struct pool *p, struct strlist *l, char *s)
{
    if (l->n + 1 >= l->cap) {
        size_t cap = l->cap ? l->cap * 2 : 16;
        char **v = pool_alloc(p, cap * sizeof(*v));

        if (l->n)
            memcpy(v, l->v, l->n * sizeof(*v));
        l->v = v;
        l->cap = cap;
    }
    l->v[l->n++] = s;
    l->v[l->n] = NULL;
}

int strlist_has(const struct strlist *l, const char *s)
{
    for (size_t i = 0; i < l->n; i++)
        if (!strcmp(l->v[i], s))
            return 1;
    return 0;
}

static char **find(const struct strlist *l, const char *name)
{
    size_t len = strlen(name);

    for (size_t i = 0; i < l->n; i++)
        if (!strncmp(l->v[i], name, len) && l->v[i][len] == '=')
            return &l->v[i];
    return NULL;
}

void strlist_setenv(struct pool *p, struct strlist *l, const char *name,
                    const char *value)
{
    char *s = pool_printf(p, "%s=%s", name, value);
    char **at = find(l, name);

    if (at)
        *at = s;
    else
        strlist_add(p, l, s);
}

const char *strlist_getenv(const struct strlist *l, const char *name)
{
    char **at = find(l, name);

    return at ? *at + strlen(name) + 1 : NULL;
}

int err_set(struct err *e, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(e->text, sizeof(e->text), fmt, ap);
    va_end(ap);
    return -1;
}
