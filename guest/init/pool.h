/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * pool.h - memory that is freed all at once, and the growing list of strings
 * that argument and environment vectors are made of.
 *
 * Process 1 reads a few kilobytes of text once and keeps all of it, so nothing
 * in it is freed singly.  Running out of memory here ends the program with a
 * message: there is nothing useful left to do.
 */
#pragma once

#include <stddef.h>

struct pool_block;

struct pool {
    struct pool_block *blocks;
};

/* Frees everything taken from (p), which can then be used again.  A pool of
 * zeroes is empty. */
void pool_release(struct pool *p);

void *pool_alloc(struct pool *p, size_t n);
char *pool_strdup(struct pool *p, const char *s);
char *pool_strndup(struct pool *p, const char *s, size_t n);
char *pool_printf(struct pool *p, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* A NULL-terminated vector; (v) is NULL while the list is empty. */
struct strlist {
    char **v;
    size_t n;
    size_t cap;
};

void strlist_add(struct pool *p, struct strlist *l, char *s);

int strlist_has(const struct strlist *l, const char *s);

/* Environment: sets (name) to (value), in place when it is there already. */
void strlist_setenv(struct pool *p, struct strlist *l, const char *name,
                    const char *value);

/* Value of (name) or NULL. */
const char *strlist_getenv(const struct strlist *l, const char *name);

/* What went wrong, as one line for the console. */
struct err {
    char text[256];
};

/* Fills (e) and returns -1. */
int err_set(struct err *e, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
