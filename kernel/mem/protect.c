/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * protect.c - mprotect: what a program may do with which pages.
 *
 * Page-table entries follow their area. An entry that gains rights needs no
 * flush: a processor with a stale translation takes one fault that finds
 * nothing to do (Intel SDM 3A 4.10.4.3). One that loses rights does.
 */
#include <asm/mman.h>

#include "lib/errno.h"
#include "mem/mm_priv.h"

/* Everything may be written at once only in pages nobody else can see. */
unsigned mm_entry_prot(const struct vma *v, const struct page *p)
{
    unsigned prot = vma_rights(v);

    if (!(prot & PROT_W) || (v->flags & VMA_SHARED))
        return prot;
    if (p && !(page_flags(p) & PG_FILE) &&
        atomic_load_explicit(&p->refs, memory_order_acquire) == 1)
        return prot;
    return prot & ~(unsigned)PROT_W;
}

/* The pages of a huge entry can be shared one by one. */
static unsigned huge_prot(const struct vma *v, const struct page *p)
{
    unsigned prot = vma_rights(v);

    for (unsigned i = 0; i < HUGE_SIZE / PAGE_SIZE && (prot & PROT_W); i++)
        prot = mm_entry_prot(v, p + i);
    return prot;
}

/* Bring the entries in [start, end) in line with (v). */
static void update_entries(struct mm *mm, const struct vma *v, vaddr_t start,
                           vaddr_t end)
{
    vaddr_t va = start, flush_from = 0, flush_to = 0;
    struct mmu_entry e;

    spin_lock(&mm->pte_lock);
    for (; mmu_next(&mm->mmu, va, end, &e); va = e.va + e.size) {
        struct page *p = v->flags & VMA_PFN ? NULL : page_of(e.pa);
        unsigned prot =
            e.size == HUGE_SIZE ? huge_prot(v, p) : mm_entry_prot(v, p);

        if (prot == e.prot)
            continue;
        mmu_protect(&mm->mmu, e.va, prot);
        if (e.prot & ~prot) {
            flush_from = flush_to ? flush_from : e.va;
            flush_to = e.va + e.size;
        }
    }
    spin_unlock(&mm->pte_lock);
    if (flush_to)
        mmu_flush(&mm->mmu, flush_from, flush_to);
}

static int protect_area(struct mm *mm, struct vma **v, vaddr_t start,
                        vaddr_t end, unsigned prot, struct list *dead)
{
    vaddr_t from = MAX(start, (*v)->start), to = MIN(end, (*v)->end);
    uint64_t pages = (to - from) >> PAGE_SHIFT;
    unsigned flags = (*v)->flags;
    struct vma *now;

    if ((prot & PROT_W) && !((*v)->flags & VMA_MAYWRITE))
        return -EACCES;
    if (!((*v)->prot & PROT_W) && (mm_overcommits(prot, (*v)->flags, pages) ||
                                   !mm_may_hold(mm, prot, (*v)->flags, pages)))
        return -ENOMEM;
    if (prot == (*v)->prot)
        return 0;
    if ((prot & PROT_W) && (*v)->mapping)
        flags |= VMA_WRITABLE;
    now = vma_change(mm, *v, from, to, prot, flags, dead);
    if (!now)
        return -ENOMEM;
    update_entries(mm, now, from, to);
    *v = now;
    return 0;
}

static int protect_locked(struct mm *mm, vaddr_t start, vaddr_t end,
                          unsigned prot, struct list *dead)
{
    struct vma *v = vma_find(mm, start);
    int rc;

    if (mm_split_huge_at(mm, start) < 0 || mm_split_huge_at(mm, end) < 0)
        return -ENOMEM;
    while (start < end) {
        if (!v || v->start > start)
            return -ENOMEM;
        rc = protect_area(mm, &v, start, end, prot, dead);
        if (rc < 0)
            return rc;
        start = v->end;
        v = vma_next(mm, v);
    }
    return 0;
}

/* PROT_GROWSDOWN: from the start of the stack's area on. */
static int stack_start(struct mm *mm, vaddr_t *addr)
{
    struct vma *v = vma_find(mm, *addr);

    if (!v || v->start > *addr)
        return -ENOMEM;
    if (!(v->flags & VMA_GROWSDOWN))
        return -EINVAL;
    *addr = v->start;
    return 0;
}

int mm_protect(struct mm *mm, vaddr_t addr, size_t len, unsigned prot)
{
    struct list dead;
    vaddr_t end;
    int rc = 0;

    if (addr % PAGE_SIZE || (prot & PROT_GROWSUP))
        return -EINVAL;
    if (!len)
        return 0;
    if (addr > USER_TOP || len > USER_TOP - addr)
        return -ENOMEM;
    end = ALIGN_UP(addr + len, PAGE_SIZE);
    list_init(&dead);
    write_lock(&mm->lock);
    if (prot & PROT_GROWSDOWN)
        rc = stack_start(mm, &addr);
    if (rc == 0)
        rc = protect_locked(mm, addr, end, prot & (PROT_R | PROT_W | PROT_X),
                            &dead);
    write_unlock(&mm->lock);
    vma_dispose_list(&dead);
    return rc;
}
