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

/* Pages of the window that follow each other and are still in the cache, from
 * page (i) of (n) on. */
static unsigned in_a_row(struct page **pages, unsigned i, unsigned n,
                         paddr_t *pa)
{
    unsigned k;

    for (k = 0; i + k < n; k++) {
        struct page *p = pages[i + k];

        if (!p || !(page_flags(p) & PG_CACHE))
            break;
        pa[k] = page_paddr(p);
    }
    return k;
}

/* Enter what is still in the cache of the window, whose pages are (pages) from
 * (base) on; those entered are cleared there. pte_lock held. */
static int enter_cached(struct fault *f, struct page **pages, vaddr_t base,
                        unsigned *entered)
{
    unsigned i = (unsigned)((f->from - base) >> PAGE_SHIFT);
    unsigned n = (unsigned)((f->to - base) >> PAGE_SHIFT);
    unsigned wanted = (unsigned)((f->addr - base) >> PAGE_SHIFT);
    unsigned prot = mm_entry_prot(f->vma, pages[wanted]);
    paddr_t pa[AROUND];

    while (i < n) {
        unsigned row = in_a_row(pages, i, n, pa), done;

        if (!row) {
            if (i++ == wanted)
                return -EAGAIN;
            continue;
        }
        done = mmu_map_run(&f->mm->mmu, base + i * PAGE_SIZE, pa, row, prot);
        for (unsigned k = 0; k < done; k++) {
            atomic_fetch_add_explicit(&pages[i + k]->mapcount, 1,
                                      memory_order_relaxed);
            pages[i + k] = NULL;
        }
        *entered += done;
        i += done;
        if (done < row)
            return i <= wanted ? -ENOMEM : 0;
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
