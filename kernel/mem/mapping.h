/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * mapping.h - the page cache: the pages of one file.
 *
 * Every inode with content has a struct mapping. For a disk file its pages are
 * copies that can be dropped when clean and not mapped (or unmapped through
 * the list of address ranges); for tmpfs, memfd and shared anonymous memory
 * they are the content itself (MAPPING_STORE) and stay.
 *
 * Page states: absent -> LOCKED (being read) -> UPTODATE, or ERROR (dropped).
 */
#pragma once

#include "lib/list.h"
#include "lib/types.h"
#include "mem/page.h"
#include "mem/radix.h"
#include "sched/lock.h"
#include "sched/wait.h"

struct uio;
struct mapping;

struct mapping_ops {
    /* Fill (n) consecutive locked pages from the backing store; pages beyond
     * the file's end are zeroed. Sleeps. 0 or -EIO. NULL: pages start zeroed
     * (MAPPING_STORE). */
    int (*read)(struct mapping *m, uint64_t index, struct page **pages,
                unsigned n);
    /* Before a page of a store is added: -ENOSPC if it would exceed the file
     * system's limit. May be NULL. And its counterpart. */
    int (*charge)(struct mapping *m, unsigned pages);
    void (*uncharge)(struct mapping *m, unsigned pages);
};

/* I immutable; m lock; v i_mmap_lock */
struct mapping {
    const struct mapping_ops *ops; /* I */
    void *owner;                   /* I the inode */
    unsigned flags;                /* I MAPPING_* */
    struct spinlock lock;
    struct radix pages;    /* m */
    uint64_t nr_pages;     /* m */
    unsigned pins;         /* m reclaim is at work on it */
    _Atomic uint64_t size; /* a file length in bytes */
    struct spinlock i_mmap_lock;
    struct list i_mmap;          /* v struct vma.mapping_link */
    struct wait_queue page_wait; /* waiting for LOCKED to go */
    uint64_t ra_next;            /* m readahead: expected next index */
    unsigned ra_pages;           /* m readahead window */
};
#define MAPPING_STORE 1

void mapping_init(struct mapping *m, const struct mapping_ops *ops, void *owner,
                  unsigned flags);
/* Drop all pages; nobody maps it any more. */
void mapping_destroy(struct mapping *m);

/* The page at (index), read in and up to date, with a reference. Beyond the
 * end: ERR_PTR(-ENXIO). ERR_PTR(-EIO/-ENOMEM/-ENOSPC). Sleeps. In a store an
 * absent page is a hole: made if (create), else NULL. */
struct page *mapping_get(struct mapping *m, uint64_t index, bool create);
/* The same if it is there already and up to date; never sleeps. */
struct page *mapping_peek(struct mapping *m, uint64_t index);

/* read(2) and write(2) on the cache; (pos) in bytes; stop at the end of file,
 * respectively extend it (stores only). Bytes moved or -errno. */
ssize_t mapping_read(struct mapping *m, struct uio *u, uint64_t pos);
ssize_t mapping_write(struct mapping *m, struct uio *u, uint64_t pos);
/* Set the length; shrinking zeroes the tail, frees pages and unmaps them from
 * every address space. */
int mapping_truncate(struct mapping *m, uint64_t size);
/* Free the pages of a byte range (fallocate PUNCH_HOLE), zeroing the ends. */
int mapping_punch(struct mapping *m, uint64_t start, uint64_t end);
/* First data / hole at or after pos, for SEEK_DATA/SEEK_HOLE; -ENXIO. */
int64_t mapping_seek(struct mapping *m, uint64_t pos, bool hole);
/* Start reading a range that will be wanted (posix_fadvise WILLNEED). */
void mapping_readahead(struct mapping *m, uint64_t index, unsigned n);
