/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * zap.c - taking pages out of page tables.
 *
 * Entries are removed in batches under the page-table lock; then the
 * translation caches of all processors are flushed, and only then are the
 * pages given back: until the flush a processor could still write to them.
 *
 * A huge entry holds one reference on each of its 512 pages, so it can be
 * split into small entries at any time without touching the pages.
 */
#include "mem/mm_priv.h"
#include "sched/thread.h"

#define HUGE_PAGES (HUGE_SIZE / PAGE_SIZE)
#define BATCH      64

struct batch {
    struct mm *mm;
    vaddr_t start, end; /* what needs flushing; end 0 = nothing */
    unsigned n;
    struct page *page[BATCH];
    bool huge[BATCH];
};

static void batch_release(struct batch *b)
{
    if (b->end)
        mmu_flush(&b->mm->mmu, b->start, b->end);
    for (unsigned i = 0; i < b->n; i++) {
        if (b->huge[i])
            page_put_block(b->page[i], PAGE_ORDER_HUGE);
        else
            page_put(b->page[i]);
    }
    b->n = 0;
    b->end = 0;
}

static void mark_dirty(struct page *p)
{
    if ((page_flags(p) & (PG_CACHE | PG_STORE | PG_DIRTY)) == PG_CACHE &&
        !(atomic_fetch_or_explicit(&p->flags, PG_DIRTY, memory_order_relaxed) &
          PG_DIRTY))
        atomic_fetch_add_explicit(&mapping_nr_dirty, 1, memory_order_relaxed);
}

/* The batch's entries have been removed from the tables; their references are
 * the batch's now. A page of the kernel's own (VMA_PFN) has none. */
static void batch_count(struct batch *b, const struct vma *v,
                        const struct mmu_entry *e, unsigned n)
{
    int64_t gone[RSS_KINDS] = {0};

    for (unsigned i = 0; i < n; i++, e++) {
        unsigned pages = (unsigned)(e->size / PAGE_SIZE);
        struct page *p = v->flags & VMA_PFN ? NULL : page_of(e->pa);

        if (!p)
            continue;
        if (e->dirty)
            mark_dirty(p);
        for (unsigned k = 0; k < pages; k++)
            atomic_fetch_sub_explicit(&p[k].mapcount, 1, memory_order_relaxed);
        gone[rss_kind(p)] -= pages;
        b->page[b->n] = p;
        b->huge[b->n++] = pages > 1;
    }
    for (unsigned k = 0; k < RSS_KINDS; k++)
        if (gone[k])
            rss_add(b->mm, k, gone[k]);
}

/* Which pages of an area are to go. */
struct filter {
    bool file_only; /* leave private copies */
};

static bool selected(const struct filter *f, const struct mmu_entry *e)
{
    struct page *p = f->file_only ? page_of(e->pa) : NULL;

    return !f->file_only || (p && (page_flags(p) & PG_FILE));
}

/* Of (n) entries read take those selected, which are moved to the front. */
static unsigned take_selected(struct arch_mmu *mmu, struct mmu_entry *e,
                              unsigned n, const struct filter *f)
{
    unsigned taken = 0;

    for (unsigned i = 0; i < n; i++)
        if (selected(f, &e[i]) && mmu_unmap(mmu, e[i].va, &e[taken]))
            taken++;
    return taken;
}

/* One batch: from *(va) on, which advances. False at the end of the range. */
static bool zap_batch(struct batch *b, const struct vma *v, vaddr_t *va,
                      vaddr_t end, const struct filter *f)
{
    struct arch_mmu *mmu = &b->mm->mmu;
    struct mmu_entry e[BATCH];
    unsigned n, taken;

    spin_lock(&b->mm->pte_lock);
    if (f->file_only) {
        n = mmu_read_run(mmu, va, end, e, BATCH);
        taken = take_selected(mmu, e, n, f);
    } else {
        n = taken = mmu_unmap_run(mmu, va, end, e, BATCH);
    }
    spin_unlock(&b->mm->pte_lock);
    if (taken) {
        b->start = e[0].va;
        b->end = e[taken - 1].va + e[taken - 1].size;
        batch_count(b, v, e, taken);
    }
    return n == BATCH;
}

static void zap(struct mm *mm, const struct vma *v, vaddr_t start, vaddr_t end,
                const struct filter *f)
{
    struct batch b = {.mm = mm};
    vaddr_t va = start;
    bool more;

    do {
        more = zap_batch(&b, v, &va, end, f);
        batch_release(&b);
    } while (more);
}

void mm_zap(struct mm *mm, struct vma *v, vaddr_t start, vaddr_t end)
{
    const struct filter all = {false};

    /* By pieces, so that a giant does not keep others waiting. */
    while (start < end) {
        vaddr_t stop = MIN(end, start + (1ul << 30));

        zap(mm, v, start, stop, &all);
        start = stop;
        cond_resched();
    }
}

int mm_split_huge_at(struct mm *mm, vaddr_t addr)
{
    struct mmu_entry e;
    int rc = 0;

    if (!(addr % HUGE_SIZE))
        return 0;
    spin_lock(&mm->pte_lock);
    if (mmu_lookup(&mm->mmu, addr, &e) && e.size == HUGE_SIZE)
        rc = mmu_split(&mm->mmu, addr);
    spin_unlock(&mm->pte_lock);
    return rc;
}

/* --- by file -------------------------------------------------------------- */

/* The part of (v) that shows pages [start, end) of its mapping. */
static bool overlap(const struct vma *v, uint64_t start, uint64_t end,
                    vaddr_t *from, vaddr_t *to)
{
    uint64_t first = MAX(start, v->pgoff);
    uint64_t last = MIN(end, v->pgoff + ((v->end - v->start) >> PAGE_SHIFT));

    if (first >= last)
        return false;
    *from = v->start + ((first - v->pgoff) << PAGE_SHIFT);
    *to = v->start + ((last - v->pgoff) << PAGE_SHIFT);
    return true;
}

/* An area on the list keeps its address space alive: whoever tears that down
 * takes the area off first. */
void mm_unmap_mapping(struct mapping *m, uint64_t start, uint64_t end,
                      bool even_cows)
{
    const struct filter f = {!even_cows};
    vaddr_t from, to;
    struct vma *v;

    spin_lock(&m->i_mmap_lock);
    list_for_each (v, &m->i_mmap, mapping_link)
        if (overlap(v, start, end, &from, &to))
            zap(v->mm, v, from, to, &f);
    spin_unlock(&m->i_mmap_lock);
}

bool mm_mapping_accessed(struct mapping *m, uint64_t index)
{
    struct mmu_entry e;
    bool accessed = false;
    vaddr_t from, to;
    struct vma *v;

    spin_lock(&m->i_mmap_lock);
    list_for_each (v, &m->i_mmap, mapping_link) {
        if (!overlap(v, index, index + 1, &from, &to))
            continue;
        spin_lock(&v->mm->pte_lock);
        if (mmu_lookup(&v->mm->mmu, from, &e) && e.accessed) {
            /* Not flushed: a stale translation only makes the page look less
             * used than it is. */
            mmu_clear_accessed(&v->mm->mmu, from);
            accessed = true;
        }
        spin_unlock(&v->mm->pte_lock);
    }
    spin_unlock(&m->i_mmap_lock);
    return accessed;
}

void mm_reap(struct mm *mm)
{
    struct vma *v;

    /* Not worth waiting for: the process frees it itself when it ends. */
    if (!read_trylock(&mm->lock))
        return;
    RB_FOREACH (v, vma_tree, &mm->vmas)
        if (!(v->flags & (VMA_SHARED | VMA_PFN)))
            mm_zap(mm, v, v->start, v->end);
    read_unlock(&mm->lock);
}
