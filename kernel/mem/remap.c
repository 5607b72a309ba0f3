/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * remap.c - mremap: an area grows, shrinks or moves without copying.
 *
 * Moving takes the entries from their old place to the new one, in batches
 * under the page-table lock, so that reclaim always finds a page at one of the
 * two. A new place has the old one's offset within 2 MiB, which lets huge
 * entries move whole.
 */
#include <linux/mman.h>

#include "fs/file.h"
#include "lib/errno.h"
#include "mem/mm_priv.h"
#include "sched/thread.h"

struct move {
    struct mm *mm;
    vaddr_t from, to; /* what is left to be moved */
    vaddr_t end;      /* of the source */
};

static int move_entry(struct move *m, struct mmu_entry *e)
{
    struct arch_mmu *mmu = &m->mm->mmu;
    vaddr_t target = m->to + (e->va - m->from);
    int rc;

    if (e->size == HUGE_SIZE && target % HUGE_SIZE) {
        rc = mmu_split(mmu, e->va);
        if (rc < 0 || !mmu_lookup(mmu, e->va, e))
            return rc;
    }
    rc = mmu_map(mmu, target, e->pa, e->size, e->prot);
    if (rc == 0)
        mmu_unmap(mmu, e->va, e);
    return rc;
}

/* One batch; *(more) tells whether there may be another. The flush under the
 * lock keeps the page from being seen at both places by a program. */
static int move_some(struct move *m, bool *more)
{
    vaddr_t start = m->from;
    struct mmu_entry e;
    int rc = 0;

    spin_lock(&m->mm->pte_lock);
    for (int i = 0; i < 256 && rc == 0; i++) {
        *more = mmu_next(&m->mm->mmu, m->from, m->end, &e);
        if (!*more)
            break;
        m->to += e.va - m->from;
        m->from = e.va;
        rc = move_entry(m, &e);
        if (rc == 0) {
            m->from += e.size;
            m->to += e.size;
        }
    }
    if (m->from > start)
        mmu_flush(&m->mm->mmu, start, m->from);
    spin_unlock(&m->mm->pte_lock);
    return rc;
}

/* -ENOMEM leaves the rest where it was. */
static int move_entries(struct mm *mm, vaddr_t from, vaddr_t to, size_t len)
{
    struct move m = {mm, from, to, from + len};
    bool more = true;
    int rc = 0;

    while (more && rc == 0) {
        rc = move_some(&m, &more);
        if (rc == -ENOMEM) { /* tables are made without waiting */
            struct page *p = page_alloc(0, ALLOC_USER);

            if (p) {
                page_put(p);
                rc = 0;
            }
        }
        cond_resched();
    }
    return rc;
}

/* A copy of (v) for (len) bytes at (at), showing what (old) shows. */
static struct vma *copy_area(const struct vma *v, vaddr_t old, vaddr_t at,
                             size_t len)
{
    struct vma *n = vma_alloc();

    if (!n)
        return NULL;
    *n = *v;
    list_init(&n->mapping_link);
    n->start = at;
    n->end = at + len;
    if (n->mapping)
        n->pgoff += (old - v->start) >> PAGE_SHIFT;
    if (n->file)
        file_get(n->file);
    return n;
}

struct remap {
    struct mm *mm;
    vaddr_t old, target; /* target: with MREMAP_FIXED */
    size_t old_len, new_len;
    unsigned flags;
    struct list dead;
};

static long choose_target(struct remap *r)
{
    struct mm *mm = r->mm;
    vaddr_t at = 0;
    int rc;

    if (r->flags & MREMAP_FIXED) {
        rc = mm_unmap_locked(mm, r->target, r->new_len, &r->dead);
        return rc < 0 ? rc : (long)r->target;
    }
    if (r->new_len >= HUGE_SIZE)
        at = vma_gap(mm, r->new_len, USER_BASE, mm->mmap_top, HUGE_SIZE,
                     r->old % HUGE_SIZE);
    return at ? (long)at : mm_place(mm, 0, r->new_len, 0, false);
}

/* Enter a copy of (v) of the new length where the caller wants it; its
 * address or -errno. */
static long place_copy(struct remap *r, const struct vma *v)
{
    struct vma *n;
    long at;

    n = copy_area(v, r->old, 0, r->new_len);
    if (!n)
        return -ENOMEM;
    at = choose_target(r);
    if (at < 0) {
        list_add_tail(&r->dead, &n->mapping_link);
        return at;
    }
    n->start = (vaddr_t)at;
    n->end = n->start + r->new_len;
    vma_insert(r->mm, n);
    return at;
}

static long move_area(struct remap *r, struct vma *v)
{
    struct mm *mm = r->mm;
    long at;
    int rc = 0;

    if (mm->nr_vmas + 2 >= VMA_MAX || mm_split_huge_at(mm, r->old) < 0 ||
        mm_split_huge_at(mm, r->old + r->old_len) < 0)
        return -ENOMEM;
    at = place_copy(r, v);
    if (at < 0)
        return at;
    rc = move_entries(mm, r->old, (vaddr_t)at, MIN(r->old_len, r->new_len));
    if (rc < 0) {
        /* What has been moved goes back: those tables exist still. */
        move_entries(mm, (vaddr_t)at, r->old, MIN(r->old_len, r->new_len));
        mm_unmap_locked(mm, (vaddr_t)at, r->new_len, &r->dead);
        return rc;
    }
    if (!(r->flags & MREMAP_DONTUNMAP))
        rc = mm_unmap_locked(mm, r->old, r->old_len, &r->dead);
    return rc < 0 ? rc : at;
}

/* Shared memory only: a second view of it. */
static long duplicate(struct remap *r, struct vma *v)
{
    if (!(v->flags & VMA_SHARED) || !(r->flags & MREMAP_MAYMOVE))
        return -EINVAL;
    if (!mm_may_grow(r->mm, r->new_len >> PAGE_SHIFT))
        return -ENOMEM;
    return place_copy(r, v);
}

static long grow(struct remap *r, struct vma *v)
{
    size_t more = r->new_len - r->old_len;
    vaddr_t end = r->old + r->old_len;

    if (!mm_may_grow(r->mm, more >> PAGE_SHIFT) ||
        !mm_may_hold(r->mm, v->prot, v->flags, more >> PAGE_SHIFT) ||
        mm_overcommits(v->prot, v->flags, more >> PAGE_SHIFT))
        return -ENOMEM;
    if (v->end == end && USER_TOP - end >= more &&
        vma_range_free(r->mm, end, more)) {
        vma_resize(r->mm, v, v->start, end + more);
        return (long)r->old;
    }
    return r->flags & MREMAP_MAYMOVE ? move_area(r, v) : -ENOMEM;
}

static long remap_locked(struct remap *r)
{
    struct vma *v = vma_find(r->mm, r->old);
    bool must_move = r->flags & (MREMAP_FIXED | MREMAP_DONTUNMAP);

    if (!v || v->start > r->old)
        return -EFAULT;
    if (!r->old_len)
        return duplicate(r, v);
    if (r->flags & MREMAP_DONTUNMAP && (v->mapping || (v->flags & VMA_SPECIAL)))
        return -EINVAL;
    if (r->new_len < r->old_len) {
        int rc = mm_unmap_locked(r->mm, r->old + r->new_len,
                                 r->old_len - r->new_len, &r->dead);

        if (rc < 0)
            return rc;
        r->old_len = r->new_len;
        v = vma_find(r->mm, r->old);
    }
    if (v->end - r->old < r->old_len)
        return -EFAULT; /* over several areas */
    if ((v->flags & VMA_PFN) && r->new_len != r->old_len)
        return -EFAULT;
    if (must_move)
        return move_area(r, v);
    return r->new_len == r->old_len ? (long)r->old : grow(r, v);
}

static bool args_ok(const struct remap *r)
{
    const unsigned known = MREMAP_MAYMOVE | MREMAP_FIXED | MREMAP_DONTUNMAP;

    if ((r->flags & ~known) || r->old % PAGE_SIZE || !r->new_len)
        return false;
    if (r->old > USER_TOP || r->old_len > USER_TOP - r->old ||
        r->new_len > USER_TOP)
        return false;
    if (r->flags & (MREMAP_FIXED | MREMAP_DONTUNMAP) &&
        !(r->flags & MREMAP_MAYMOVE))
        return false;
    if (r->flags & MREMAP_DONTUNMAP && r->old_len != r->new_len)
        return false;
    if (!(r->flags & MREMAP_FIXED))
        return true;
    return !(r->target % PAGE_SIZE) && r->target >= USER_BASE &&
           r->target <= USER_TOP - r->new_len &&
           (r->target >= r->old + r->old_len ||
            r->target + r->new_len <= r->old);
}

long mm_remap(struct mm *mm, vaddr_t old, size_t old_len, size_t new_len,
              unsigned flags, vaddr_t new_addr)
{
    struct remap r = {.mm = mm, .old = old, .target = new_addr, .flags = flags};
    long rc;

    if (old_len > USER_TOP || new_len > USER_TOP)
        return -EINVAL;
    r.old_len = ALIGN_UP(old_len, PAGE_SIZE);
    r.new_len = ALIGN_UP(new_len, PAGE_SIZE);
    if (!args_ok(&r))
        return -EINVAL;
    list_init(&r.dead);
    write_lock(&mm->lock);
    rc = remap_locked(&r);
    write_unlock(&mm->lock);
    vma_dispose_list(&r.dead);
    return rc;
}
