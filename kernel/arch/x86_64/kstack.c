/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * kstack.c - kernel stacks in their own region, each above an unmapped page, so
 * that an overflow is a double fault with a message and not corrupted memory.
 *
 * The region is cut into slots. Freed slots stay mapped up to a number and are
 * used again first; beyond it they are unmapped in batches, one TLB flush for
 * all, and only then are their pages freed.
 */
#include "arch/x86_64/arch_priv.h"
#include "mem/page.h"
#include "sched/lock.h"
#include "sched/thread.h"

#define SLOT_SIZE (KSTACK_SIZE + PAGE_SIZE)
#define KEEP      32
#define BATCH     32
#define ORDER     2
_Static_assert(PAGE_SIZE << ORDER == KSTACK_SIZE, "one block per stack");

static struct spinlock lock = SPINLOCK_INIT(RANK_NONE);
static void *mapped_free;       /* [lock] linked through their first word */
static unsigned nr_mapped_free; /* [lock] */
static vaddr_t next_slot = KSTACK_BASE; /* [lock] never used before */
#define MAX_SLOTS (64 * 1024)
static uint64_t unmapped[MAX_SLOTS / 64]; /* [lock] bit: slot without pages */
static unsigned nr_unmapped;              /* [lock] */

static vaddr_t slot_base(unsigned slot)
{
    return KSTACK_BASE + slot * SLOT_SIZE + PAGE_SIZE;
}

static vaddr_t take_unmapped(void)
{
    for (unsigned i = 0; i < ARRAY_SIZE(unmapped); i++) {
        if (unmapped[i]) {
            unsigned bit = (unsigned)__builtin_ctzl(unmapped[i]);
            unmapped[i] &= unmapped[i] - 1;
            nr_unmapped--;
            return slot_base(i * 64 + bit);
        }
    }
    return 0;
}

static void put_unmapped(vaddr_t base)
{
    unsigned slot = (unsigned)((base - KSTACK_BASE) / SLOT_SIZE);

    unmapped[slot / 64] |= 1ul << (slot % 64);
    nr_unmapped++;
}

/* A stack that is mapped, or else an address for one in *(va). */
static void *take(vaddr_t *va)
{
    void *s;

    spin_lock(&lock);
    s = mapped_free;
    *va = 0;
    if (s) {
        mapped_free = *(void **)s;
        nr_mapped_free--;
    } else if (nr_unmapped) {
        *va = take_unmapped();
    } else if (next_slot < KSTACK_BASE + MAX_SLOTS * SLOT_SIZE) {
        *va = next_slot + PAGE_SIZE;
        next_slot += SLOT_SIZE;
    }
    spin_unlock(&lock);
    return s;
}

void *arch_kstack_alloc(void)
{
    vaddr_t va;
    void *s = take(&va);
    struct page *p;

    if (s || !va)
        return s;
    p = page_alloc(ORDER, 0);
    if (p && !mmu_map_kernel(va, page_paddr(p), KSTACK_SIZE, PTE_W))
        return (void *)va;
    if (p)
        page_put(p);
    spin_lock(&lock);
    put_unmapped(va);
    spin_unlock(&lock);
    return NULL;
}

static paddr_t stack_paddr(vaddr_t va)
{
    struct arch_mmu kernel = {.root = mmu_kernel_root};
    struct mmu_entry e;

    return mmu_lookup(&kernel, va, &e) ? e.pa : 0;
}

/* Unmap a chain of stacks and give their pages back. */
static void release(void *chain)
{
    vaddr_t lo = UINT64_MAX, hi = 0, va[BATCH];
    paddr_t pa[BATCH];
    unsigned n = 0;

    while (chain) {
        va[n] = (vaddr_t)chain;
        chain = *(void **)chain;
        pa[n] = stack_paddr(va[n]);
        lo = MIN(lo, va[n]);
        hi = MAX(hi, va[n] + KSTACK_SIZE);
        n++;
    }
    for (unsigned i = 0; i < n; i++)
        mmu_unmap_kernel(va[i], KSTACK_SIZE);
    tlb_flush_kernel(lo, hi);
    for (unsigned i = 0; i < n; i++)
        page_put(page_of(pa[i]));
    spin_lock(&lock);
    for (unsigned i = 0; i < n; i++)
        put_unmapped(va[i]);
    spin_unlock(&lock);
}

void arch_kstack_free(void *stack)
{
    void *chain = NULL;

    spin_lock(&lock);
    *(void **)stack = mapped_free;
    mapped_free = stack;
    nr_mapped_free++;
    if (nr_mapped_free >= KEEP + BATCH) {
        for (unsigned i = 0; i < BATCH; i++) {
            void *s = mapped_free;
            mapped_free = *(void **)s;
            *(void **)s = chain;
            chain = s;
        }
        nr_mapped_free -= BATCH;
    }
    spin_unlock(&lock);
    if (chain)
        release(chain);
}
