/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * page_priv.h - between page_boot.c (which memory there is), page.c (the
 * buddy allocator) and reclaim.c.
 */
#pragma once

#include "mem/page.h"

/* Descriptors are made for one chunk at a time: the largest buddy block, so
 * that a block's buddy always has a descriptor too. */
#define CHUNK_PAGES (1ul << PAGE_ORDER_MAX)

/* Descriptors of 256 MiB of physical memory, from the first usable page. */
#define SECTION_SHIFT (28 - PAGE_SHIFT) /* in pages */
#define SECTION_PAGES (1ul << SECTION_SHIFT)
#define SECTION_COUNT 2048u /* 512 GiB of physical addresses */

struct section {
    struct page *pages;     /* I descriptor of page (first) */
    uint64_t first;         /* I page number */
    uint32_t count;         /* I descriptors */
    _Atomic uint64_t ready; /* a bit n: chunk n has its descriptors */
};
extern struct section sections[SECTION_COUNT];

static inline uint64_t page_pfn(const struct page *p)
{
    const struct section *s = &sections[p->section];

    return s->first + (uint64_t)(p - s->pages);
}

/* Take over what the boot allocator left; the number of pages. */
uint64_t page_boot_init(void);
/* Make the next chunk's descriptors and hand its pages to
 * page_free_range(). False when there is none left. Page lock held. */
bool page_boot_grow(void);
/* Pages [first, end), inside one chunk, are free. Page lock held. */
void page_free_range(uint64_t first, uint64_t end);
struct page *page_at(uint64_t pfn); /* NULL: not RAM, or no descriptor yet */

uint64_t page_total(void);
uint64_t page_descriptors(void); /* pages that hold struct page */
uint64_t oom_kills(void);        /* oom.c: so far */
/* Below this many free pages user allocations evict first; the kernel's own
 * begin at half of it. */
uint64_t page_low_mark(void);
uint64_t slab_page_count(void); /* slab.c */
void page_drain_local(void);    /* this CPU's list back to the free blocks */

/* reclaim.c: give back about (want) pages; how many were. Sleeps. */
size_t reclaim_pages(size_t want);
/* The same, but leaves what programs are using. */
size_t reclaim_unused(size_t want);

/* pressure.c: around waiting for memory. */
void pressure_stall_begin(void);
void pressure_stall_end(void);
/* Asked by those who wait: has nothing else been done for long? */
bool pressure_thrashing(void);
void pressure_stats(struct memory_stats *out);

/* oom.c: nothing is left to evict for a program's page. Kills a process if
 * none is ending yet, then waits a little. False: give up, the caller itself
 * is to end or (round) attempts were in vain. */
bool oom_wait(unsigned round);
