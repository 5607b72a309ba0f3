/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
#include "buf.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "report.h"

static _Noreturn void out_of_memory(void)
{
    fail("out of memory");
    exit(1);
}

void *xcalloc(size_t n, size_t size)
{
    void *p = calloc(n ? n : 1, size ? size : 1);

    if (!p)
        out_of_memory();
    return p;
}

void *xrealloc(void *p, size_t n, size_t size)
{
    p = reallocarray(p, n ? n : 1, size);
    if (!p)
        out_of_memory();
    return p;
}

char *xstrdup(const char *s)
{
    char *copy = strdup(s);

    if (!copy)
        out_of_memory();
    return copy;
}

char *xasprintf(const char *fmt, ...)
{
    va_list ap;
    char *s;

    va_start(ap, fmt);
    if (vasprintf(&s, fmt, ap) < 0)
        out_of_memory();
    va_end(ap);
    return s;
}

static void reserve(struct buf *b, size_t more)
{
    size_t need;

    if (__builtin_add_overflow(b->len, more, &need) || need == SIZE_MAX)
        out_of_memory();
    if (need + 1 <= b->cap)
        return;
    b->cap = b->cap > need / 2 ? b->cap * 2 : need + 64;
    b->data = xrealloc(b->data, b->cap, 1);
}

char *buf_grow(struct buf *b, size_t len)
{
    char *at;

    reserve(b, len);
    at = b->data + b->len;
    b->len += len;
    b->data[b->len] = '\0';
    return at;
}

void buf_add(struct buf *b, const void *data, size_t len)
{
    if (len)
        memcpy(buf_grow(b, len), data, len);
}

void buf_adds(struct buf *b, const char *s)
{
    buf_add(b, s, strlen(s));
}

void buf_addf(struct buf *b, const char *fmt, ...)
{
    va_list ap;
    char *s;

    va_start(ap, fmt);
    if (vasprintf(&s, fmt, ap) < 0)
        out_of_memory();
    va_end(ap);
    buf_adds(b, s);
    free(s);
}

void buf_trim(struct buf *b, size_t len)
{
    if (len >= b->len)
        return;
    b->len = len;
    b->data[len] = '\0';
}

const char *buf_str(struct buf *b)
{
    return b->data ? b->data : "";
}

char *buf_take(struct buf *b)
{
    char *s = b->data ? b->data : xstrdup("");

    *b = (struct buf){0};
    return s;
}

void buf_release(struct buf *b)
{
    free(b->data);
    *b = (struct buf){0};
}

void strvec_take(struct strvec *s, char *str)
{
    if (s->n + 2 > s->cap) {
        s->cap = s->cap ? s->cap * 2 : 16;
        s->v = xrealloc(s->v, s->cap, sizeof(*s->v));
    }
    s->v[s->n++] = str;
    s->v[s->n] = NULL;
}

void strvec_push(struct strvec *s, const char *str)
{
    strvec_take(s, xstrdup(str));
}

void strvec_pushf(struct strvec *s, const char *fmt, ...)
{
    va_list ap;
    char *str;

    va_start(ap, fmt);
    if (vasprintf(&str, fmt, ap) < 0)
        out_of_memory();
    va_end(ap);
    strvec_take(s, str);
}

void strvec_split(struct strvec *s, const char *list, const char *separators)
{
    while (*list) {
        size_t len = strcspn(list, separators);

        if (len)
            strvec_pushf(s, "%.*s", (int)len, list);
        list += len;
        list += strspn(list, separators);
    }
}

static int compare(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

void strvec_sort(struct strvec *s)
{
    if (s->n)
        qsort(s->v, s->n, sizeof(*s->v), compare);
}

int strvec_has(const struct strvec *s, const char *str)
{
    for (size_t i = 0; i < s->n; i++)
        if (!strcmp(s->v[i], str))
            return 1;
    return 0;
}

void strvec_release(struct strvec *s)
{
    for (size_t i = 0; i < s->n; i++)
        free(s->v[i]);
    free(s->v);
    *s = (struct strvec){0};
}
