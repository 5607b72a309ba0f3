/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * printf.c - formatted text into a buffer; see printf.h for the conversions.
 */
#include "lib/printf.h"
#include "lib/string.h"

struct out {
    char *buf;
    size_t size; /* of buf; the last byte is kept for the NUL */
    size_t len;  /* characters produced, written or not */
};

struct spec {
    bool left, plus, space, alt, zero;
    int width, precision; /* -1: none */
    int length;           /* bytes of the argument: 1, 2, 4, 8 */
};

static void put(struct out *o, char c)
{
    if (o->len + 1 < o->size)
        o->buf[o->len] = c;
    o->len++;
}

static void pad(struct out *o, char c, int n)
{
    while (n-- > 0)
        put(o, c);
}

static void put_text(struct out *o, const struct spec *s, const char *text,
                     int n)
{
    if (!s->left)
        pad(o, ' ', s->width - n);
    for (int i = 0; i < n; i++)
        put(o, text[i]);
    if (s->left)
        pad(o, ' ', s->width - n);
}

static int digits(char *end, uint64_t v, unsigned base, bool upper)
{
    const char *set = upper ? "0123456789ABCDEF" : "0123456789abcdef";
    int n = 0;

    for (; v; v /= base)
        *--end = set[v % base], n++;
    return n;
}

static void put_number(struct out *o, const struct spec *s, uint64_t v,
                       bool negative, unsigned base, bool upper)
{
    char tmp[24], prefix[3];
    char *end = tmp + sizeof(tmp);
    int n = digits(end, v, base, upper);
    int min = s->precision >= 0 ? s->precision : 1;
    int np = 0;

    if (negative)
        prefix[np++] = '-';
    else if (s->plus)
        prefix[np++] = '+';
    else if (s->space)
        prefix[np++] = ' ';
    if (s->alt && base == 16 && v) {
        prefix[np++] = '0';
        prefix[np++] = upper ? 'X' : 'x';
    } else if (s->alt && base == 8 && min <= n) {
        min = n + 1;
    }
    if (s->zero && !s->left && s->precision < 0 && s->width - np > min)
        min = s->width - np;
    int zeros = n < min ? min - n : 0;
    int blanks = s->width - np - zeros - n;
    if (!s->left)
        pad(o, ' ', blanks);
    for (int i = 0; i < np; i++)
        put(o, prefix[i]);
    pad(o, '0', zeros);
    for (int i = n; i > 0; i--)
        put(o, end[-i]);
    if (s->left)
        pad(o, ' ', blanks);
}

static const char *parse_flags(const char *p, struct spec *s)
{
    for (;; p++) {
        switch (*p) {
        case '-':
            s->left = true;
            break;
        case '+':
            s->plus = true;
            break;
        case ' ':
            s->space = true;
            break;
        case '#':
            s->alt = true;
            break;
        case '0':
            s->zero = true;
            break;
        default:
            return p;
        }
    }
}

static const char *parse_count(const char *p, int *n, va_list *ap)
{
    if (*p == '*') {
        *n = va_arg(*ap, int);
        return p + 1;
    }
    *n = 0;
    while (*p >= '0' && *p <= '9')
        *n = *n * 10 + (*p++ - '0');
    return p;
}

static const char *parse_length(const char *p, struct spec *s)
{
    s->length = 4;
    if (*p == 'h') {
        s->length = *++p == 'h' ? (p++, 1) : 2;
    } else if (*p == 'l') {
        s->length = 8;
        p += p[1] == 'l' ? 2 : 1;
    } else if (*p == 'z' || *p == 't' || *p == 'j') {
        s->length = 8;
        p++;
    }
    return p;
}

static uint64_t unsigned_arg(const struct spec *s, va_list *ap)
{
    if (s->length == 8)
        return va_arg(*ap, uint64_t);
    unsigned v = va_arg(*ap, unsigned);
    return s->length == 1 ? (uint8_t)v : s->length == 2 ? (uint16_t)v : v;
}

static int64_t signed_arg(const struct spec *s, va_list *ap)
{
    if (s->length == 8)
        return va_arg(*ap, int64_t);
    int v = va_arg(*ap, int);
    return s->length == 1 ? (int8_t)v : s->length == 2 ? (int16_t)v : v;
}

static void put_string(struct out *o, const struct spec *s, const char *text)
{
    if (!text)
        text = "(null)";
    size_t max = s->precision >= 0 ? (size_t)s->precision : SIZE_MAX;
    put_text(o, s, text, (int)strnlen(text, max));
}

static void convert(struct out *o, struct spec *s, char c, va_list *ap)
{
    char one;
    int64_t v;

    switch (c) {
    case 'd':
    case 'i':
        v = signed_arg(s, ap);
        put_number(o, s, v < 0 ? -(uint64_t)v : (uint64_t)v, v < 0, 10, false);
        break;
    case 'u':
        put_number(o, s, unsigned_arg(s, ap), false, 10, false);
        break;
    case 'o':
        put_number(o, s, unsigned_arg(s, ap), false, 8, false);
        break;
    case 'x':
        put_number(o, s, unsigned_arg(s, ap), false, 16, false);
        break;
    case 'X':
        put_number(o, s, unsigned_arg(s, ap), false, 16, true);
        break;
    case 'p':
        s->alt = true;
        put_number(o, s, (uintptr_t)va_arg(*ap, void *), false, 16, false);
        break;
    case 's':
        put_string(o, s, va_arg(*ap, const char *));
        break;
    case 'c':
        one = (char)va_arg(*ap, int);
        put_text(o, s, &one, 1);
        break;
    case '%':
        put(o, '%');
        break;
    default: /* our own mistake: show it rather than guess */
        put(o, '%');
        put(o, c);
    }
}

int kvsnprintf(char *buf, size_t size, const char *fmt, va_list ap0)
{
    struct out o = {buf, size, 0};
    va_list ap;

    va_copy(ap, ap0);
    for (const char *p = fmt; *p; p++) {
        struct spec s = {.precision = -1};
        if (*p != '%') {
            put(&o, *p);
            continue;
        }
        p = parse_flags(p + 1, &s);
        p = parse_count(p, &s.width, &ap);
        if (s.width < 0) {
            s.left = true;
            s.width = -s.width;
        }
        if (*p == '.')
            p = parse_count(p + 1, &s.precision, &ap);
        p = parse_length(p, &s);
        if (!*p)
            break;
        convert(&o, &s, *p, &ap);
    }
    va_end(ap);
    if (size)
        buf[o.len < size ? o.len : size - 1] = '\0';
    return (int)o.len;
}

int ksnprintf(char *buf, size_t size, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    int n = kvsnprintf(buf, size, fmt, ap);
    va_end(ap);
    return n;
}
