/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * ext4_priv.h - shared by the parts of the ext4 writer.
 */
#pragma once

#include <ext2fs/ext2_fs.h>
#include <ext2fs/ext2fs.h>
#include <stdbool.h>

#include "ext4_writer.h"

struct node;
struct tree;

/* ---- ext4_plan.c: what is to be written, and where ---- */

struct ext4_plan {
    struct node **node; /* every inode, in the order of its number */
    size_t n;
    size_t cap;
    uint64_t blocks; /* of data, directories and extent trees, at most */
    uint64_t bytes;  /* of data */
};

#define EXT4_FIRST_INO EXT2_GOOD_OLD_FIRST_INO /* those below are reserved */

int ext4_plan_make(struct ext4_plan *p, struct tree *t);
void ext4_plan_release(struct ext4_plan *p);

/* ---- ext4_zeros.c ---- */

/* Fill in (n)->zeros.  Only long runs in large files are looked for, and by
 * content, so that the result does not depend on the host's file system. */
int ext4_find_zeros(struct node *n);

/* ---- ext4_dir.c ---- */

/* The number of blocks the directory needs. */
uint32_t ext4_dir_blocks(const struct node *dir);
/* Fill (blocks), zeroed and as many as ext4_dir_blocks() says. */
void ext4_dir_fill(ext2_filsys fs, const struct node *dir, uint8_t *blocks);

/* ---- ext4_alloc.c: blocks, extents and inodes ---- */

struct ext4_inode {
    struct ext2_inode_large raw;
    uint32_t ino;
    ext2_extent_handle_t extents;
};

struct ext4_alloc {
    ext2_filsys fs;
    blk64_t cursor; /* everything before it is in use */
};

/* Start an inode; (mode) has the type too. */
errcode_t ext4_inode_start(struct ext4_alloc *a, struct ext4_inode *i,
                           uint32_t ino, unsigned mode, time_t when);
/* Append up to (want) blocks at logical block (lblk): (*got) of them, from
 * physical block (*start) on. */
errcode_t ext4_inode_extend(struct ext4_alloc *a, struct ext4_inode *i,
                            blk64_t lblk, blk64_t want, blk64_t *start,
                            blk64_t *got);
/* Write it, with (links) names and (size) bytes. */
errcode_t ext4_inode_finish(struct ext4_alloc *a, struct ext4_inode *i,
                            unsigned links, uint64_t size);
/* Give it up after an error. */
void ext4_inode_drop(struct ext4_inode *i);
