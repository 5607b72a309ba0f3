/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * mm_priv.h - between the files that make up address spaces: mm.c (life),
 * vma.c (the tree), map.c (mmap and munmap), protect.c, remap.c, advise.c,
 * zap.c (taking pages out), fork.c, fault.c.
 */
#pragma once

#include "mem/mapping_priv.h"
#include "mem/mm.h"

#define VMA_MAX 65530u /* vm.max_map_count */
/* Never joined with a neighbour. */
#define VMA_SPECIAL (VMA_GROWSDOWN | VMA_PFN | VMA_VDSO | VMA_STACK)
#define STACK_GAP   (256 * PAGE_SIZE)

RB_PROTOTYPE(vma_tree, vma, link, vma_cmp)
int vma_cmp(struct vma *a, struct vma *b);

static inline struct vma *vma_next(struct mm *mm, struct vma *v)
{
    (void)mm;
    return RB_NEXT(vma_tree, &mm->vmas, v);
}

static inline struct vma *vma_prev(struct mm *mm, struct vma *v)
{
    (void)mm;
    return RB_PREV(vma_tree, &mm->vmas, v);
}

/* The rights of an entry that may have all the area's: what can be written or
 * executed can be read on x86. */
static inline unsigned vma_rights(const struct vma *v)
{
    return v->prot ? v->prot | PROT_R | PROT_USER : PROT_USER;
}

/* --- mm.c ----------------------------------------------------------------- */

void mm_grab(struct mm *mm); /* the structure */
void mm_drop(struct mm *mm);
uint64_t mm_count_tables(void); /* pages of all page tables */
/* Is there room in RLIMIT_AS for (pages) more? */
bool mm_may_grow(struct mm *mm, uint64_t pages);
/* And in RLIMIT_DATA, if such an area counts there? */
bool mm_may_hold(struct mm *mm, unsigned prot, unsigned vma_flags,
                 uint64_t pages);
/* Would memory for (pages) of private data be absurd? */
bool mm_overcommits(unsigned prot, unsigned vma_flags, uint64_t pages);

extern _Atomic int64_t mm_rss_total[RSS_KINDS];
void rss_add(struct mm *mm, enum rss_kind kind, int64_t pages);
static inline enum rss_kind rss_kind(const struct page *p)
{
    if (!(page_flags(p) & PG_FILE))
        return RSS_ANON;
    return page_flags(p) & PG_STORE ? RSS_SHMEM : RSS_FILE;
}

/* --- vma.c: the tree; mm->lock held, for writing where it changes --------- */

struct vma *vma_alloc(void);     /* zeroed; NULL */
void vma_dispose(struct vma *v); /* drops the file: no spinlock, and not under
                                  * mm->lock (files take outer locks) */
/* Areas that were removed, to be disposed of after mm->lock is released. */
void vma_dispose_list(struct list *dead);
struct vma *vma_find(struct mm *mm, vaddr_t addr); /* first with end > addr */
void vma_insert(struct mm *mm, struct vma *v);
void vma_remove(struct mm *mm, struct vma *v, struct list *dead);
/* Move the borders; contents that fall outside have been taken out. */
void vma_resize(struct mm *mm, struct vma *v, vaddr_t start, vaddr_t end);
/* Cut at (addr) inside: v keeps the lower part. -ENOMEM. */
int vma_split(struct mm *mm, struct vma *v, vaddr_t addr);
/* Could (b) continue (a), right above it, if it had (prot, flags)? */
bool vma_joins(const struct vma *a, const struct vma *b, unsigned prot,
               unsigned flags);
/* Give [start, end) inside (v) another protection and flags, joining it with
 * neighbours or cutting it out. Returns the area that now has it, or NULL
 * (-ENOMEM). */
struct vma *vma_change(struct mm *mm, struct vma *v, vaddr_t start, vaddr_t end,
                       unsigned prot, unsigned flags, struct list *dead);
/* Enter a new area, or let a neighbour have its range: then (v) is on (dead).
 * Returns the area that covers the range. */
struct vma *vma_insert_joined(struct mm *mm, struct vma *v, struct list *dead);
bool vma_range_free(struct mm *mm, vaddr_t addr, size_t len);
/* No hole in [addr, addr + len)? */
bool vma_range_mapped(struct mm *mm, vaddr_t addr, size_t len);

/* --- vma_gap.c ------------------------------------------------------------ */

/* What is below (v), or NULL, has changed, or its own start has. */
void vma_gap_changed(struct mm *mm, struct vma *v);
/* Its place in the tree has: (max_gap) of (v); of (v), or NULL, and all above
 * it. */
void vma_gap_sum(struct vma *v);
void vma_gap_sum_up(struct vma *v);
/* A free range of (len) for anything but a fixed address: addr % align ==
 * offset. 0 = none. */
vaddr_t vma_gap(struct mm *mm, size_t len, vaddr_t low, vaddr_t high,
                size_t align, size_t offset);

/* --- zap.c ---------------------------------------------------------------- */

/* Take what is present in [start, end) inside (v) out of the page tables. */
void mm_zap(struct mm *mm, struct vma *v, vaddr_t start, vaddr_t end);
/* No huge entry crosses (addr) afterwards. -ENOMEM. mm->lock held. */
int mm_split_huge_at(struct mm *mm, vaddr_t addr);
/* OOM: take the private memory of an address space that is being killed. */
void mm_reap(struct mm *mm);

/* --- map.c ---------------------------------------------------------------- */

/* munmap with mm->lock held for writing. */
int mm_unmap_locked(struct mm *mm, vaddr_t addr, size_t len, struct list *dead);
/* A place for (len) bytes as mmap(2) chooses one, or -errno. */
long mm_place(struct mm *mm, vaddr_t hint, size_t len, unsigned map_flags,
              bool huge_aligned);

/* --- fault.c -------------------------------------------------------------- */

/* As mm_fault() for any address space. */
int mm_fault_in(struct mm *mm, vaddr_t addr, unsigned prot);
/* Touch all of [addr, addr + len): 0 or the first error. */
int mm_populate(struct mm *mm, vaddr_t addr, size_t len);
/* The protection of a page-table entry for (p) in (v). */
unsigned mm_entry_prot(const struct vma *v, const struct page *p);
