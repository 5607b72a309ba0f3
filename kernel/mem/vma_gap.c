/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * vma_gap.c - free address ranges between the areas of an address space.
 *
 * Each area knows the size of the gap below it, and the largest gap in its
 * part of the tree, so that a search goes down one path of the tree, however
 * many areas there are. A gap changes when the area above or the one below it
 * changes: vma.c tells.
 */
#include "lib/log.h"
#include "mem/mm_priv.h"

static size_t largest(struct vma *v)
{
    return v ? v->max_gap : 0;
}

void vma_gap_sum(struct vma *v)
{
    size_t below = MAX(largest(RB_LEFT(v, link)), largest(RB_RIGHT(v, link)));

    v->max_gap = MAX(v->gap, below);
}

void vma_gap_sum_up(struct vma *v)
{
    for (; v; v = RB_PARENT(v, link))
        vma_gap_sum(v);
}

void vma_gap_changed(struct mm *mm, struct vma *v)
{
    struct vma *prev;
    size_t gap, before;

    if (!v)
        return;
    prev = vma_prev(mm, v);
    gap = v->start - (prev ? prev->end : 0);
    if (gap == v->gap)
        return;
    v->gap = gap;
    do { /* above the first that stays as it is, all do */
        before = v->max_gap;
        vma_gap_sum(v);
    } while (v->max_gap != before && (v = RB_PARENT(v, link)));
}

/* What is looked for: (len) bytes in [low, high), at (offset) after a multiple
 * of (align). */
struct want {
    size_t len, align, offset;
    vaddr_t low, high;
};

/* Highest fitting address in the part of [from, to) that is wanted, or 0. */
static vaddr_t fit(const struct want *w, vaddr_t from, vaddr_t to)
{
    vaddr_t low = MAX(from, w->low), high = MIN(to, w->high), at;

    if (high < low || high - low < w->len)
        return 0;
    at = ALIGN_DOWN(high - w->len - w->offset, w->align) + w->offset;
    return at >= low && at <= high - w->len ? at : 0;
}

/* In the gap below (v). What a stack may still grow into stays free. */
static vaddr_t fit_below(const struct want *w, const struct vma *v)
{
    vaddr_t top = v->start;

    if ((v->flags & VMA_GROWSDOWN) && top > STACK_GAP)
        top -= STACK_GAP;
    return fit(w, v->start - v->gap, top);
}

/* Among the gaps below (v) and the areas under it in the tree, the highest
 * first. As deep as the tree. */
static vaddr_t search(const struct want *w, struct vma *v)
{
    vaddr_t at = 0;

    if (!v || v->max_gap < w->len)
        return 0;
    if (v->end < w->high)
        at = search(w, RB_RIGHT(v, link));
    if (!at)
        at = fit_below(w, v);
    if (!at && v->start > w->low)
        at = search(w, RB_LEFT(v, link));
    return at;
}

vaddr_t vma_gap(struct mm *mm, size_t len, vaddr_t low, vaddr_t high,
                size_t align, size_t offset)
{
    struct want w = {len, align, offset, low, high};
    struct vma *highest = RB_MAX(vma_tree, &mm->vmas);
    vaddr_t at = fit(&w, highest ? highest->end : 0, high);

    return at ? at : search(&w, RB_ROOT(&mm->vmas));
}
