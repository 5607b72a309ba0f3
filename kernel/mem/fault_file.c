/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * fault_file.c - the first touch of a mapped file or shared memory.
 *
 * A private area that is written to gets a copy at once; everything else names
 * the page cache's own page, together with up to 15 neighbours that are in the
 * cache. A page that has left its mapping meanwhile (truncation, reclaim) is
 * noticed by PG_CACHE under the page-table lock: see mapping.c.
 */
#include "lib/errno.h"
#include "lib/string.h"
#include "mem/fault_priv.h"
#include "proc/process.h"
#include "sched/cpu.h"

#define AROUND 16u

static uint64_t index_of(const struct vma *v, vaddr_t addr)
{
    return v->pgoff + ((addr - v->start) >> PAGE_SHIFT);
}

/* The cache's page with a reference, or an error for mm_fault(). */
static struct page *find_page(struct fault *f)
{
    struct mapping *m = f->vma->mapping;
    uint64_t index = index_of(f->vma, f->addr);
    struct page *p = NULL;

    if (index < mapping_pages(m))
        p = mapping_peek(m, index);
    if (likely(p))
        return p;
    if (!mapping_is_store(m) && current->process)
        atomic_fetch_add_explicit(&current->process->maj_faults, 1,
                                  memory_order_relaxed);
    p = mapping_get(m, index, true);
    if (IS_ERR(p) && PTR_ERR(p) != -ENOMEM)
        return ERR_PTR(-ENXIO);
    return p;
}

/* A private copy where nothing is yet. */
static int enter_copy(struct fault *f, struct page *from)
{
    struct page *copy = page_alloc(0, ALLOC_USER);
    int rc = 0;
    bool absent;

    if (!copy)
        return -ENOMEM;
    memcpy(page_virt(copy), page_virt(from), PAGE_SIZE);
    fault_window(f, 1);
    spin_lock(&f->mm->pte_lock);
    absent = fault_clip(f);
    if (absent)
        rc = fault_enter(f, f->addr, copy, vma_rights(f->vma));
    spin_unlock(&f->mm->pte_lock);
    if (absent && rc == 0)
        rss_add(f->mm, RSS_ANON, 1);
    else
        page_put(copy);
    return rc;
}

/* Enter the pages of the window that are still in the cache; those entered are
 * cleared in (pages), which begins at (base). pte_lock held. */
static int enter_cached(struct fault *f, struct page **pages, vaddr_t base,
                        unsigned *entered)
{
    for (vaddr_t va = f->from; va < f->to; va += PAGE_SIZE) {
        struct page **p = &pages[(va - base) >> PAGE_SHIFT];

        if (!*p)
            continue;
        if (!(page_flags(*p) & PG_CACHE)) {
            if (va == f->addr)
                return -EAGAIN;
            continue;
        }
        if (fault_enter(f, va, *p, mm_entry_prot(f->vma, *p)) < 0)
            return va <= f->addr ? -ENOMEM : 0;
        *p = NULL;
        ++*entered;
    }
    return 0;
}

static int map_around(struct fault *f, struct page *wanted)
{
    struct mapping *m = f->vma->mapping;
    enum rss_kind kind = rss_kind(wanted);
    struct page *pages[AROUND], **own;
    unsigned n, entered = 0;
    vaddr_t base;
    uint64_t index;
    int rc = 0;

    fault_window(f, AROUND);
    base = f->from;
    index = index_of(f->vma, base);
    n = (unsigned)MIN((f->to - base) >> PAGE_SHIFT,
                      mapping_pages(m) > index ? mapping_pages(m) - index : 0);
    memset(pages, 0, sizeof(pages));
    mapping_peek_range(m, index, n, pages);
    own = &pages[(f->addr - base) >> PAGE_SHIFT];
    if (*own)
        page_put(*own);
    *own = wanted; /* with its reference */

    spin_lock(&f->mm->pte_lock);
    if (fault_clip(f))
        rc = enter_cached(f, pages, base, &entered);
    spin_unlock(&f->mm->pte_lock);
    rss_add(f->mm, kind, entered);
    for (unsigned i = 0; i < AROUND; i++)
        if (pages[i])
            page_put(pages[i]);
    return rc;
}

int fault_file(struct fault *f)
{
    struct page *p = find_page(f);
    int rc;

    if (IS_ERR(p))
        return (int)PTR_ERR(p);
    if (!f->write || (f->vma->flags & VMA_SHARED))
        return map_around(f, p);
    rc = enter_copy(f, p);
    page_put(p);
    return rc;
}
