/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * ext4_priv.h - what the files of the ext4 reader share.
 *
 * The disk is not trusted: every number from it is checked against the bounds
 * in struct ext4 before it is used, and what does not fit is reported once or
 * a few times (ext4_corrupt) and answered with -EUCLEAN.
 */
#pragma once

#include "fs/ext4/ondisk.h"
#include "fs/fs_priv.h"
#include "lib/log.h"

struct blockdev;

struct ext4 {
    struct blockdev *dev; /* all: I */
    struct super_block *sb;
    struct mapping meta; /* the whole device: tables, extent blocks */
    unsigned block_bits; /* 10..12 */
    uint32_t block_size;
    uint64_t blocks, free_blocks;
    uint32_t inodes, free_inodes, inodes_per_group, groups;
    uint32_t first_data_block, inode_size, desc_size;
    uint32_t incompat;
    _Atomic unsigned complaints; /* a */
};

/* inode->private. All immutable but the index, which is made once. */
struct ext4_node {
    struct ext4 *fs;
    uint32_t flags;
    uint8_t block[EXT4_BLOCKS_IN_INODE]; /* extent root, block numbers or the
                                          * text of a short link */
    struct ext4_index *_Atomic index;    /* of a directory, dir.c */
};

/* Logs, with the file system's name, unless it has complained a lot already.
 * The value is -EUCLEAN. */
int ext4_corrupt(struct ext4 *fs, const char *fmt, ...) __printf(2, 3);

/* A piece of metadata in the page cache: pointer to byte (offset) of the
 * device; the piece must not cross a page. Release with page_put(*page).
 * ERR_PTR(-EIO, -ENOMEM). */
const void *ext4_meta(struct ext4 *fs, uint64_t offset, struct page **page);
static inline bool ext4_block_ok(const struct ext4 *fs, uint64_t block,
                                 uint64_t n)
{
    return block > fs->first_data_block && block < fs->blocks &&
           n <= fs->blocks - block;
}

/* The run of blocks at (logical): *(physical), 0 for a hole; *(n) >= 1 blocks.
 * 0 or -EUCLEAN, -EIO... */
int ext4_map(struct inode *i, uint32_t logical, uint64_t *physical,
             uint32_t *n);
int ext4_map_extents(struct inode *i, uint32_t logical, uint64_t *physical,
                     uint32_t *n); /* extent.c */
int ext4_map_indirect(struct inode *i, uint32_t logical, uint64_t *physical,
                      uint32_t *n); /* indirect.c */

struct inode *ext4_inode_get(struct super_block *sb, uint64_t ino);
extern const struct mapping_ops ext4_data_ops; /* data.c */
extern const struct mapping_ops ext4_meta_ops;

extern const struct inode_ops ext4_dir_inode_ops; /* dir.c */
extern const struct file_ops ext4_dir_file_ops;
void ext4_index_free(struct ext4_node *n);
