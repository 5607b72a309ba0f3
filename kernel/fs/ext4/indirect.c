/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * indirect.c - blocks of a file as ext2 and ext3 keep them: twelve numbers in
 * the inode, then a block of numbers, a block of blocks, and one level more.
 */
#include "fs/ext4/ext4_priv.h"
#include "lib/string.h"

#define DIRECT 12

/* Equal steps from (k) on in a table of (max) numbers: how long the run is. */
static uint32_t run_length(const uint32_t *table, uint32_t k, uint32_t max)
{
    uint32_t first = table[k], n = 1;

    while (k + n < max && table[k + n] == (first ? first + n : 0))
        n++;
    return n;
}

static int result(struct inode *i, const uint32_t *table, uint32_t k,
                  uint32_t max, uint64_t *physical, uint32_t *n)
{
    struct ext4_node *node = i->private;

    *physical = table[k];
    *n = run_length(table, k, max);
    if (*physical && !ext4_block_ok(node->fs, *physical, *n))
        return ext4_corrupt(node->fs, "inode %llu has block %llu",
                            (unsigned long long)i->ino,
                            (unsigned long long)*physical);
    return 0;
}

/* (logical) counts from the start of what the block (at) covers, (levels)
 * tables deep. */
static int descend(struct inode *i, uint32_t at, unsigned levels,
                   uint64_t logical, uint64_t *physical, uint32_t *n)
{
    struct ext4_node *node = i->private;
    unsigned bits = node->fs->block_bits - 2;

    for (;;) {
        uint32_t k, max = 1u << bits;
        const uint32_t *table;
        struct page *page;
        int err = 0;

        *physical = 0;
        *n = 1;
        if (!at)
            return 0;
        if (!ext4_block_ok(node->fs, at, 1))
            return ext4_corrupt(node->fs, "inode %llu has table block %u",
                                (unsigned long long)i->ino, at);
        table =
            ext4_meta(node->fs, (uint64_t)at << node->fs->block_bits, &page);
        if (IS_ERR(table))
            return (int)PTR_ERR(table);
        levels--;
        k = (uint32_t)(logical >> (levels * bits)) & (max - 1);
        if (levels == 0)
            err = result(i, table, k, max, physical, n);
        at = table[k];
        page_put(page);
        if (levels == 0)
            return err;
    }
}

int ext4_map_indirect(struct inode *i, uint32_t logical, uint64_t *physical,
                      uint32_t *n)
{
    struct ext4_node *node = i->private;
    unsigned bits = node->fs->block_bits - 2;
    uint32_t blocks[EXT4_BLOCKS_IN_INODE / 4];
    uint64_t rest = logical;

    memcpy(blocks, node->block, sizeof(blocks));
    if (rest < DIRECT)
        return result(i, blocks, logical, DIRECT, physical, n);
    rest -= DIRECT;
    for (unsigned levels = 1; levels <= 3; levels++) {
        uint64_t covered = 1ull << (levels * bits);

        if (rest < covered)
            return descend(i, blocks[DIRECT + levels - 1], levels, rest,
                           physical, n);
        rest -= covered;
    }
    return ext4_corrupt(node->fs, "inode %llu is too long",
                        (unsigned long long)i->ino);
}
