/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * string.h - the part of <string.h> the kernel uses, plus bounded copies.
 * The compiler may call the first four by itself.
 */
#pragma once

#include "lib/types.h"

void *memcpy(void *dst, const void *src, size_t n);
void *memmove(void *dst, const void *src, size_t n);
void *memset(void *dst, int c, size_t n);
int memcmp(const void *a, const void *b, size_t n);
void *memchr(const void *s, int c, size_t n);

size_t strlen(const char *s);
size_t strnlen(const char *s, size_t max);
int strcmp(const char *a, const char *b);
int strncmp(const char *a, const char *b, size_t n);
char *strchr(const char *s, int c);
char *strrchr(const char *s, int c);
char *strstr(const char *s, const char *what);

/* Copy (src) into (dst) of (size) > 0 bytes, always NUL-terminated, cut if too
 * long. Returns strlen(src). */
size_t strlcpy(char *dst, const char *src, size_t size);

/* Parse an unsigned number in (base) 0, 8, 10 or 16 at (s); *(end), if asked
 * for, is the first character not used. Saturates at UINT64_MAX. */
uint64_t str_to_u64(const char *s, const char **end, int base);
