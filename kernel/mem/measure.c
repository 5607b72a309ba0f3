/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * measure.c - what the page tables of an address range hold, for
 * /proc/PID/smaps.
 *
 * Whoever looks must not keep the program from running: the page-table lock is
 * held for some entries, the address space's for some thousand pages, and what
 * is counted is what was there at that moment.
 */
#include "mem/mm_priv.h"
#include "sched/thread.h"

#define BATCH        64
#define BATCH_PAGES  512  /* counted under the page-table lock, about */
#define LOCKED_PAGES 4096 /* and under the address space's */
#define AREA_COST    16   /* what finding an area costs, in pages */

/* Would the page's content be lost with it? There is no swap, so that of
 * anonymous and shared memory would. */
static bool is_dirty(const struct page *p, bool written)
{
    unsigned flags = page_flags(p);

    return (flags & (PG_FILE | PG_STORE)) != PG_FILE || written ||
           (flags & PG_DIRTY);
}

static void count_page(struct mm_use *u, const struct page *p, bool written,
                       bool accessed)
{
    uint32_t sharers = atomic_load_explicit(&p->mapcount, memory_order_relaxed);
    uint64_t part = (PAGE_SIZE << MM_PSS_SHIFT) / MAX(sharers, 1u);
    enum rss_kind kind = rss_kind(p);
    bool dirty = is_dirty(p, written);

    u->rss += PAGE_SIZE;
    u->pss[kind] += part;
    u->pss_dirty += dirty ? part : 0;
    *(sharers > 1 ? &u->shared[dirty] : &u->private[dirty]) += PAGE_SIZE;
    u->anonymous += kind == RSS_ANON ? PAGE_SIZE : 0;
    u->referenced +=
        accessed || (page_flags(p) & PG_REFERENCED) ? PAGE_SIZE : 0;
}

/* How many pages were looked at. */
static unsigned count_entry(struct mm_use *u, const struct mmu_entry *e)
{
    unsigned pages = (unsigned)(e->size / PAGE_SIZE);
    const struct page *p = page_of(e->pa);

    for (unsigned i = 0; p && i < pages; i++)
        count_page(u, p + i, e->dirty, e->accessed);
    if (p && pages > 1)
        u->huge += e->size;
    return pages;
}

/* Some entries from *(va) on, which advances; (end) is in the same area. Their
 * pages live while the entries do. */
static unsigned count_some(struct mm *mm, vaddr_t *va, vaddr_t end,
                           struct mm_use *u)
{
    struct mmu_entry e[BATCH];
    unsigned n, pages = 0, i = 0;

    spin_lock(&mm->pte_lock);
    n = mmu_read_run(&mm->mmu, va, end, e, BATCH);
    while (i < n && pages < BATCH_PAGES)
        pages += count_entry(u, &e[i++]);
    if (i < n)
        *va = e[i].va;
    spin_unlock(&mm->pte_lock);
    return pages;
}

/* As far as one holding of the lock goes. Where to go on, or (end). */
static vaddr_t measure_some(struct mm *mm, vaddr_t at, vaddr_t end,
                            struct mm_use *u)
{
    unsigned cost = 0;
    struct vma *v;

    read_lock(&mm->lock);
    for (v = vma_find(mm, at); v && v->start < end && cost < LOCKED_PAGES;
         v = vma_next(mm, v)) {
        vaddr_t stop = MIN(end, v->end);

        at = MAX(at, v->start);
        cost += AREA_COST;
        while (!(v->flags & VMA_PFN) && at < stop && cost < LOCKED_PAGES)
            cost += 1 + count_some(mm, &at, stop, u);
        if (at < stop && !(v->flags & VMA_PFN))
            break;
        at = stop;
    }
    if (!v || v->start >= end)
        at = end;
    read_unlock(&mm->lock);
    return at;
}

void mm_measure(struct mm *mm, vaddr_t start, vaddr_t end, struct mm_use *u)
{
    while (start < end && !fatal_signal_pending()) {
        start = measure_some(mm, start, end, u);
        cond_resched();
    }
}
