/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * buf.h - growable bytes, lists of strings, and allocation that cannot fail.
 *
 * The command is a short-lived process: when memory runs out it says so and
 * exits 1 (the unfinished image is removed on the way out, see output.h).
 */
#pragma once

#include <stdarg.h>
#include <stddef.h>

void *xcalloc(size_t n, size_t size);
void *xrealloc(void *p, size_t n, size_t size);
char *xstrdup(const char *s);
char *xasprintf(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* Bytes; (data) is always followed by a NUL once something was added. */
struct buf {
    char *data;
    size_t len;
    size_t cap;
};

void buf_add(struct buf *b, const void *data, size_t len);
void buf_adds(struct buf *b, const char *s);
void buf_addf(struct buf *b, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
/* (len) more bytes at the end, for the caller to fill. */
char *buf_grow(struct buf *b, size_t len);
/* Cut down to (len) bytes. */
void buf_trim(struct buf *b, size_t len);
/* The content as a string, never NULL; owned by the buffer. */
const char *buf_str(struct buf *b);
/* The content as a string that the caller frees; empties the buffer. */
char *buf_take(struct buf *b);
void buf_release(struct buf *b);

/* Strings, owned by the list; (v) ends with a NULL once one was added. */
struct strvec {
    char **v;
    size_t n;
    size_t cap;
};

void strvec_push(struct strvec *s, const char *str);
void strvec_pushf(struct strvec *s, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
void strvec_take(struct strvec *s, char *str);
/* Add the elements of (list), split at any character of (separators). */
void strvec_split(struct strvec *s, const char *list, const char *separators);
void strvec_sort(struct strvec *s);
int strvec_has(const struct strvec *s, const char *str);
void strvec_release(struct strvec *s);
