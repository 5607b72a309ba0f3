/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * vma.c - the tree of areas of an address space.
 *
 * Areas are kept joined where they can be: the BEAM's allocators grow their
 * arenas by thousands of mprotect calls of one page, each of which moves the
 * border between two areas and makes none.
 *
 * A file's list of areas (mapping->i_mmap) is walked without mm->lock, so the
 * borders of an area on it change only under i_mmap_lock.
 */
#include "fs/file.h"
#include "lib/errno.h"
#include "lib/log.h"
#include "mem/mm_priv.h"
#include "mem/slab.h"

static struct slab_cache *cache;

int vma_cmp(struct vma *a, struct vma *b)
{
    return a->start < b->start ? -1 : a->start > b->start;
}
#undef RB_AUGMENT /* called for what a rotation moves */
#define RB_AUGMENT(v) vma_gap_sum(v)
RB_GENERATE(vma_tree, vma, link, vma_cmp)

struct vma *vma_alloc(void)
{
    struct vma *v;

    if (unlikely(!cache)) /* first used by one CPU during start-up */
        cache = slab_cache_create("vma", sizeof(struct vma), 16);
    v = slab_alloc(cache, ALLOC_ZERO);
    if (v)
        list_init(&v->mapping_link);
    return v;
}

void vma_dispose(struct vma *v)
{
    if (v->file)
        file_put(v->file);
    slab_free(cache, v);
}

void vma_dispose_list(struct list *dead)
{
    struct vma *v, *n;

    list_for_each_safe (v, n, dead, mapping_link)
        vma_dispose(v);
    list_init(dead);
}

/* --- finding -------------------------------------------------------------- */

struct vma *vma_find(struct mm *mm, vaddr_t addr)
{
    /* Concurrent faults may each leave a hint; any area of the tree will do.
     * Areas leave the tree, and the hint, only under the write lock. */
    struct vma *v = __atomic_load_n(&mm->last, __ATOMIC_RELAXED), *best = NULL;

    if (v && v->start <= addr && addr < v->end)
        return v;
    v = RB_ROOT(&mm->vmas);
    while (v) {
        if (addr >= v->end) {
            v = RB_RIGHT(v, link);
            continue;
        }
        best = v;
        if (addr >= v->start)
            break;
        v = RB_LEFT(v, link);
    }
    if (best)
        __atomic_store_n(&mm->last, best, __ATOMIC_RELAXED);
    return best;
}

bool vma_range_free(struct mm *mm, vaddr_t addr, size_t len)
{
    struct vma *v = vma_find(mm, addr);

    return !v || v->start >= addr + len;
}

bool vma_range_mapped(struct mm *mm, vaddr_t addr, size_t len)
{
    vaddr_t end = addr + len;

    for (struct vma *v = vma_find(mm, addr); addr < end; v = vma_next(mm, v)) {
        if (!v || v->start > addr)
            return false;
        addr = v->end;
        if (addr >= end)
            break;
    }
    return true;
}

/* --- changing ------------------------------------------------------------- */

static void link_mapping(struct vma *v)
{
    if (!v->mapping)
        return;
    spin_lock(&v->mapping->i_mmap_lock);
    list_add_tail(&v->mapping->i_mmap, &v->mapping_link);
    spin_unlock(&v->mapping->i_mmap_lock);
}

void vma_insert(struct mm *mm, struct vma *v)
{
    v->mm = mm;
    v->gap = v->max_gap = 0;
    RB_INSERT(vma_tree, &mm->vmas, v);
    vma_gap_changed(mm, v);
    vma_gap_changed(mm, vma_next(mm, v));
    mm->nr_vmas++;
    mm->total_vm += (v->end - v->start) >> PAGE_SHIFT;
    link_mapping(v);
}

/* The lowest place in the tree that changes when (v) is taken out. */
static struct vma *lowest_moved(struct vma *v)
{
    struct vma *heir = RB_RIGHT(v, link);

    if (!heir || !RB_LEFT(v, link))
        return RB_PARENT(v, link);
    while (RB_LEFT(heir, link))
        heir = RB_LEFT(heir, link);
    return RB_PARENT(heir, link) == v ? heir : RB_PARENT(heir, link);
}

void vma_remove(struct mm *mm, struct vma *v, struct list *dead)
{
    struct vma *next = vma_next(mm, v), *lowest = lowest_moved(v);

    RB_REMOVE(vma_tree, &mm->vmas, v);
    vma_gap_sum_up(lowest);
    vma_gap_changed(mm, next);
    mm->nr_vmas--;
    mm->total_vm -= (v->end - v->start) >> PAGE_SHIFT;
    mm->last = NULL;
    if (v->mapping) {
        spin_lock(&v->mapping->i_mmap_lock);
        list_del_init(&v->mapping_link);
        spin_unlock(&v->mapping->i_mmap_lock);
    }
    list_add_tail(dead, &v->mapping_link);
}

void vma_resize(struct mm *mm, struct vma *v, vaddr_t start, vaddr_t end)
{
    mm->total_vm += (end - start) >> PAGE_SHIFT;
    mm->total_vm -= (v->end - v->start) >> PAGE_SHIFT;
    if (v->mapping) {
        spin_lock(&v->mapping->i_mmap_lock);
        v->pgoff += (uint64_t)((int64_t)(start - v->start) >> PAGE_SHIFT);
    }
    v->start = start;
    v->end = end;
    if (v->mapping)
        spin_unlock(&v->mapping->i_mmap_lock);
    vma_gap_changed(mm, v);
    vma_gap_changed(mm, vma_next(mm, v));
}

int vma_split(struct mm *mm, struct vma *v, vaddr_t addr)
{
    struct vma *upper;
    vaddr_t end = v->end;

    if (mm->nr_vmas >= VMA_MAX || mm_split_huge_at(mm, addr) < 0)
        return -ENOMEM;
    upper = vma_alloc();
    if (!upper)
        return -ENOMEM;
    *upper = *v;
    list_init(&upper->mapping_link);
    upper->start = addr;
    if (v->mapping)
        upper->pgoff += (addr - v->start) >> PAGE_SHIFT;
    if (v->file)
        file_get(v->file);
    vma_resize(mm, v, v->start, addr);
    upper->end = end;
    vma_insert(mm, upper);
    return 0;
}

/* --- joining -------------------------------------------------------------- */

static bool same_object(const struct vma *a, const struct vma *b)
{
    if (a->file != b->file || a->mapping != b->mapping || a->name != b->name)
        return false;
    return !a->mapping ||
           a->pgoff + ((a->end - a->start) >> PAGE_SHIFT) == b->pgoff;
}

bool vma_joins(const struct vma *a, const struct vma *b, unsigned prot,
               unsigned flags)
{
    return a && a->end == b->start && a->prot == prot && a->flags == flags &&
           !(flags & VMA_SPECIAL) && same_object(a, b);
}

static bool joins_above(const struct vma *b, const struct vma *above,
                        unsigned prot, unsigned flags)
{
    return above && b->end == above->start && above->prot == prot &&
           above->flags == flags && !(flags & VMA_SPECIAL) &&
           same_object(b, above);
}

/* (v) has become like its upper neighbour. */
static void join_next(struct mm *mm, struct vma *v, struct list *dead)
{
    struct vma *n = vma_next(mm, v);
    vaddr_t end;

    if (!joins_above(v, n, v->prot, v->flags))
        return;
    end = n->end;
    vma_remove(mm, n, dead);
    vma_resize(mm, v, v->start, end);
}

struct vma *vma_change(struct mm *mm, struct vma *v, vaddr_t start, vaddr_t end,
                       unsigned prot, unsigned flags, struct list *dead)
{
    struct vma *prev = vma_prev(mm, v), *next = vma_next(mm, v);

    if (v->prot == prot && v->flags == flags)
        return v;
    if (start == v->start && vma_joins(prev, v, prot, flags)) {
        if (end == v->end)
            vma_remove(mm, v, dead);
        else
            vma_resize(mm, v, end, v->end);
        vma_resize(mm, prev, prev->start, end);
        join_next(mm, prev, dead);
        return prev;
    }
    if (end == v->end && joins_above(v, next, prot, flags)) {
        if (start == v->start)
            vma_remove(mm, v, dead);
        else
            vma_resize(mm, v, v->start, start);
        vma_resize(mm, next, start, next->end);
        return next;
    }
    if (end < v->end && vma_split(mm, v, end) < 0)
        return NULL;
    if (start > v->start) {
        if (vma_split(mm, v, start) < 0)
            return NULL; /* the first cut stays: harmless */
        v = vma_next(mm, v);
    }
    v->prot = prot;
    v->flags = flags;
    return v;
}

struct vma *vma_insert_joined(struct mm *mm, struct vma *v, struct list *dead)
{
    struct vma *next = vma_find(mm, v->end - 1);
    struct vma *prev = next ? vma_prev(mm, next) : RB_MAX(vma_tree, &mm->vmas);

    if (vma_joins(prev, v, v->prot, v->flags)) {
        vma_resize(mm, prev, prev->start, v->end);
        list_add_tail(dead, &v->mapping_link);
        join_next(mm, prev, dead);
        return prev;
    }
    if (joins_above(v, next, v->prot, v->flags)) {
        vma_resize(mm, next, v->start, next->end);
        list_add_tail(dead, &v->mapping_link);
        return next;
    }
    vma_insert(mm, v);
    return v;
}
