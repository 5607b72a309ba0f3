/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * mapping_priv.h - between mapping.c (the pages of a file), mapping_io.c
 * (reading and writing them), reclaim.c (giving them back) and the address
 * spaces.
 */
#pragma once

#include "mem/mapping.h"

static inline bool mapping_is_store(const struct mapping *m)
{
    return m->flags & MAPPING_STORE;
}

static inline uint64_t mapping_pages(struct mapping *m)
{
    return (atomic_load_explicit(&m->size, memory_order_relaxed) + PAGE_SIZE -
            1) >>
           PAGE_SHIFT;
}

static inline uint32_t page_flags(const struct page *p)
{
    return atomic_load_explicit(&p->flags, memory_order_relaxed);
}

static inline void page_set(struct page *p, uint32_t bits)
{
    if ((page_flags(p) & bits) != bits)
        atomic_fetch_or_explicit(&p->flags, bits, memory_order_relaxed);
}

/* A new page (one reference, which becomes the mapping's) enters at (index)
 * with flags (bits) added. -EEXIST, -ENOMEM. */
int mapping_add(struct mapping *m, uint64_t index, struct page *p,
                uint32_t bits);
/* Take (p) out; the mapping's reference becomes the caller's. m->lock held. */
void mapping_remove_locked(struct mapping *m, struct page *p);
/* The same, unless somebody has done so. Gives up the reference. */
void mapping_drop(struct mapping *m, struct page *p);
/* The page at (index) of a store, made if it is not there; the length is not
 * looked at. (polite): -ENOSPC rather than the last pages there are. */
struct page *mapping_store_page(struct mapping *m, uint64_t index, bool polite);
/* Read (index) in, with its neighbours. 0: look again. -EIO, -ENOMEM. */
int mapping_fill(struct mapping *m, uint64_t index);
/* References to those of (n) pages from (index) on that are up to date, else
 * NULL, in (out). How many are. */
unsigned mapping_peek_range(struct mapping *m, uint64_t index, unsigned n,
                            struct page **out);

/* reclaim.c: pages that may be given back, oldest first. m->lock held. */
void lru_add(struct page *p);
void lru_remove(struct page *p);
uint64_t lru_count(void);

/* pressure.c: a page was evicted; it is read in: was that so short a time ago
 * that it should have stayed? */
void pressure_evicted(const struct mapping *m, uint64_t index);
bool pressure_refault(const struct mapping *m, uint64_t index);

extern _Atomic int64_t mapping_nr_file, mapping_nr_store, mapping_nr_dirty;
