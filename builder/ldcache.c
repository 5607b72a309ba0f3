/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
#include "ldcache.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define MAGIC         "glibc-ld.so.cache1.1"
#define ENDIAN_LITTLE 2
/* FLAG_ELF_LIBC6 | FLAG_X8664_LIB64 */
#define KIND_X86_64 0x0303

struct header {
    char magic[20];
    uint32_t nlibs;
    uint32_t len_strings;
    uint8_t flags;
    uint8_t pad[3];
    uint32_t extension_offset;
    uint32_t unused[3];
};
_Static_assert(sizeof(struct header) == 48, "format");

struct entry {
    int32_t flags;
    uint32_t key; /* offsets from the start of the file */
    uint32_t value;
    uint32_t osversion;
    uint64_t hwcap;
};
_Static_assert(sizeof(struct entry) == 24, "format");

void ldcache_add(struct ldcache *c, const char *soname, const char *path)
{
    for (size_t i = 0; i < c->n; i++)
        if (!strcmp(c->entry[i].soname, soname))
            return;
    if (c->n == c->cap) {
        c->cap = c->cap ? c->cap * 2 : 16;
        c->entry = xrealloc(c->entry, c->cap, sizeof(*c->entry));
    }
    c->entry[c->n++] = (struct ldcache_entry){xstrdup(soname), xstrdup(path)};
}

static bool is_digit(char ch)
{
    return ch >= '0' && ch <= '9';
}

/* The number at (*s), which moves past it.  Wraps like the loader's own. */
static unsigned take_number(const char **s)
{
    unsigned n = 0;

    while (is_digit(**s))
        n = n * 10 + (unsigned)(*(*s)++ - '0');
    return n;
}

int ldcache_compare(const char *a, const char *b)
{
    while (*a) {
        if (is_digit(*a)) {
            unsigned x, y;

            if (!is_digit(*b))
                return 1;
            x = take_number(&a);
            y = take_number(&b);
            if (x != y)
                return x < y ? -1 : 1;
        } else if (is_digit(*b)) {
            return -1;
        } else if (*a != *b) {
            return (signed char)*a - (signed char)*b;
        } else {
            a++;
            b++;
        }
    }
    return (signed char)*a - (signed char)*b;
}

/* The cache is sorted backwards. */
static int by_soname(const void *a, const void *b)
{
    const struct ldcache_entry *x = a, *y = b;

    return ldcache_compare(y->soname, x->soname);
}

void ldcache_write(struct ldcache *c, struct buf *out)
{
    size_t strings_at = sizeof(struct header) + c->n * sizeof(struct entry);
    struct header h = {.magic = MAGIC, .flags = ENDIAN_LITTLE};
    struct buf strings = {0};

    if (c->n)
        qsort(c->entry, c->n, sizeof(*c->entry), by_soname);
    buf_trim(out, 0);
    buf_grow(out, sizeof(h));
    for (size_t i = 0; i < c->n; i++) {
        struct entry e = {.flags = KIND_X86_64};

        e.key = (uint32_t)(strings_at + strings.len);
        buf_add(&strings, c->entry[i].soname, strlen(c->entry[i].soname) + 1);
        e.value = (uint32_t)(strings_at + strings.len);
        buf_add(&strings, c->entry[i].path, strlen(c->entry[i].path) + 1);
        buf_add(out, &e, sizeof(e));
    }
    h.nlibs = (uint32_t)c->n;
    h.len_strings = (uint32_t)strings.len;
    memcpy(out->data, &h, sizeof(h));
    buf_add(out, strings.data, strings.len);
    buf_release(&strings);
}

/* The string at (offset), or NULL when it does not end inside. */
static const char *string_at(const char *data, size_t len, uint32_t offset)
{
    return offset < len && memchr(data + offset, '\0', len - offset)
               ? data + offset
               : NULL;
}

void ldcache_dirs(const void *data, size_t len, struct strvec *dirs)
{
    /* old systems put a cache of an older format first */
    const char *at = memmem(data, len, MAGIC, sizeof(MAGIC) - 1);
    struct header h;

    if (!at)
        return;
    len -= (size_t)(at - (const char *)data);
    if (len < sizeof(h))
        return;
    memcpy(&h, at, sizeof(h));
    for (size_t i = 0; i < h.nlibs; i++) {
        size_t place = sizeof(h) + i * sizeof(struct entry);
        struct entry e;
        const char *path;

        if (place + sizeof(e) > len)
            return;
        memcpy(&e, at + place, sizeof(e));
        path = e.flags == KIND_X86_64 ? string_at(at, len, e.value) : NULL;
        if (path && path[0] == '/') {
            char *dir =
                xasprintf("%.*s", (int)(strrchr(path, '/') - path), path);

            if (dir[0] && !strvec_has(dirs, dir))
                strvec_push(dirs, dir);
            free(dir);
        }
    }
}

void ldcache_release(struct ldcache *c)
{
    for (size_t i = 0; i < c->n; i++) {
        free(c->entry[i].soname);
        free(c->entry[i].path);
    }
    free(c->entry);
    *c = (struct ldcache){0};
}
