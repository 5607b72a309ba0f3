/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
#include <string.h>

#include "ext4_priv.h"

#define MAX_EXTENT 32768 /* blocks */

/* The next run of free blocks behind the cursor, at most (want) of them. */
static errcode_t take_run(struct ext4_alloc *a, blk64_t want, blk64_t *start,
                          blk64_t *got)
{
    blk64_t last = ext2fs_blocks_count(a->fs->super) - 1, end;
    errcode_t err;

    if (a->cursor > last)
        return EXT2_ET_BLOCK_ALLOC_FAIL;
    err = ext2fs_find_first_zero_block_bitmap2(a->fs->block_map, a->cursor,
                                               last, start);
    if (err)
        return err == ENOENT ? EXT2_ET_BLOCK_ALLOC_FAIL : err;
    if (want > MAX_EXTENT)
        want = MAX_EXTENT;
    if (last - *start + 1 < want)
        want = last - *start + 1;
    err = ext2fs_find_first_set_block_bitmap2(a->fs->block_map, *start,
                                              *start + want - 1, &end);
    if (err && err != ENOENT)
        return err;
    *got = err == ENOENT ? want : end - *start;
    ext2fs_block_alloc_stats_range(a->fs, *start, *got, +1);
    a->cursor = *start + *got;
    return 0;
}

/* Seconds beyond 2038 go into the extra words' low two bits. */
static void set_time(uint32_t *low, uint32_t *extra, time_t when)
{
    *low = (uint32_t)when;
    *extra = (uint32_t)((when - (int32_t)when) >> 32) & 3;
}

errcode_t ext4_inode_start(struct ext4_alloc *a, struct ext4_inode *i,
                           uint32_t ino, unsigned mode, time_t when)
{
    memset(i, 0, sizeof(*i));
    i->ino = ino;
    i->raw.i_mode = (uint16_t)mode;
    i->raw.i_extra_isize = sizeof(i->raw) - EXT2_GOOD_OLD_INODE_SIZE;
    set_time(&i->raw.i_atime, &i->raw.i_atime_extra, when);
    set_time(&i->raw.i_ctime, &i->raw.i_ctime_extra, when);
    set_time(&i->raw.i_mtime, &i->raw.i_mtime_extra, when);
    set_time(&i->raw.i_crtime, &i->raw.i_crtime_extra, when);
    if (ino >= EXT2_FIRST_INODE(a->fs->super))
        ext2fs_inode_alloc_stats2(a->fs, ino, +1, LINUX_S_ISDIR(mode));
    return 0;
}

errcode_t ext4_inode_extend(struct ext4_alloc *a, struct ext4_inode *i,
                            blk64_t lblk, blk64_t want, blk64_t *start,
                            blk64_t *got)
{
    struct ext2fs_extent extent = {.e_lblk = lblk};
    struct ext2_inode *raw = (struct ext2_inode *)&i->raw;
    errcode_t err = 0;

    if (!i->extents) {
        i->raw.i_flags |= EXT4_EXTENTS_FL;
        err = ext2fs_extent_open2(a->fs, i->ino, raw, &i->extents);
    }
    if (!err)
        err = take_run(a, want, start, got);
    if (err)
        return err;
    extent.e_pblk = *start;
    extent.e_len = (uint32_t)*got;
    err = ext2fs_extent_insert(i->extents, EXT2_EXTENT_INSERT_AFTER, &extent);
    if (!err)
        err = ext2fs_extent_fix_parents(i->extents);
    if (!err)
        err = ext2fs_iblk_add_blocks(a->fs, raw, *got);
    return err;
}

errcode_t ext4_inode_finish(struct ext4_alloc *a, struct ext4_inode *i,
                            unsigned links, uint64_t size)
{
    struct ext2_inode *raw = (struct ext2_inode *)&i->raw;
    errcode_t err;

    ext4_inode_drop(i);
    i->raw.i_links_count = (uint16_t)links;
    err = ext2fs_inode_size_set(a->fs, raw, (ext2_off64_t)size);
    if (!err)
        err = ext2fs_write_inode_full(a->fs, i->ino, raw, sizeof(i->raw));
    return err;
}

void ext4_inode_drop(struct ext4_inode *i)
{
    if (i->extents)
        ext2fs_extent_free(i->extents);
    i->extents = NULL;
}
