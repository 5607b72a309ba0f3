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

#define BATCH 64

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

/* How many entries from (e) on the child can get in one piece: small ones in a
 * row with the same rights. Their frames go to (pa). */
static unsigned same_kind(const struct mmu_entry *e, unsigned n, paddr_t *pa)
{
    unsigned i;

    for (i = 0; i < n; i++) {
        if (e[i].size != PAGE_SIZE || e[i].prot != e[0].prot ||
            e[i].va != e[0].va + i * PAGE_SIZE)
            break;
        pa[i] = e[i].pa;
    }
    return i;
}

/* Enter (n) of the parent's entries in the child, in runs; how many were. */
static unsigned enter_runs(struct mm *to, const struct mmu_entry *e, unsigned n)
{
    paddr_t pa[BATCH];
    unsigned done = 0;

    while (done < n) {
        unsigned prot = e[done].prot & ~(unsigned)PROT_W;
        unsigned run = same_kind(e + done, n - done, pa), got;

        if (run) {
            got = mmu_map_run(&to->mmu, e[done].va, pa, run, prot);
            done += got;
            if (got < run)
                break;
        } else {
            if (mmu_map(&to->mmu, e[done].va, e[done].pa, HUGE_SIZE, prot) < 0)
                break;
            done++;
        }
    }
    return done;
}

/* Drop the file's own pages, which can be faulted in, from (n) entries. */
static unsigned keep_private(struct mmu_entry *e, unsigned n)
{
    unsigned kept = 0;

    for (unsigned i = 0; i < n; i++) {
        struct page *p = page_of(e[i].pa);

        if (!p || !(page_flags(p) & PG_FILE))
            e[kept++] = e[i];
    }
    return kept;
}

static void add_references(struct mm *to, const struct mmu_entry *e, unsigned n)
{
    int64_t sum = 0;

    for (unsigned i = 0; i < n; i++) {
        unsigned pages = (unsigned)(e[i].size / PAGE_SIZE);
        struct page *p = page_of(e[i].pa);

        for (unsigned k = 0; p && k < pages; k++) {
            page_get(p + k);
            atomic_fetch_add_explicit(&p[k].mapcount, 1, memory_order_relaxed);
        }
        sum += p ? pages : 0;
    }
    rss_add(to, RSS_ANON, sum);
}

/* Entries from *(va) on, which advances; false when done, or *(rc) < 0. */
static bool share_some(struct mm *to, struct mm *from, const struct vma *v,
                       vaddr_t *va, int *rc)
{
    struct mmu_entry e[BATCH];
    vaddr_t start = *va;
    unsigned n, kept, done;

    spin_lock(&from->pte_lock);
    /* Nobody else takes two of these: the child is not known yet except to
     * its files' lists, whose walkers take one. */
    spin_lock_nested(&to->pte_lock);
    n = mmu_read_run(&from->mmu, va, v->end, e, BATCH);
    kept = keep_private(e, n);
    done = enter_runs(to, e, kept);
    if (!(v->flags & VMA_PFN))
        add_references(to, e, done);
    if (done < kept) {
        *va = e[done].va;
        *rc = -ENOMEM;
    }
    mmu_write_protect(&from->mmu, start, *va);
    spin_unlock(&to->pte_lock);
    spin_unlock(&from->pte_lock);
    return done < kept || n == BATCH;
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

/* Does the child need entries of its parent's for this area? */
static bool has_private(const struct vma *v)
{
    if (v->flags & (VMA_SHARED | VMA_WIPEONFORK))
        return false;
    return !v->mapping || (v->flags & VMA_WRITABLE);
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
        if (!has_private(v))
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
