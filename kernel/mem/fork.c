/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * fork.c - the copy-on-write copy of an address space.
 *
 * Only private pages that differ from their file are entered in the child:
 * whatever a fault can find again in the page cache is left to the fault. Both
 * sides lose the right to write; a page's reference count tells the first
 * writer on either side to copy it.
 */
#include "fs/file.h"
#include "lib/errno.h"
#include "mem/mm_priv.h"
#include "sched/cpu.h"

static struct vma *clone_area(struct mm *mm, const struct vma *from)
{
    struct vma *v = vma_alloc();

    if (!v)
        return NULL;
    *v = *from;
    list_init(&v->mapping_link);
    if (v->file)
        file_get(v->file);
    vma_insert(mm, v);
    return v;
}

static void add_references(struct page *p, unsigned n)
{
    for (unsigned i = 0; i < n; i++) {
        page_get(p + i);
        atomic_fetch_add_explicit(&p[i].mapcount, 1, memory_order_relaxed);
    }
}

/* One entry of the parent. Both page-table locks held. */
static int share_entry(struct mm *to, struct mm *from, const struct vma *v,
                       const struct mmu_entry *e)
{
    unsigned n = (unsigned)(e->size / PAGE_SIZE);
    unsigned prot = e->prot & ~(unsigned)PROT_W;
    struct page *p = v->flags & VMA_PFN ? NULL : page_of(e->pa);
    int rc;

    if (p && (page_flags(p) & PG_FILE))
        return 0; /* the file's own page: can be faulted in */
    rc = mmu_map(&to->mmu, e->va, e->pa, e->size, prot);
    if (rc < 0 || !p)
        return rc;
    add_references(p, n);
    rss_add(to, RSS_ANON, n);
    if (e->prot & PROT_W)
        mmu_protect(&from->mmu, e->va, prot);
    return 0;
}

/* Entries from *(va) on, which advances; false when done, or *(rc) < 0. */
static bool share_some(struct mm *to, struct mm *from, const struct vma *v,
                       vaddr_t *va, int *rc)
{
    struct mmu_entry e;
    bool more = false;

    spin_lock(&from->pte_lock);
    /* Nobody else takes two of these: the child is not known yet except to
     * its files' lists, whose walkers take one. */
    spin_lock_nested(&to->pte_lock);
    for (int i = 0; i < 256 && *rc == 0; i++) {
        more = mmu_next(&from->mmu, *va, v->end, &e);
        if (!more)
            break;
        *rc = share_entry(to, from, v, &e);
        if (*rc == 0)
            *va = e.va + e.size;
    }
    spin_unlock(&to->pte_lock);
    spin_unlock(&from->pte_lock);
    return more;
}

/* Page tables are allocated without waiting. Where that fails, wait for a page
 * here, then go on. */
static int wait_for_page(void)
{
    struct page *p = page_alloc(0, ALLOC_USER);

    if (!p)
        return -ENOMEM;
    page_put(p);
    return 0;
}

static int share_area(struct mm *to, struct mm *from, const struct vma *v)
{
    vaddr_t va = v->start;
    int rc = 0;

    while (share_some(to, from, v, &va, &rc)) {
        if (rc == -ENOMEM)
            rc = wait_for_page();
        if (rc < 0)
            return rc;
        cond_resched();
    }
    return 0;
}

static int copy_areas(struct mm *to, struct mm *from)
{
    struct vma *v;
    int rc;

    RB_FOREACH (v, vma_tree, &from->vmas) {
        struct vma *c;

        if (v->flags & VMA_DONTFORK)
            continue;
        c = clone_area(to, v);
        if (!c)
            return -ENOMEM;
        if (v->flags & (VMA_SHARED | VMA_WIPEONFORK))
            continue;
        rc = share_area(to, from, v);
        if (rc < 0)
            return rc;
    }
    return 0;
}

static void copy_settings(struct mm *to, const struct mm *from)
{
    to->brk_start = from->brk_start;
    to->brk = from->brk;
    to->mmap_top = from->mmap_top;
    to->stack_top = from->stack_top;
    to->arg_start = from->arg_start;
    to->arg_end = from->arg_end;
    to->env_start = from->env_start;
    to->env_end = from->env_end;
    to->vdso = from->vdso;
    for (unsigned i = 0; i < ARRAY_SIZE(to->auxv); i++)
        to->auxv[i] = from->auxv[i];
    to->exe = from->exe;
    if (to->exe)
        file_get(to->exe);
}

struct mm *mm_fork(struct mm *from)
{
    struct mm *to = mm_create();
    int rc;

    if (!to)
        return NULL;
    write_lock(&from->lock);
    copy_settings(to, from);
    rc = copy_areas(to, from);
    /* The parent's processors may still hold writable translations. */
    mmu_flush(&from->mmu, 0, USER_TOP);
    write_unlock(&from->lock);
    if (rc < 0) {
        mm_put(to);
        return NULL;
    }
    return to;
}
