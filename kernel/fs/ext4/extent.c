/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * extent.c - blocks of a file through its tree of extents. The root is in the
 * inode; every other node fills a block. Entries are sorted by the first
 * logical block they cover.
 */
#include "fs/ext4/ext4_priv.h"
#include "lib/string.h"

static int header_check(struct inode *i, const struct ext4_extent_header *h,
                        unsigned room, int depth)
{
    struct ext4_node *n = i->private;

    if (h->magic != EXTENT_MAGIC || h->entries > h->max ||
        h->max > (room - sizeof(*h)) / sizeof(struct ext4_extent) ||
        h->depth > EXTENT_DEPTH_MAX || (depth >= 0 && h->depth != depth))
        return ext4_corrupt(n->fs, "extent node of inode %llu",
                            (unsigned long long)i->ino);
    return 0;
}

/* The last entry whose first block is <= (logical), or -1. Leaves and index
 * nodes both begin an entry with that block, and entries have one size. */
static int search(const struct ext4_extent_header *h, uint32_t logical)
{
    const struct ext4_extent *e = (const struct ext4_extent *)(h + 1);
    int low = 0, high = h->entries;

    while (low < high) {
        int mid = (low + high) / 2;

        if (e[mid].block <= logical)
            low = mid + 1;
        else
            high = mid;
    }
    return low - 1;
}

/* Blocks from (logical) to the entry after (k), or 1 if that is unknown. */
static uint32_t gap(const struct ext4_extent_header *h, int k, uint32_t logical)
{
    const struct ext4_extent *e = (const struct ext4_extent *)(h + 1);

    if (k + 1 < h->entries && e[k + 1].block > logical)
        return e[k + 1].block - logical;
    return 1;
}

static int from_leaf(struct inode *i, const struct ext4_extent_header *h,
                     uint32_t logical, uint64_t *physical, uint32_t *n)
{
    struct ext4_node *node = i->private;
    int k = search(h, logical);
    const struct ext4_extent *e = (const struct ext4_extent *)(h + 1) + k;
    uint32_t len, into;
    uint64_t start;

    *physical = 0;
    *n = gap(h, k, logical);
    if (k < 0)
        return 0;
    len = e->len > EXTENT_LEN_MAX ? e->len - EXTENT_LEN_MAX : e->len;
    into = logical - e->block;
    if (into >= len)
        return len ? 0
                   : ext4_corrupt(node->fs, "empty extent in inode %llu",
                                  (unsigned long long)i->ino);
    *n = len - into;
    if (e->len > EXTENT_LEN_MAX) /* allocated, never written: zeros */
        return 0;
    start = e->start_lo | (uint64_t)e->start_hi << 32;
    if (!ext4_block_ok(node->fs, start, len))
        return ext4_corrupt(node->fs, "extent of inode %llu at block %llu",
                            (unsigned long long)i->ino,
                            (unsigned long long)start);
    *physical = start + into;
    return 0;
}

/* The block of the child that covers (logical); 0: none, a hole. */
static int child_of(struct inode *i, const struct ext4_extent_header *h,
                    uint32_t logical, uint64_t *child)
{
    struct ext4_node *node = i->private;
    int k = search(h, logical);
    const struct ext4_extent_index *x =
        (const struct ext4_extent_index *)(h + 1) + k;

    *child = 0;
    if (k < 0)
        return 0;
    *child = x->leaf_lo | (uint64_t)x->leaf_hi << 32;
    if (!ext4_block_ok(node->fs, *child, 1))
        return ext4_corrupt(node->fs, "extent index of inode %llu at %llu",
                            (unsigned long long)i->ino,
                            (unsigned long long)*child);
    return 0;
}

int ext4_map_extents(struct inode *i, uint32_t logical, uint64_t *physical,
                     uint32_t *n)
{
    struct ext4_node *node = i->private;
    const struct ext4_extent_header *h =
        (const struct ext4_extent_header *)node->block;
    struct page *page = NULL;
    int depth, err = header_check(i, h, sizeof(node->block), -1);

    for (depth = err ? 0 : h->depth; !err && depth > 0; depth--) {
        struct page *old = page;
        uint64_t child;

        err = child_of(i, h, logical, &child);
        if (err || !child)
            break;
        page = NULL;
        h = ext4_meta(node->fs, child << node->fs->block_bits, &page);
        if (old)
            page_put(old);
        if (IS_ERR(h))
            return (int)PTR_ERR(h);
        err = header_check(i, h, node->fs->block_size, depth - 1);
    }
    if (!err && depth == 0) {
        err = from_leaf(i, h, logical, physical, n);
    } else if (!err) {
        *physical = 0;
        *n = gap(h, search(h, logical), logical);
    }
    if (page)
        page_put(page);
    return err;
}
