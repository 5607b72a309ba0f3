/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * mm.c - the life of an address space.
 *
 * Two counts: users (threads and whoever works in it) keep the contents, and
 * all users together hold one of refs, which keep the structure.
 */
#include <linux/resource.h>

#include "dev/random.h"
#include "fs/file.h"
#include "lib/errno.h"
#include "lib/log.h"
#include "mem/mm_priv.h"
#include "mem/page_priv.h"
#include "mem/slab.h"
#include "proc/process.h"
#include "sched/cpu.h"

_Atomic int64_t mm_rss_total[RSS_KINDS];

/* All that have page tables, for statistics. No other lock is taken under
 * this one. */
static struct spinlock all_lock = SPINLOCK_INIT(RANK_I_MMAP);
static struct list all = LIST_HEAD_INIT(all);

void rss_add(struct mm *mm, enum rss_kind kind, int64_t pages)
{
    _Atomic int64_t *const counter[] = {&mm->rss_anon, &mm->rss_file,
                                        &mm->rss_shmem};
    int64_t sum, high;

    atomic_fetch_add_explicit(counter[kind], pages, memory_order_relaxed);
    atomic_fetch_add_explicit(&mm_rss_total[kind], pages, memory_order_relaxed);
    if (pages < 0)
        return;
    sum = atomic_load_explicit(&mm->rss_anon, memory_order_relaxed) +
          atomic_load_explicit(&mm->rss_file, memory_order_relaxed) +
          atomic_load_explicit(&mm->rss_shmem, memory_order_relaxed);
    high = atomic_load_explicit(&mm->hiwater, memory_order_relaxed);
    if (sum > high) /* two at once may lose the larger: a statistic */
        atomic_store_explicit(&mm->hiwater, sum, memory_order_relaxed);
}

vaddr_t mm_random_offset(unsigned bits)
{
    return (random_u64() & ((1ul << bits) - 1)) << PAGE_SHIFT;
}

/* Mappings grow down from below the largest stack, at least 128 MiB under the
 * end, by a random distance of up to 1 TiB. */
static vaddr_t random_top(void)
{
    uint64_t stack = 128ul << 20;

    if (current->process) {
        uint64_t limit = process_rlimit(RLIMIT_STACK);

        stack = MAX(stack, MIN(limit, USER_TOP / 6));
    }
    stack = ALIGN_UP(stack, HUGE_SIZE);
    return USER_TOP + PAGE_SIZE - (1ul << 34) - stack - mm_random_offset(28);
}

static struct slab_kind mm_kind = SLAB_KIND("mm", struct mm);

struct mm *mm_create(void)
{
    struct mm *mm = slab_kind_alloc(&mm_kind, 0);

    if (!mm)
        return NULL;
    atomic_init(&mm->users, 1);
    atomic_init(&mm->refs, 1);
    rwlock_init(&mm->lock, RANK_MM);
    RB_INIT(&mm->vmas);
    spin_init(&mm->pte_lock, RANK_PTE);
    mm->mmap_top = random_top();
    if (mmu_init(&mm->mmu) < 0) {
        kfree(mm);
        return NULL;
    }
    spin_lock(&all_lock);
    list_add_tail(&all, &mm->all);
    spin_unlock(&all_lock);
    return mm;
}

uint64_t mm_count_tables(void)
{
    struct mm *mm;
    uint64_t n = 0;

    spin_lock(&all_lock);
    list_for_each (mm, &all, all)
        n += mmu_table_pages(&mm->mmu);
    spin_unlock(&all_lock);
    return n;
}

void mm_grab(struct mm *mm)
{
    atomic_fetch_add_explicit(&mm->refs, 1, memory_order_relaxed);
}

void mm_drop(struct mm *mm)
{
    /* As in page_put(). */
    if (atomic_fetch_sub_explicit(&mm->refs, 1, memory_order_acq_rel) == 1)
        kfree(mm);
}

void mm_get(struct mm *mm)
{
    atomic_fetch_add_explicit(&mm->users, 1, memory_order_relaxed);
}

/* Nobody runs in it any more; reclaim may still come through files' lists. */
static void tear_down(struct mm *mm)
{
    struct list dead;
    struct vma *v;

    spin_lock(&all_lock);
    list_del_init(&mm->all);
    spin_unlock(&all_lock);
    list_init(&dead);
    write_lock(&mm->lock);
    while ((v = RB_MIN(vma_tree, &mm->vmas))) {
        mm_zap(mm, v, v->start, v->end);
        vma_remove(mm, v, &dead);
    }
    mmu_destroy(&mm->mmu);
    write_unlock(&mm->lock);
    vma_dispose_list(&dead);
    if (mm->exe)
        file_put(mm->exe);
}

void mm_put(struct mm *mm)
{
    if (atomic_fetch_sub_explicit(&mm->users, 1, memory_order_acq_rel) != 1)
        return;
    tear_down(mm);
    mm_drop(mm);
}

void mm_activate(struct mm *mm)
{
    current->mm = mm;
    mmu_activate(&mm->mmu);
}

bool mm_may_grow(struct mm *mm, uint64_t pages)
{
    uint64_t limit;

    if (!current->process)
        return true;
    limit = process_rlimit(RLIMIT_AS);
    return limit == RLIM_INFINITY ||
           mm->total_vm + pages <= limit >> PAGE_SHIFT;
}

static bool is_data(unsigned prot, unsigned vma_flags)
{
    return (prot & PROT_W) && !(vma_flags & (VMA_SHARED | VMA_GROWSDOWN));
}

bool mm_may_hold(struct mm *mm, unsigned prot, unsigned vma_flags,
                 uint64_t pages)
{
    uint64_t limit, data = 0;

    if (!current->process || !is_data(prot, vma_flags))
        return true;
    limit = process_rlimit(RLIMIT_DATA);
    if (limit == RLIM_INFINITY)
        return true;
    /* counted when somebody asks: hardly any program has this limit */
    for (struct vma *v = vma_find(mm, 0); v; v = vma_next(mm, v))
        if (is_data(v->prot, v->flags))
            data += (v->end - v->start) >> PAGE_SHIFT;
    return data + pages <= limit >> PAGE_SHIFT;
}

/* As Linux with vm.overcommit_memory = 0: only a single demand beyond all of
 * memory is refused. Reservations never are. */
bool mm_overcommits(unsigned prot, unsigned vma_flags, uint64_t pages)
{
    return (prot & PROT_W) && !(vma_flags & (VMA_NORESERVE | VMA_SHARED)) &&
           pages > page_total();
}

void mm_visit(struct mm *mm, vma_visit_fn *fn, void *arg)
{
    struct vma *v;

    read_lock(&mm->lock);
    RB_FOREACH (v, vma_tree, &mm->vmas)
        fn(arg, v);
    read_unlock(&mm->lock);
}

bool mm_visit_one(struct mm *mm, vaddr_t at, vma_visit_fn *fn, void *arg)
{
    struct vma *v;

    read_lock(&mm->lock);
    v = vma_find(mm, at);
    if (v)
        fn(arg, v);
    read_unlock(&mm->lock);
    return v;
}

int mm_futex_key(struct mm *mm, vaddr_t addr, bool shared,
                 struct futex_key *key)
{
    struct vma *v;
    int rc = 0;

    /* FUTEX_PRIVATE_FLAG and its absence do not meet, as in Linux. Words are
     * aligned, so bit 0 is free. */
    *key = (struct futex_key){mm, addr | shared};
    if (addr >= USER_TOP)
        return -EFAULT;
    if (!shared)
        return 0;
    read_lock(&mm->lock);
    v = vma_find(mm, addr);
    if (!v || v->start > addr)
        rc = -EFAULT;
    else if ((v->flags & VMA_SHARED) && v->mapping)
        *key = (struct futex_key){v->mapping,
                                  (v->pgoff << PAGE_SHIFT) + (addr - v->start)};
    read_unlock(&mm->lock);
    return rc;
}
