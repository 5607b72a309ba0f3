/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * fault.c - page faults: a program touches what is not in its page tables, or
 * not with that right.
 *
 * Faults hold mm->lock for reading, so several run in one address space at a
 * time. Pages are found or made without the page-table lock; under it, the
 * entry is looked at again and set. A fault costs far more than an entry, so
 * where memory is plentiful neighbours are entered too: an aligned block of
 * new anonymous pages, or of file pages that are in the cache already.
 */
#include "lib/errno.h"
#include "lib/string.h"
#include "mem/fault_priv.h"
#include "mem/page_priv.h"
#include "proc/process.h"
#include "sched/cpu.h"

/* --- common --------------------------------------------------------------- */

void fault_window(struct fault *f, unsigned pages)
{
    size_t block = pages * PAGE_SIZE;

    f->from = MAX(f->vma->start, ALIGN_DOWN(f->addr, block));
    f->to = MIN(f->vma->end, ALIGN_DOWN(f->addr, block) + block);
}

bool fault_clip(struct fault *f)
{
    unsigned n = (unsigned)((f->to - f->from) >> PAGE_SHIFT);
    unsigned at = (unsigned)((f->addr - f->from) >> PAGE_SHIFT);
    uint32_t there = mmu_present(&f->mm->mmu, f->from, n), below, above;
    vaddr_t base = f->from;

    if (there >> at & 1)
        return false;
    below = there & ((1u << at) - 1);
    above = there >> at;
    if (below)
        f->from = base + (32 - (unsigned)__builtin_clz(below)) * PAGE_SIZE;
    if (above)
        f->to = f->addr + (unsigned)__builtin_ctz(above) * PAGE_SIZE;
    return true;
}

/* Enter a page whose reference becomes the entry's. pte_lock held. */
int fault_enter(struct fault *f, vaddr_t va, struct page *p, unsigned prot)
{
    int rc = mmu_map(&f->mm->mmu, va, page_paddr(p), PAGE_SIZE, prot);

    if (rc == 0)
        atomic_fetch_add_explicit(&p->mapcount, 1, memory_order_relaxed);
    return rc;
}

/* --- an entry is there, but not with this right --------------------------- */

/* Is every page the entry names ours alone? */
static bool sole_owner(const struct page *p, size_t size)
{
    for (size_t i = 0; i < size / PAGE_SIZE; i++)
        if ((page_flags(p + i) & PG_FILE) ||
            atomic_load_explicit(&p[i].refs, memory_order_acquire) != 1)
            return false;
    return true;
}

/* Put a copy in the place of the page that the entry at f->addr names. The old
 * translation must be gone from all processors before the new page can be
 * written to through another. pte_lock held. */
static int replace(struct fault *f, struct page *old, struct page *copy)
{
    struct mmu_entry e;
    int rc;

    if (!mmu_lookup(&f->mm->mmu, f->addr, &e) || e.size != PAGE_SIZE ||
        e.pa != page_paddr(old) || (e.prot & PROT_W))
        return -EAGAIN; /* changed meanwhile */
    mmu_unmap(&f->mm->mmu, f->addr, &e);
    mmu_flush(&f->mm->mmu, f->addr, f->addr + PAGE_SIZE);
    rc = fault_enter(f, f->addr, copy, vma_rights(f->vma));
    /* The entry's table exists, so that cannot fail; if it did, the old
     * page would be lost to the program. */
    ASSERT(rc == 0);
    atomic_fetch_sub_explicit(&old->mapcount, 1, memory_order_relaxed);
    return 0;
}

/* Copy (old), referenced by us, for writing. */
static int copy_page(struct fault *f, struct page *old)
{
    struct page *copy = page_alloc(0, ALLOC_USER);
    int rc = -ENOMEM;

    if (copy) {
        memcpy(page_virt(copy), page_virt(old), PAGE_SIZE);
        spin_lock(&f->mm->pte_lock);
        rc = replace(f, old, copy);
        spin_unlock(&f->mm->pte_lock);
        if (rc == 0) {
            rss_add(f->mm, rss_kind(old), -1);
            rss_add(f->mm, RSS_ANON, 1);
            page_put(old); /* the entry's */
        } else {
            page_put(copy);
        }
    }
    page_put(old);
    return rc;
}

/* pte_lock held; releases it. */
int fault_present(struct fault *f, const struct mmu_entry *e)
{
    struct arch_mmu *mmu = &f->mm->mmu;
    unsigned prot = vma_rights(f->vma);
    unsigned same = (prot & ~(unsigned)PROT_W) | (e->prot & PROT_W);
    struct page *p = f->vma->flags & VMA_PFN ? NULL : page_of(e->pa);
    struct page *shared = NULL;
    int rc = 0;

    if (!f->write || (e->prot & PROT_W)) {
        /* Another fault was faster, or a stale translation: go on. */
        if (same != e->prot)
            mmu_protect(mmu, e->va, same);
    } else if ((f->vma->flags & VMA_SHARED) || !p || sole_owner(p, e->size)) {
        mmu_protect(mmu, e->va, prot);
    } else if (e->size == HUGE_SIZE) {
        rc = mmu_split(mmu, f->addr);
        if (rc == 0)
            rc = -EAGAIN; /* now with a small entry */
    } else {
        shared = p;
        page_get(p);
    }
    spin_unlock(&f->mm->pte_lock);
    return shared ? copy_page(f, shared) : rc;
}

/* --- which kind ----------------------------------------------------------- */

static bool forbidden(const struct vma *v, unsigned need)
{
    return need & (PROT_R | PROT_W | PROT_X) & ~vma_rights(v);
}

/* The stack grows down to the page touched, if its limit allows and what is
 * below leaves a gap. */
static int grow_stack(struct mm *mm, vaddr_t addr)
{
    uint64_t limit = current->process ? process_rlimit(RLIMIT_STACK) : 0;
    vaddr_t start = ALIGN_DOWN(addr, PAGE_SIZE);
    struct vma *v, *below;
    int rc = -EFAULT;

    write_lock(&mm->lock);
    v = vma_find(mm, addr);
    if (v && v->start <= addr) {
        rc = 0; /* done by another thread */
    } else if (v && (v->flags & VMA_GROWSDOWN) && v->end - start <= limit &&
               mm_may_grow(mm, (v->start - start) >> PAGE_SHIFT)) {
        below = vma_prev(mm, v);
        if (!below || (below->flags & VMA_GROWSDOWN) || !below->prot ||
            start - below->end >= STACK_GAP) {
            vma_resize(mm, v, start, v->end);
            rc = 0;
        }
    }
    write_unlock(&mm->lock);
    return rc;
}

/* mm->lock held for reading. */
static int handle(struct fault *f)
{
    struct mmu_entry e;

    spin_lock(&f->mm->pte_lock);
    if (mmu_lookup(&f->mm->mmu, f->addr, &e))
        return fault_present(f, &e);
    spin_unlock(&f->mm->pte_lock);
    if (f->vma->mapping)
        return fault_file(f);
    if (f->vma->flags & VMA_PFN)
        return -EFAULT; /* the frames were all entered at the start */
    return fault_anon(f);
}

/* Page tables are allocated without waiting; wait here until there is memory,
 * or until it is clear that there will not be any. */
static int wait_for_memory(struct mm *mm)
{
    struct page *p = page_alloc(0, ALLOC_USER);

    if (p) {
        page_put(p);
        return 0;
    }
    return fatal_signal_pending() || atomic_load(&mm->killed) ? -EINTR : -ENXIO;
}

static int fault_once(struct mm *mm, vaddr_t addr, unsigned prot)
{
    struct fault f = {
        .mm = mm, .addr = ALIGN_DOWN(addr, PAGE_SIZE), .write = prot & PROT_W};
    int rc = -EFAULT;

    read_lock(&mm->lock);
    f.vma = vma_find(mm, addr);
    if (f.vma && f.vma->start <= addr)
        rc = forbidden(f.vma, prot) ? -EACCES : handle(&f);
    else if (f.vma && (f.vma->flags & VMA_GROWSDOWN))
        rc = -ENOENT;
    read_unlock(&mm->lock);
    return rc;
}

int mm_fault_in(struct mm *mm, vaddr_t addr, unsigned prot)
{
    int rc;

    do {
        if (unlikely(atomic_load_explicit(&mm->killed, memory_order_relaxed)))
            return -EINTR;
        rc = fault_once(mm, addr, prot);
        if (likely(rc == 0))
            return 0;
        if (rc == -ENOENT) {
            rc = grow_stack(mm, addr);
            if (rc < 0)
                return rc;
            rc = -EAGAIN;
        } else if (rc == -ENOMEM) {
            rc = wait_for_memory(mm);
            if (rc < 0)
                return rc;
            rc = -EAGAIN;
        }
    } while (rc == -EAGAIN);
    return rc;
}

int mm_fault(vaddr_t addr, unsigned prot)
{
    struct thread *t = current;

    if (unlikely(addr >= USER_TOP || !t->mm || t->pf_disabled))
        return -EFAULT;
    if (t->process)
        atomic_fetch_add_explicit(&t->process->min_faults, 1,
                                  memory_order_relaxed);
    return mm_fault_in(t->mm, addr, prot);
}

/* --- ahead of time -------------------------------------------------------- */

/* How the page at (addr) would be used at its first touch; false: a hole. */
static bool first_use(struct mm *mm, vaddr_t addr, unsigned *prot)
{
    struct vma *v;
    bool found;

    read_lock(&mm->lock);
    v = vma_find(mm, addr);
    found = v && v->start <= addr;
    if (found)
        *prot =
            (v->prot & PROT_W) && !(v->flags & VMA_SHARED) ? PROT_W : PROT_R;
    if (found && !v->prot)
        *prot = 0; /* PROT_NONE stays empty */
    read_unlock(&mm->lock);
    return found;
}

int mm_populate(struct mm *mm, vaddr_t addr, size_t len)
{
    for (vaddr_t end = addr + len; addr < end; addr += PAGE_SIZE) {
        unsigned prot;
        int rc;

        if (!first_use(mm, addr, &prot))
            return -ENOMEM;
        rc = prot ? mm_fault_in(mm, addr, prot) : 0;
        if (rc < 0)
            return rc;
        cond_resched();
    }
    return 0;
}
