/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * readdir.h - help for file systems that list directories.
 */
#pragma once

#include <linux/stat.h>

#include "fs/fs_priv.h"

/* DT_* of a mode: readdir(3), BSD's IFTODT. */
static inline unsigned mode_to_dtype(unsigned mode)
{
    return (mode & S_IFMT) >> 12;
}

/* "." and "..", at positions 0 and 1. False: the buffer is full. */
static inline bool readdir_dots(struct file *f, struct dir_context *ctx)
{
    struct dentry *up = f->path.dentry ? f->path.dentry->parent : NULL;

    if (f->pos == 0) {
        if (!ctx->emit(ctx, ".", 1, f->inode->ino, S_IFDIR >> 12, 1))
            return false;
        f->pos = 1;
    }
    if (f->pos == 1) {
        uint64_t ino = up && up->inode ? up->inode->ino : f->inode->ino;
        if (!ctx->emit(ctx, "..", 2, ino, S_IFDIR >> 12, 2))
            return false;
        f->pos = 2;
    }
    return true;
}
