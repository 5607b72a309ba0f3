/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * blockdev.h - block devices, partitions, and a cache for metadata.
 */
#pragma once

#include "lib/list.h"
#include "lib/types.h"

struct blockdev;

/* One request: (nr) physically contiguous segments. */
struct block_segment {
    paddr_t pa;
    uint32_t len; /* multiple of 512 */
};

struct blockdev_ops {
    /* Read or write (sectors of 512 bytes); sleeps until done. 0, -EIO. Safe
     * to call from many threads at once. nr <= max_segments. */
    int (*transfer)(struct blockdev *d, bool write, uint64_t sector,
                    const struct block_segment *seg, unsigned nr);
    int (*flush)(struct blockdev *d); /* to stable storage; 0, -EIO */
    int (*discard)(struct blockdev *d, uint64_t sector, uint64_t n);
};

struct blockdev {
    char name[16]; /* "vda", "vda2" */
    const struct blockdev_ops *ops;
    uint64_t sectors;       /* of 512 bytes */
    uint64_t offset;        /* partitions: first sector on (whole) */
    struct blockdev *whole; /* itself for a disk */
    bool readonly;
    bool mounted; /* set before processes exist */
    unsigned max_segments;
    uint8_t type_guid[16], part_guid[16]; /* partitions, disk byte order */
    char label[37];                       /* partition name, ASCII */
    char serial[21];                      /* disks: what the host calls it */
    unsigned major, minor;
    void *private;
    struct list link;
};

int blockdev_register(struct blockdev *d); /* disk: also reads its GPT */
struct blockdev *blockdev_find(const char *name);
struct blockdev *blockdev_find_type(const char *guid_text);
/* By the partition's own GUID (root=UUID). */
struct blockdev *blockdev_find_guid(const char *guid_text);
struct blockdev *blockdev_find_label(const char *label);
struct blockdev *blockdev_find_serial(const char *serial);
/* Whether something is mounted of what (d) covers. */
bool blockdev_in_use(struct blockdev *d);
struct blockdev *blockdev_next(struct blockdev *d); /* NULL starts */
/* Read whole sectors to kernel memory (any alignment of length is a multiple
 * of 512; buf from kmalloc or a page). 0 or -EIO, -EINVAL beyond the end. */
int blockdev_read(struct blockdev *d, uint64_t sector, void *buf, size_t len);
int blockdev_write(struct blockdev *d, uint64_t sector, const void *buf,
                   size_t len);
/* Scatter read into pages; (sector) relative to the partition. */
int blockdev_transfer(struct blockdev *d, bool write, uint64_t sector,
                      const struct block_segment *seg, unsigned nr);
