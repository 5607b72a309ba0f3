/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
#include "image/tar_gz.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "buf.h"
#include "file.h"
#include "report.h"

#define RECORD      512
#define END_RECORDS 2
#define PIECE       65536
#define GRAIN       4096 /* zeros are looked for in pieces of this size */

struct sparse {
    char offset[12];
    char bytes[12];
};

#define IN_HEADER 4
#define IN_MORE   21

/* GNU tar's manual, "Basic Tar Format": struct oldgnu_header. */
struct header {
    char name[100];
    char mode[8];
    char uid[8];
    char gid[8];
    char size[12];
    char mtime[12];
    char chksum[8];
    char type;
    char linkname[100];
    char magic[8];
    char uname[32];
    char gname[32];
    char devmajor[8];
    char devminor[8];
    char atime[12];
    char ctime[12];
    char offset[12];
    char longnames[4];
    char unused;
    struct sparse sp[IN_HEADER];
    char is_extended;
    char real_size[12];
    char padding[17];
};
_Static_assert(sizeof(struct header) == RECORD, "tar");

struct more {
    struct sparse sp[IN_MORE];
    char is_extended;
    char padding[7];
};
_Static_assert(sizeof(struct more) == RECORD, "tar");

/* ---- bytes ---- */

static int put_packed(struct tar *t, const void *data, size_t len)
{
    if (file_pwrite(t->fd, t->name, data, len, t->at))
        return -1;
    sha256_add(&t->packed, data, len);
    t->at += len;
    return 0;
}

static int deflate_all(struct tar *t, const void *data, size_t len, int flush)
{
    uint8_t out[PIECE];

    t->z.next_in = (void *)data;
    t->z.avail_in = (uInt)len;
    do {
        t->z.next_out = out;
        t->z.avail_out = sizeof(out);
        deflate(&t->z, flush);
        if (put_packed(t, out, sizeof(out) - t->z.avail_out))
            return -1;
    } while (t->z.avail_out == 0);
    return 0;
}

static int put(struct tar *t, const void *data, size_t len)
{
    sha256_add(&t->plain, data, len);
    return t->gzip ? deflate_all(t, data, len, Z_NO_FLUSH)
                   : put_packed(t, data, len);
}

static int put_padding(struct tar *t, uint64_t size)
{
    static const char zeros[RECORD];

    return put(t, zeros, (RECORD - size % RECORD) % RECORD);
}

int tar_open(struct tar *t, int fd, const char *name, bool gzip)
{
    *t = (struct tar){.fd = fd, .name = name, .gzip = gzip};
    sha256_init(&t->plain);
    sha256_init(&t->packed);
    /* 16: with gzip's header, which has no time and no name */
    if (gzip && deflateInit2(&t->z, 6, Z_DEFLATED, 15 + 16, 9,
                             Z_DEFAULT_STRATEGY) != Z_OK)
        return fail("cannot write '%s': zlib does not start", name);
    return 0;
}

void tar_close(struct tar *t)
{
    if (t->gzip)
        deflateEnd(&t->z);
    t->gzip = false;
}

int tar_finish(struct tar *t)
{
    static const char zeros[END_RECORDS * RECORD];

    if (put(t, zeros, sizeof(zeros)) ||
        (t->gzip && deflate_all(t, NULL, 0, Z_FINISH)))
        return -1;
    tar_close(t);
    return 0;
}

/* ---- headers ---- */

/* Octal digits with a NUL, or base 256 with the first bit set. */
static void number(char *field, size_t len, uint64_t v)
{
    if (v >> (3 * (len - 1)) == 0) {
        snprintf(field, len, "%0*llo", (int)len - 1, (unsigned long long)v);
        return;
    }
    for (size_t i = len; i-- > 1; v >>= 8)
        field[i] = (char)(v & 0xff);
    field[0] = (char)0x80;
}

static void fill_header(struct header *h, const struct tar_member *m)
{
    size_t len = strlen(m->path);

    memset(h, 0, sizeof(*h));
    memcpy(h->name, m->path, len < sizeof(h->name) ? len : sizeof(h->name) - 1);
    number(h->mode, sizeof(h->mode), m->mode);
    number(h->uid, sizeof(h->uid), m->owner);
    number(h->gid, sizeof(h->gid), m->owner);
    number(h->size, sizeof(h->size), m->size);
    number(h->mtime, sizeof(h->mtime), m->mtime > 0 ? (uint64_t)m->mtime : 0);
    h->type = h->name[len - 1] == '/' ? '5' : '0';
    memcpy(h->magic, "ustar  ", 8);
}

static int put_header(struct tar *t, struct header *h)
{
    const uint8_t *bytes = (const uint8_t *)h;
    unsigned sum = 0;

    memset(h->chksum, ' ', sizeof(h->chksum));
    for (size_t i = 0; i < sizeof(*h); i++)
        sum += bytes[i];
    snprintf(h->chksum, sizeof(h->chksum), "%06o", sum);
    return put(t, h, sizeof(*h));
}

/* ---- members ---- */

int tar_add(struct tar *t, const struct tar_member *m, const void *data)
{
    struct header h;

    fill_header(&h, m);
    return put_header(t, &h) || put(t, data, m->size) || put_padding(t, m->size)
               ? -1
               : 0;
}

/* Hand over what lies from (at) to (end) in the file. */
static int put_range(struct tar *t, int from, const char *name, uint64_t at,
                     uint64_t end)
{
    uint8_t piece[PIECE];

    while (at < end) {
        size_t len = end - at < PIECE ? end - at : PIECE;
        ssize_t n = file_pread(from, piece, len, at);

        if (n < 0)
            return fail("cannot read '%s': %s", name, strerror(errno));
        if ((size_t)n != len)
            return fail("'%s' changed while it was read", name);
        if (put(t, piece, len))
            return -1;
        at += len;
    }
    return 0;
}

int tar_add_file(struct tar *t, const struct tar_member *m, int from,
                 const char *name)
{
    struct header h;

    fill_header(&h, m);
    return put_header(t, &h) || put_range(t, from, name, 0, m->size) ||
                   put_padding(t, m->size)
               ? -1
               : 0;
}

/* ---- sparse files ---- */

struct extent {
    uint64_t at;
    uint64_t bytes;
};

struct map {
    struct extent *v;
    size_t n;
    size_t cap;
    uint64_t data; /* bytes, of all of them */
};

static void map_add(struct map *map, uint64_t at, uint64_t bytes)
{
    struct extent *last = map->n ? &map->v[map->n - 1] : NULL;

    map->data += bytes;
    if (last && bytes && last->at + last->bytes == at) {
        last->bytes += bytes;
        return;
    }
    if (map->n == map->cap) {
        map->cap = map->cap ? 2 * map->cap : 64;
        map->v = xrealloc(map->v, map->cap, sizeof(*map->v));
    }
    map->v[map->n++] = (struct extent){at, bytes};
}

/* What is not zeros.  Holes are not read; what lies in them is not asked for,
 * so that the map depends on the content alone. */
static int map_make(struct map *map, int from, const char *name, uint64_t size)
{
    static const uint8_t zeros[GRAIN];
    uint8_t piece[GRAIN];
    uint64_t at = 0;

    while (at < size) {
        off_t data = lseek(from, (off_t)at, SEEK_DATA);
        size_t len;
        ssize_t n;

        if (data < 0 && errno == ENXIO)
            break;
        if (data > (off_t)at)
            at = (uint64_t)data / GRAIN * GRAIN;
        len = size - at < GRAIN ? size - at : GRAIN;
        n = file_pread(from, piece, len, at);
        if (n < 0)
            return fail("cannot read '%s': %s", name, strerror(errno));
        if (n > 0 && memcmp(piece, zeros, (size_t)n))
            map_add(map, at, len);
        at += len;
    }
    /* an empty piece says where a file ends that ends in zeros */
    if (!map->n || map->v[map->n - 1].at + map->v[map->n - 1].bytes < size)
        map_add(map, size, 0);
    return 0;
}

static size_t put_extents(struct sparse *sp, size_t room, const struct map *map,
                          size_t first)
{
    size_t i;

    for (i = 0; i < room && first + i < map->n; i++) {
        number(sp[i].offset, sizeof(sp[i].offset), map->v[first + i].at);
        number(sp[i].bytes, sizeof(sp[i].bytes), map->v[first + i].bytes);
    }
    return first + i;
}

static int put_map(struct tar *t, const struct tar_member *m,
                   const struct map *map)
{
    struct header h;
    size_t done;

    fill_header(&h, m);
    h.type = 'S';
    number(h.size, sizeof(h.size), map->data);
    number(h.real_size, sizeof(h.real_size), m->size);
    done = put_extents(h.sp, IN_HEADER, map, 0);
    h.is_extended = done < map->n;
    if (put_header(t, &h))
        return -1;
    while (done < map->n) {
        struct more more = {0};

        done = put_extents(more.sp, IN_MORE, map, done);
        more.is_extended = done < map->n;
        if (put(t, &more, sizeof(more)))
            return -1;
    }
    return 0;
}

int tar_add_sparse(struct tar *t, const struct tar_member *m, int from,
                   const char *name)
{
    struct map map = {0};
    int status = map_make(&map, from, name, m->size) || put_map(t, m, &map);

    for (size_t i = 0; i < map.n && !status; i++)
        status =
            put_range(t, from, name, map.v[i].at, map.v[i].at + map.v[i].bytes);
    status = status || put_padding(t, map.data);
    free(map.v);
    return status ? -1 : 0;
}
