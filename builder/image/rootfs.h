/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * rootfs.h - the files of an image, read without mounting it.
 *
 * Paths are those of the guest, with or without a slash in front.  Links are
 * followed inside the image only: one to /etc/passwd is to the image's.
 *
 * An image may come from anywhere, so nothing in it is believed: what libext2fs
 * does not check is checked here, and an error names the path and the image.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "disk_image.h"

struct struct_ext2_filsys;

struct rootfs {
    const struct image *img;
    struct struct_ext2_filsys *fs;
    uint64_t offset; /* bytes into the image */
};

struct rootfs_file {
    char *path; /* as it was reached; for messages */
    char *name; /* its last part */
    uint32_t ino;
    uint32_t mode; /* S_IFMT and permissions */
    uint32_t uid;
    uint32_t gid;
    uint32_t links;
    uint64_t size;
    int64_t mtime;
    char *target; /* of a symbolic link, else NULL */
};

struct rootfs_list {
    struct rootfs_file *v;
    size_t n;
};

/* Reports and returns -1, as all do, when there is no file system that can be
 * read. (write): for rootfs_replace(). */
int rootfs_open(struct rootfs *r, const struct image *img, bool write);
/* Reports and returns -1 when what was changed cannot be written. */
int rootfs_close(struct rootfs *r);

/* Look for (path).  (follow): if it is a link, what it leads to. */
int rootfs_find(struct rootfs *r, const char *path, bool follow,
                struct rootfs_file *f);
/* Whether (path) is there; nothing is reported. */
bool rootfs_has(struct rootfs *r, const char *path);
void rootfs_file_release(struct rootfs_file *f);

/* What is in the directory (dir), sorted by name.  A name that could not be one
 * (empty, "..", with a slash) is an error: it is made to lead astray. */
int rootfs_read_dir(struct rootfs *r, const struct rootfs_file *dir,
                    struct rootfs_list *list);
void rootfs_list_release(struct rootfs_list *list);

/* Which directories a walk down the tree has been in.  All zero at first. */
struct rootfs_visits {
    uint8_t *bits;
};
/* To be called before going into (dir): an image whose directories are a circle
 * has no end. */
int rootfs_visit(struct rootfs_visits *v, const struct rootfs *r,
                 const struct rootfs_file *dir);
void rootfs_visits_release(struct rootfs_visits *v);

/* Takes a piece of a file.  Pieces come in order and leave holes out.  0, or
 * -1, which ends the reading; it has reported why. */
typedef int rootfs_sink(void *ctx, const void *data, size_t len, uint64_t at);

int rootfs_read(struct rootfs *r, const struct rootfs_file *f,
                rootfs_sink *sink, void *ctx);
/* All of the file (path), which is not larger than (max), to (out). */
int rootfs_load(struct rootfs *r, const char *path, size_t max,
                struct buf *out);

/* Give the file (path) this content. */
int rootfs_replace(struct rootfs *r, const char *path, const struct buf *text);

struct rootfs_usage {
    uint64_t block; /* bytes */
    uint64_t blocks;
    uint64_t free_blocks;
    uint64_t inodes;
    uint64_t free_inodes;
};
void rootfs_usage(const struct rootfs *r, struct rootfs_usage *u);
/* When the file system was written, in seconds since 1970. */
int64_t rootfs_time(const struct rootfs *r);
