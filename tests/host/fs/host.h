/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * host.h - what the fakes and tests need of the host, without its headers.
 */
#pragma once

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

void *host_alloc(size_t size); /* zeroed */
void host_free(void *p);
void *host_map(size_t size); /* zeroed, committed when touched */
void host_log(const char *fmt, va_list ap);
void host_print(const char *text);
__attribute__((noreturn)) void host_die(void);
char *host_load(const char *path, size_t *size);

/* A tree on the host, to compare with. (type): 'f' 'd' 'l', else '?'. */
struct host_entry {
    char type;
    uint32_t mode;
    uint64_t size, links;
    int64_t mtime;
};
int host_stat(const char *path, struct host_entry *out); /* 0 or -1 */
long host_readlink(const char *path, char *buf, size_t size);
/* Call fn for each name but "." and ".."; number of names or -1. */
long host_list(const char *path, void (*fn)(void *, const char *), void *arg);
