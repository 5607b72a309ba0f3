/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * ondisk.h - the layout of ext2, ext3 and ext4: Linux's
 * Documentation/filesystems/ext4. All fields are little-endian, as is the
 * machine. Only fields that are read have names.
 */
#pragma once

#include "lib/types.h"

#define EXT4_SUPER_OFFSET 1024
#define EXT4_MAGIC        0xef53
#define EXT4_ROOT_INO     2

struct ext4_super_disk {
    uint32_t inodes_count;
    uint32_t blocks_count_lo;
    uint32_t r_blocks_count_lo;
    uint32_t free_blocks_lo;
    uint32_t free_inodes;
    uint32_t first_data_block;
    uint32_t log_block_size; /* 1024 << this */
    uint32_t log_cluster_size;
    uint32_t blocks_per_group;
    uint32_t clusters_per_group;
    uint32_t inodes_per_group;
    uint32_t mtime, wtime;
    uint16_t mnt_count, max_mnt_count;
    uint16_t magic;
    uint16_t state;
    uint16_t errors;
    uint16_t minor_rev;
    uint32_t lastcheck, checkinterval, creator_os;
    uint32_t rev_level;
    uint16_t def_resuid, def_resgid;
    uint32_t first_ino; /* from here on: rev_level 1 */
    uint16_t inode_size;
    uint16_t block_group_nr;
    uint32_t feature_compat, feature_incompat, feature_ro_compat;
    uint8_t uuid[16];
    char volume_name[16];
    char last_mounted[64];
    uint32_t algorithm_bitmap;
    uint8_t prealloc[2];
    uint16_t reserved_gdt_blocks;
    uint8_t journal_uuid[16];
    uint32_t journal_inum, journal_dev, last_orphan;
    uint32_t hash_seed[4];
    uint8_t def_hash_version, jnl_backup_type;
    uint16_t desc_size;
    uint32_t default_mount_opts, first_meta_bg, mkfs_time;
    uint32_t jnl_blocks[17];
    uint32_t blocks_count_hi;
    uint32_t r_blocks_count_hi;
    uint32_t free_blocks_hi;
    uint8_t rest[1024 - 0x15c];
} __packed;
_Static_assert(sizeof(struct ext4_super_disk) == 1024, "ext4 superblock");
_Static_assert(offsetof(struct ext4_super_disk, magic) == 0x38, "ext4");
_Static_assert(offsetof(struct ext4_super_disk, feature_incompat) == 0x60,
               "ext4");
_Static_assert(offsetof(struct ext4_super_disk, desc_size) == 0xfe, "ext4");
_Static_assert(offsetof(struct ext4_super_disk, blocks_count_hi) == 0x150,
               "ext4");

#define EXT4_STATE_ERRORS 2

#define INCOMPAT_COMPRESSION 0x1u
#define INCOMPAT_FILETYPE    0x2u
#define INCOMPAT_RECOVER     0x4u
#define INCOMPAT_JOURNAL_DEV 0x8u
#define INCOMPAT_META_BG     0x10u
#define INCOMPAT_EXTENTS     0x40u
#define INCOMPAT_64BIT       0x80u
#define INCOMPAT_MMP         0x100u
#define INCOMPAT_FLEX_BG     0x200u
#define INCOMPAT_EA_INODE    0x400u
#define INCOMPAT_DIRDATA     0x1000u
#define INCOMPAT_CSUM_SEED   0x2000u
#define INCOMPAT_LARGEDIR    0x4000u
#define INCOMPAT_INLINE_DATA 0x8000u
#define INCOMPAT_ENCRYPT     0x10000u
#define INCOMPAT_CASEFOLD    0x20000u

#define RO_COMPAT_BIGALLOC 0x200u

struct ext4_group_disk {
    uint32_t block_bitmap_lo, inode_bitmap_lo, inode_table_lo;
    uint16_t free_blocks_lo, free_inodes_lo, used_dirs_lo, flags;
    uint32_t exclude_bitmap_lo;
    uint16_t block_bitmap_csum_lo, inode_bitmap_csum_lo;
    uint16_t itable_unused_lo, checksum;
    /* from here on: desc_size > 32 */
    uint32_t block_bitmap_hi, inode_bitmap_hi, inode_table_hi;
    uint8_t rest[20];
} __packed;
_Static_assert(sizeof(struct ext4_group_disk) == 64, "ext4 group descriptor");
_Static_assert(offsetof(struct ext4_group_disk, inode_table_hi) == 0x28,
               "ext4");

#define EXT4_BLOCKS_IN_INODE 60 /* bytes */

struct ext4_inode_disk {
    uint16_t mode, uid_lo;
    uint32_t size_lo;
    uint32_t atime, ctime, mtime, dtime;
    uint16_t gid_lo, links;
    uint32_t blocks_lo; /* 512-byte units, or blocks: INODE_HUGE_FILE */
    uint32_t flags;
    uint32_t version;
    uint8_t block[EXT4_BLOCKS_IN_INODE];
    uint32_t generation, file_acl_lo;
    uint32_t size_hi;
    uint32_t obso_faddr;
    uint16_t blocks_hi, file_acl_hi, uid_hi, gid_hi, checksum_lo, reserved;
    /* from here on: inode_size > 128, and extra_isize covers it */
    uint16_t extra_isize, checksum_hi;
    uint32_t ctime_extra, mtime_extra, atime_extra, crtime, crtime_extra;
} __packed;
_Static_assert(offsetof(struct ext4_inode_disk, block) == 0x28, "ext4 inode");
_Static_assert(offsetof(struct ext4_inode_disk, extra_isize) == 0x80, "ext4");
_Static_assert(sizeof(struct ext4_inode_disk) == 0x98, "ext4 inode");
#define EXT4_INODE_MIN 128

#define INODE_ENCRYPT     0x800u
#define INODE_HUGE_FILE   0x40000u
#define INODE_EXTENTS     0x80000u
#define INODE_INLINE_DATA 0x10000000u

#define EXTENT_MAGIC     0xf30a
#define EXTENT_DEPTH_MAX 5
#define EXTENT_LEN_MAX   32768u /* longer: unwritten, less this */

struct ext4_extent_header {
    uint16_t magic, entries, max, depth;
    uint32_t generation;
} __packed;
struct ext4_extent_index {
    uint32_t block, leaf_lo;
    uint16_t leaf_hi, unused;
} __packed;
struct ext4_extent {
    uint32_t block;
    uint16_t len, start_hi;
    uint32_t start_lo;
} __packed;
_Static_assert(sizeof(struct ext4_extent_header) == 12 &&
                   sizeof(struct ext4_extent_index) == 12 &&
                   sizeof(struct ext4_extent) == 12,
               "ext4 extents");

struct ext4_dirent {
    uint32_t inode;
    uint16_t rec_len;
    uint8_t name_len, file_type;
    char name[];
} __packed;
_Static_assert(sizeof(struct ext4_dirent) == 8, "ext4 directory entry");
