/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * seq.c - growing text buffers of synthetic files.
 */
#include "fs/vfs.h"
#include "lib/printf.h"
#include "lib/string.h"
#include "mem/slab.h"

#define SEQ_MAX (16ul << 20)

/* Room for (n) more bytes. */
static bool reserve(struct seq *s, size_t n)
{
    size_t size = s->size ? s->size : 256;
    char *buf;

    if (s->failed)
        return false;
    if (s->size - s->len >= n)
        return true;
    while (size - s->len < n)
        size *= 2;
    buf = size <= SEQ_MAX ? kmalloc(size, 0) : NULL;
    if (!buf) {
        s->failed = true;
        return false;
    }
    if (s->len)
        memcpy(buf, s->buf, s->len);
    kfree(s->buf);
    s->buf = buf;
    s->size = size;
    return true;
}

void seq_write(struct seq *s, const void *p, size_t n)
{
    if (!n || !reserve(s, n))
        return;
    memcpy(s->buf + s->len, p, n);
    s->len += n;
}

void seq_printf(struct seq *s, const char *fmt, ...)
{
    va_list ap;
    size_t room;
    int n;

    if (!reserve(s, 64))
        return;
    room = s->size - s->len;
    va_start(ap, fmt);
    n = kvsnprintf(s->buf + s->len, room, fmt, ap);
    va_end(ap);
    if (n < 0)
        return;
    if ((size_t)n >= room) {
        if (!reserve(s, (size_t)n + 1))
            return;
        va_start(ap, fmt);
        kvsnprintf(s->buf + s->len, s->size - s->len, fmt, ap);
        va_end(ap);
    }
    s->len += (size_t)n;
}

void seq_bit_list(struct seq *s, uint64_t mask)
{
    const char *comma = "";

    for (unsigned i = 0; i < 64; i++) {
        unsigned last = i;

        if (!(mask >> i & 1))
            continue;
        while (last < 63 && mask >> (last + 1) & 1)
            last++;
        seq_printf(s, last > i ? "%s%u-%u" : "%s%u", comma, i, last);
        comma = ",";
        i = last;
    }
}
