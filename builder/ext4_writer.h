/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * ext4_writer.h - the root file system of an image, written with libext2fs.
 *
 * 1. Theory.  The file system is written once and then only read.  So it has no
 *    journal, next to no free space, and its allocator is a cursor that moves
 *    forward: directories first, then files in the order in which a booting
 *    system reads them, each in one extent unless it holds long runs of zeros
 *    (which are not stored) or crosses a block group's tables.
 *
 * 2. Metadata goes through libext2fs; file data is written straight to the
 *    image, since it never passes the library's cache.
 *
 * 3. Reproducible: no clock, no random numbers, inodes numbered in layout
 *    order, all times the same, identifiers made from a hash of the content.
 */
#pragma once

#include <stdint.h>
#include <time.h>

#include "digest.h"
#include "progress.h"
#include "tree.h"

#define EXT4_BLOCK 4096

struct ext4_job {
    struct tree *tree;
    int fd;           /* the image, open for reading and writing */
    const char *path; /* the same file, for libext2fs to open */
    const char *name; /* what messages call it */
    uint64_t offset;  /* where the file system starts, in bytes */
    time_t when;      /* every time stamp */
    enum progress_kind progress;
    struct digest *digest; /* has the rest of the image already; gets this */
    uint64_t bytes;        /* out: the size of the file system */
};

/* Reports and returns -1 when a file cannot be read or changes, or the image
 * cannot be written. */
int ext4_write(struct ext4_job *job);
