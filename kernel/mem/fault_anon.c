/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * fault_anon.c - the first touch of memory that no file backs.
 *
 * How much is entered depends on how much memory there is: 2 MiB at once in
 * large areas of a machine that has plenty, else a small block, and single
 * pages when memory gets short. Blocks are zeroed one page at a time, so a
 * block costs what its pages cost, minus the faults.
 */
#include "lib/errno.h"
#include "mem/fault_priv.h"
#include "mem/page_priv.h"

#define AROUND_MAX   16u
#define AROUND_SMALL 4u
#define HUGE_AREA    (4ul << 20) /* smallest area that gets huge pages */
/* In pages; the firmware and the kernel take some of the usual 256 and 512 MiB,
 * which should count. */
#define BIG_MACHINE  ((240ul << 20) / PAGE_SIZE)
#define HUGE_MACHINE ((480ul << 20) / PAGE_SIZE)
#define HUGE_PAGES   (HUGE_SIZE / PAGE_SIZE)

/* --- 2 MiB ---------------------------------------------------------------- */

bool mm_huge_eligible(const struct vma *v)
{
    return page_total() >= HUGE_MACHINE && !v->mapping &&
           v->end - v->start >= HUGE_AREA &&
           !(v->flags & (VMA_NOHUGE | VMA_SPECIAL));
}

static bool huge_wanted(const struct fault *f)
{
    const struct vma *v = f->vma;
    vaddr_t base = ALIGN_DOWN(f->addr, HUGE_SIZE);

    return mm_huge_eligible(v) && base >= v->start &&
           base + HUGE_SIZE <= v->end &&
           page_plenty(page_total() / 4 + HUGE_PAGES);
}

static int enter_huge(struct fault *f, struct page *p, vaddr_t base)
{
    struct mmu_entry e;
    int rc = -EEXIST;

    spin_lock(&f->mm->pte_lock);
    if (!mmu_next(&f->mm->mmu, base, base + HUGE_SIZE, &e)) {
        rc = mmu_map(&f->mm->mmu, base, page_paddr(p), HUGE_SIZE,
                     vma_rights(f->vma));
    }
    if (rc == 0) {
        page_split(p, PAGE_ORDER_HUGE);
        for (unsigned i = 0; i < HUGE_PAGES; i++)
            atomic_store_explicit(&p[i].mapcount, 1, memory_order_relaxed);
    }
    spin_unlock(&f->mm->pte_lock);
    return rc;
}

/* 0 if the block is there now; anything else: do without. */
static int fault_huge(struct fault *f)
{
    vaddr_t base = ALIGN_DOWN(f->addr, HUGE_SIZE);
    struct mmu_entry e;
    struct page *p;
    bool used;

    spin_lock(&f->mm->pte_lock);
    used = mmu_next(&f->mm->mmu, base, base + HUGE_SIZE, &e);
    spin_unlock(&f->mm->pte_lock);
    if (used)
        return -EEXIST;
    p = page_alloc(PAGE_ORDER_HUGE, ALLOC_ZERO | ALLOC_USER | ALLOC_NORETRY);
    if (!p)
        return -ENOMEM;
    if (enter_huge(f, p, base) < 0) {
        page_put(p);
        return -EEXIST;
    }
    rss_add(f->mm, RSS_ANON, HUGE_PAGES);
    return 0;
}

/* --- small pages ---------------------------------------------------------- */

static unsigned around(void)
{
    uint64_t total = page_total();

    if (total >= BIG_MACHINE && page_plenty(total / 4))
        return AROUND_MAX;
    return page_plenty(total / 3) ? AROUND_SMALL : 1;
}

/* Pages for the window: (n) of them, or just one. */
static unsigned get_pages(struct page **pages, unsigned n)
{
    unsigned got = 0;

    while (got < n) {
        struct page *p =
            page_alloc(0, ALLOC_ZERO | ALLOC_USER | (got ? ALLOC_NORETRY : 0));

        if (!p)
            break;
        pages[got++] = p;
    }
    return got;
}

/* Enter pages from the window's start on, which advances; pte_lock held. How
 * many. */
static unsigned enter_pages(struct fault *f, struct page **pages, unsigned n)
{
    unsigned done, max = (unsigned)((f->to - f->from) >> PAGE_SHIFT);
    paddr_t pa[AROUND_MAX];

    n = MIN(n, max);
    for (unsigned i = 0; i < n; i++) {
        pa[i] = page_paddr(pages[i]);
        /* Before the entry: afterwards others may count too. */
        atomic_store_explicit(&pages[i]->mapcount, 1, memory_order_relaxed);
    }
    done = mmu_map_run(&f->mm->mmu, f->from, pa, n, vma_rights(f->vma));
    for (unsigned i = done; i < n; i++)
        atomic_store_explicit(&pages[i]->mapcount, 0, memory_order_relaxed);
    f->from += done * PAGE_SIZE;
    return done;
}

static int fault_small(struct fault *f)
{
    struct page *pages[AROUND_MAX];
    unsigned n, used = 0;
    bool absent;

    n = get_pages(pages, (unsigned)((f->to - f->from) >> PAGE_SHIFT));
    if (!n)
        return -ENOMEM;
    spin_lock(&f->mm->pte_lock);
    absent = fault_clip(f);
    if (absent) {
        /* With fewer pages than wanted the one touched comes first. */
        if (n < (f->to - f->from) >> PAGE_SHIFT)
            f->from = f->addr;
        used = enter_pages(f, pages, n);
    }
    spin_unlock(&f->mm->pte_lock);
    rss_add(f->mm, RSS_ANON, used);
    for (unsigned i = used; i < n; i++)
        page_put(pages[i]);
    return absent && f->from <= f->addr ? -ENOMEM : 0;
}

int fault_anon(struct fault *f)
{
    bool absent;

    if (huge_wanted(f) && fault_huge(f) == 0)
        return 0;
    fault_window(f, around());
    spin_lock(&f->mm->pte_lock);
    absent = fault_clip(f);
    spin_unlock(&f->mm->pte_lock);
    return absent ? fault_small(f) : 0;
}
