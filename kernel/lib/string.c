/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * string.c - memory and string primitives.
 *
 * Short copies use overlapping 8-byte moves; longer ones the string
 * instructions by quadwords, which are fast both on processors with enhanced
 * string moves and under emulators that execute one iteration at a time.
 */
#include "lib/string.h"

typedef uint64_t __attribute__((may_alias, aligned(1))) u64_any;
typedef uint32_t __attribute__((may_alias, aligned(1))) u32_any;
typedef uint16_t __attribute__((may_alias, aligned(1))) u16_any;

/* 1 .. 16 bytes; loads everything before storing, so overlap is harmless. */
static inline void copy_short(char *d, const char *s, size_t n)
{
    if (n >= 8) {
        uint64_t a = *(const u64_any *)s;
        uint64_t b = *(const u64_any *)(s + n - 8);
        *(u64_any *)d = a;
        *(u64_any *)(d + n - 8) = b;
    } else if (n >= 4) {
        uint32_t a = *(const u32_any *)s;
        uint32_t b = *(const u32_any *)(s + n - 4);
        *(u32_any *)d = a;
        *(u32_any *)(d + n - 4) = b;
    } else if (n >= 2) {
        uint16_t a = *(const u16_any *)s;
        uint16_t b = *(const u16_any *)(s + n - 2);
        *(u16_any *)d = a;
        *(u16_any *)(d + n - 2) = b;
    } else if (n) {
        *d = *s;
    }
}

static inline void copy_forward(char *d, const char *s, size_t n)
{
    size_t words = n / 8;
    const char *tail_src = s + n - 8;
    char *tail_dst = d + n - 8;
    uint64_t tail = *(const u64_any *)tail_src;

    __asm__ volatile("rep movsq" : "+D"(d), "+S"(s), "+c"(words) : : "memory");
    *(u64_any *)tail_dst = tail;
}

void *memcpy(void *dst, const void *src, size_t n)
{
    if (n <= 16)
        copy_short(dst, src, n);
    else
        copy_forward(dst, src, n);
    return dst;
}

void *memmove(void *dst, const void *src, size_t n)
{
    char *d = dst;
    const char *s = src;

    if (n <= 16) {
        copy_short(d, s, n);
    } else if (d <= s || d >= s + n) {
        /* The tail word is loaded first and stored last: right for any
         * overlap with the destination below the source. */
        copy_forward(d, s, n);
    } else {
        for (; n >= 8; n -= 8)
            *(u64_any *)(d + n - 8) = *(const u64_any *)(s + n - 8);
        while (n--)
            d[n] = s[n];
    }
    return dst;
}

void *memset(void *dst, int c, size_t n)
{
    char *d = dst;
    uint64_t v = 0x0101010101010101ul * (uint8_t)c;

    if (n < 8) {
        while (n--)
            *d++ = (char)c;
        return dst;
    }
    *(u64_any *)(d + n - 8) = v;
    size_t words = n / 8;
    __asm__ volatile("rep stosq" : "+D"(d), "+c"(words) : "a"(v) : "memory");
    return dst;
}

int memcmp(const void *a, const void *b, size_t n)
{
    const uint8_t *p = a, *q = b;

    for (; n >= 8; n -= 8, p += 8, q += 8)
        if (*(const u64_any *)p != *(const u64_any *)q)
            break;
    for (; n; n--, p++, q++)
        if (*p != *q)
            return *p - *q;
    return 0;
}

void *memchr(const void *s, int c, size_t n)
{
    for (const uint8_t *p = s; n; n--, p++)
        if (*p == (uint8_t)c)
            return (void *)p;
    return NULL;
}

size_t strlen(const char *s)
{
    const char *p = s;

    while (*p)
        p++;
    return (size_t)(p - s);
}

size_t strnlen(const char *s, size_t max)
{
    size_t n = 0;

    while (n < max && s[n])
        n++;
    return n;
}

int strcmp(const char *a, const char *b)
{
    while (*a && *a == *b)
        a++, b++;
    return (uint8_t)*a - (uint8_t)*b;
}

int strncmp(const char *a, const char *b, size_t n)
{
    for (; n; n--, a++, b++)
        if (*a != *b || !*a)
            return (uint8_t)*a - (uint8_t)*b;
    return 0;
}

char *strchr(const char *s, int c)
{
    for (;; s++) {
        if (*s == (char)c)
            return (char *)s;
        if (!*s)
            return NULL;
    }
}

char *strrchr(const char *s, int c)
{
    const char *found = NULL;

    for (;; s++) {
        if (*s == (char)c)
            found = s;
        if (!*s)
            return (char *)found;
    }
}

char *strstr(const char *s, const char *what)
{
    size_t n = strlen(what);

    for (; *s; s++)
        if (!strncmp(s, what, n))
            return (char *)s;
    return n ? NULL : (char *)s;
}

size_t strlcpy(char *dst, const char *src, size_t size)
{
    size_t n = strlen(src);
    size_t copy = n < size ? n : size - 1;

    memcpy(dst, src, copy);
    dst[copy] = '\0';
    return n;
}

static int digit_value(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : 99;
}

uint64_t str_to_u64(const char *s, const char **end, int base)
{
    uint64_t v = 0;
    bool hex_prefix =
        s[0] == '0' && (s[1] | 0x20) == 'x' && digit_value(s[2]) < 16;

    if ((base == 0 || base == 16) && hex_prefix) {
        s += 2;
        base = 16;
    } else if (base == 0) {
        base = s[0] == '0' ? 8 : 10;
    }
    for (; digit_value(*s) < base; s++) {
        uint64_t next;
        if (__builtin_mul_overflow(v, (uint64_t)base, &next) ||
            __builtin_add_overflow(next, (uint64_t)digit_value(*s), &next))
            next = UINT64_MAX;
        v = v == UINT64_MAX ? v : next;
    }
    if (end)
        *end = s;
    return v;
}
