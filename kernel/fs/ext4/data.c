/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * data.c - pages from the disk: contents of files, and the metadata of the
 * device as one long file.
 *
 * Pages that lie one after the other on the disk are read with one request,
 * straight into the page cache.
 */
#include "dev/blockdev.h"
#include "fs/ext4/ext4_priv.h"
#include "lib/string.h"

#define SEGMENTS_MAX 64

/* A request being put together. */
struct request {
    struct ext4 *fs;
    uint64_t sector; /* of the first segment */
    uint64_t next;   /* sector after the last */
    unsigned nr, max;
    struct block_segment seg[SEGMENTS_MAX];
};

static void request_init(struct request *r, struct ext4 *fs)
{
    r->fs = fs;
    r->nr = 0;
    r->max = MIN(fs->dev->max_segments ? fs->dev->max_segments : 1u,
                 (unsigned)SEGMENTS_MAX);
}

static int request_send(struct request *r)
{
    int err =
        r->nr ? blockdev_transfer(r->fs->dev, false, r->sector, r->seg, r->nr)
              : 0;

    r->nr = 0;
    return err;
}

/* Read (len) bytes at (sector) to (pa), later. */
static int request_add(struct request *r, uint64_t sector, paddr_t pa,
                       uint32_t len)
{
    struct block_segment *last = r->nr ? &r->seg[r->nr - 1] : NULL;
    bool follows = r->nr && sector == r->next;
    int err = 0;

    if (follows && last->pa + last->len == pa) {
        last->len += len;
        r->next += len / 512;
        return 0;
    }
    if (!follows || r->nr == r->max)
        err = request_send(r);
    if (!r->nr)
        r->sector = sector;
    r->seg[r->nr++] = (struct block_segment){pa, len};
    r->next = sector + len / 512;
    return err;
}

/* --- files --- */

int ext4_map(struct inode *i, uint32_t logical, uint64_t *physical, uint32_t *n)
{
    struct ext4_node *node = i->private;

    return node->flags & INODE_EXTENTS
               ? ext4_map_extents(i, logical, physical, n)
               : ext4_map_indirect(i, logical, physical, n);
}

/* A sector that stands for a hole. */
#define HOLE UINT64_MAX

/* Where the bytes [from, from + *len) of the pages are: consecutive on disk or
 * a hole; *(len) shrinks to that run. */
static int run_at(struct inode *i, uint64_t from, uint64_t *len,
                  uint64_t *sector)
{
    struct ext4 *fs = ((struct ext4_node *)i->private)->fs;
    uint64_t physical;
    uint32_t n;
    int err = ext4_map(i, (uint32_t)(from >> fs->block_bits), &physical, &n);

    if (err)
        return err;
    *len = MIN(*len, (uint64_t)n << fs->block_bits);
    *sector = physical ? physical << (fs->block_bits - 9) : HOLE;
    return 0;
}

/* One run into the pages, starting at byte (at) of them. */
static int place(struct request *r, struct page **pages, uint64_t at,
                 uint64_t len, uint64_t sector)
{
    int err = 0;

    while (len && !err) {
        struct page *p = pages[at / PAGE_SIZE];
        size_t off = at % PAGE_SIZE, n = MIN(PAGE_SIZE - off, len);

        if (sector != HOLE) {
            err = request_add(r, sector, page_paddr(p) + off, (uint32_t)n);
            sector += n / 512;
        } else {
            memset((char *)page_virt(p) + off, 0, n);
        }
        at += n;
        len -= n;
    }
    return err;
}

static void zero_from(struct page **pages, uint64_t at, uint64_t end)
{
    while (at < end) {
        size_t off = at % PAGE_SIZE, n = MIN(PAGE_SIZE - off, end - at);

        memset((char *)page_virt(pages[at / PAGE_SIZE]) + off, 0, n);
        at += n;
    }
}

static int data_read(struct mapping *m, uint64_t index, struct page **pages,
                     unsigned n)
{
    struct inode *i = m->owner;
    struct ext4 *fs = ((struct ext4_node *)i->private)->fs;
    uint64_t start = index * PAGE_SIZE, total = n * PAGE_SIZE;
    uint64_t size = m->size, valid, want, at = 0;
    struct request r;
    int err = 0;

    request_init(&r, fs);
    valid = start < size ? MIN(size - start, total) : 0;
    want = ALIGN_UP(valid, (uint64_t)fs->block_size);
    while (at < want && !err) {
        uint64_t len = want - at, sector;

        err = run_at(i, start + at, &len, &sector);
        if (!err)
            err = place(&r, pages, at, len, sector);
        at += len;
    }
    if (!err)
        err = request_send(&r);
    zero_from(pages, valid, total);
    return err;
}

const struct mapping_ops ext4_data_ops = {.read = data_read};

/* --- metadata --- */

static int meta_read(struct mapping *m, uint64_t index, struct page **pages,
                     unsigned n)
{
    struct ext4 *fs = m->owner;
    uint64_t start = index * PAGE_SIZE, total = n * PAGE_SIZE;
    uint64_t valid = start < m->size ? MIN(m->size - start, total) : 0;
    struct request r;
    int err;

    request_init(&r, fs);
    err = place(&r, pages, 0, valid, start / 512);
    if (!err)
        err = request_send(&r);
    zero_from(pages, valid, total);
    return err;
}

const struct mapping_ops ext4_meta_ops = {.read = meta_read};

const void *ext4_meta(struct ext4 *fs, uint64_t offset, struct page **page)
{
    *page = mapping_get(&fs->meta, offset / PAGE_SIZE, false);
    if (IS_ERR(*page))
        return ERR_PTR(PTR_ERR(*page) == -ENXIO ? -EUCLEAN : PTR_ERR(*page));
    return (char *)page_virt(*page) + offset % PAGE_SIZE;
}
