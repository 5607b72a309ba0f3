/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * tmpfs_priv.h - directories of tmpfs, and what its files share.
 */
#pragma once

#include "fs/fs_priv.h"
#include "lib/tree.h"

struct tmpfs {
    _Atomic uint64_t pages, inodes; /* in use */
    uint64_t max_pages, max_inodes; /* I */
    _Atomic uint64_t last_ino;
};

/* A name; d the directory's dir_lock. */
struct tmpfs_entry {
    RB_ENTRY(tmpfs_entry) by_name;   /* d */
    RB_ENTRY(tmpfs_entry) by_cookie; /* d */
    uint32_t hash;
    uint64_t cookie;     /* position in listings, never used again */
    struct inode *inode; /* d reference held */
    uint16_t len;
    char name[];
};
RB_HEAD(tmpfs_names, tmpfs_entry);
RB_HEAD(tmpfs_cookies, tmpfs_entry);

struct tmpfs_dir {
    struct tmpfs_names names;     /* d */
    struct tmpfs_cookies cookies; /* d */
    uint64_t next_cookie;         /* d */
    uint64_t count;               /* d */
};

extern const struct inode_ops tmpfs_dir_ops;
extern const struct file_ops tmpfs_dir_file_ops;
struct tmpfs_dir *tmpfs_dir_new(void);
/* st_size of a directory follows the number of its entries. */
void tmpfs_dir_set_size(struct inode *dir);
/* An inode with a reference and no name: nlink 1, 2 for a directory.
 * ERR_PTR(-ENOSPC, -ENOMEM). */
struct inode *tmpfs_inode(struct super_block *sb, unsigned mode, uint64_t rdev,
                          const char *symlink);
