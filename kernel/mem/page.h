/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * page.h - physical pages.
 *
 * A buddy allocator over all usable memory with per-CPU lists of single pages.
 * struct page descriptors are made for whole ranges when first needed, so that
 * start-up does not pay for memory nobody uses.
 */
#pragma once

#include <stdatomic.h>

#include "arch/x86_64/arch.h"
#include "lib/list.h"
#include "lib/types.h"

struct mapping;

enum page_flag {
    PG_SLAB = 1,
    PG_CACHE = 2 /* in a mapping's tree */,
    PG_DIRTY = 4,
    PG_UPTODATE = 8,
    PG_LOCKED = 16 /* being read */,
    PG_ERROR = 32,
    PG_REFERENCED = 64,
    PG_RESERVED = 128,
    PG_FREE = 256,
    PG_HUGE = 512,
    PG_LRU = 1024,
    PG_FILE = 2048,  /* is or was PG_CACHE: not anonymous, to the end */
    PG_STORE = 4096, /* of a MAPPING_STORE */
};

/* a atomic; f free-list lock while PG_FREE; m the mapping's lock; l LRU lock;
 * o whoever allocated it */
struct page {
    _Atomic uint32_t refs;     /* a 0 = free */
    _Atomic uint32_t mapcount; /* a page-table entries that name it */
    _Atomic uint32_t flags;    /* a PG_* */
    uint8_t order;             /* f/o of the block it heads */
    uint16_t section;          /* I which part of memory, page_boot.c */
    struct mapping *mapping;   /* m NULL unless PG_CACHE; slab cache if SLAB */
    uint64_t index;            /* m page offset in the mapping; o */
    struct list lru;           /* l; f; o */
};

#define PAGE_ORDER_MAX  10
#define PAGE_ORDER_HUGE 9

enum alloc_flags {
    ALLOC_ZERO = 1,    /* cleared */
    ALLOC_NOWAIT = 2,  /* do not reclaim or wait: atomic context */
    ALLOC_USER = 4,    /* for user data: leaves a reserve to the kernel */
    ALLOC_NORETRY = 8, /* try, but do not evict or invoke the OOM killer (huge
                        * pages) */
};

void page_init(void); /* from boot_info, after arch_early_init */
/* A block of 2^order pages with one reference, or NULL. */
struct page *page_alloc(unsigned order, unsigned flags);
void page_get(struct page *p);
void page_put(struct page *p);    /* frees the block with the last reference */
struct page *page_of(paddr_t pa); /* NULL for memory that is not RAM, and for
                                   * the kernel's image and early memory */
/* Make a block of 2^order pages (one reference) into single pages with one
 * reference each; and drop one reference of each of 2^order such pages, which
 * forms the block again where it can. */
void page_split(struct page *p, unsigned order);
void page_put_block(struct page *p, unsigned order);
/* Free memory is above the level where user data would have to evict, by at
 * least (more) pages: for what is a luxury (huge pages, reading ahead). */
bool page_plenty(uint64_t more);
uint64_t page_count_free(void);
/* Is that much free, one (share)-th of all memory, after evicting what nobody
 * uses? For what may be refused: better an error now than the OOM killer
 * later. May sleep. */
bool page_room(unsigned share);
paddr_t page_paddr(const struct page *p);
static inline void *page_virt(const struct page *p)
{
    return phys_to_virt(page_paddr(p));
}

/* Debugging (inject.c): make the calling thread's (nth) allocation from now on
 * fail; 0: none. -1: not switched on. And how much was left of the count when
 * it was last set anew: not 0 if all allocations went well. */
extern bool alloc_inject_on;
bool alloc_inject_fails(unsigned alloc_flags);
int alloc_inject_set(unsigned nth);
unsigned alloc_inject_left(void);

struct memory_stats { /* in pages */
    uint64_t total, free, cached, anonymous, slab, page_tables, kernel_stacks,
        shared, dirty, mapped;
    uint64_t image, descriptors; /* not in total: the kernel, struct page */
    uint64_t evicted, refaults;  /* file pages, since the start */
    uint64_t stall_ns;           /* some thread waited for memory so long */
    uint64_t oom_kills;
};
void memory_stats(struct memory_stats *out); /* mem/stats.c */

/* Reclaim hooks: give back about (want) pages; returns how many were. The
 * caller may hold any sleeping lock: take spinlocks (or try-locks) only. */
typedef size_t shrinker_fn(size_t want);
void shrinker_register(const char *name, shrinker_fn *fn);
