/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * page.c - the buddy allocator and the per-CPU lists of single pages.
 *
 * Free memory is a set of blocks of 2^order pages aligned to their size, one
 * list per order. Two neighbours that together form an aligned block of the
 * next order (buddies: page numbers differ in bit (order)) are joined when both
 * are free. Descriptors of pages not yet used do not exist (page_boot.c); such
 * memory counts as free and is described when the lists run dry.
 *
 * Single pages, nearly all of the traffic, come from a stack per CPU that is
 * refilled and drained by half. No lock: the kernel is not preempted and hard
 * interrupts never allocate.
 *
 * Levels: ALLOC_USER allocations evict below page_low_mark() free pages, the
 * kernel's own below half of it, and ALLOC_NOWAIT may take the last page.
 */
#include "lib/log.h"
#include "lib/string.h"
#include "mem/mm.h"
#include "mem/page_priv.h"
#include "sched/cpu.h"
#include "sched/lock.h"

#define PCP_SIZE  64
#define PCP_BATCH 16
#define ROOM_MAX  4096u /* 16 MiB are room enough on any machine */

struct pcp {
    unsigned count;              /* o */
    struct page *page[PCP_SIZE]; /* o */
} __aligned(64);
static struct pcp pcps[MAX_CPUS];

static struct spinlock lock = SPINLOCK_INIT(RANK_PAGE);
static struct list free_lists[PAGE_ORDER_MAX + 1]; /* [lock] */
static _Atomic int64_t nr_free; /* [lock] to change; without per-CPU pages */
static uint64_t nr_total, low_mark; /* I */
static unsigned pcp_max;            /* I what a CPU may keep */

uint64_t page_total(void)
{
    return nr_total;
}

uint64_t page_low_mark(void)
{
    return low_mark;
}

uint64_t page_count_free(void)
{
    int64_t n = atomic_load_explicit(&nr_free, memory_order_relaxed);

    for (unsigned i = 0; i < MAX_CPUS; i++)
        n += pcps[i].count; /* racy: a statistic */
    return n > 0 ? (uint64_t)n : 0;
}

bool page_plenty(uint64_t more)
{
    int64_t n = atomic_load_explicit(&nr_free, memory_order_relaxed);

    return n > (int64_t)(low_mark + more);
}

/* --- blocks; all with the lock held --------------------------------------- */

static void block_insert(struct page *p, unsigned order)
{
    p->order = (uint8_t)order;
    atomic_store_explicit(&p->flags, PG_FREE, memory_order_relaxed);
    list_add_head(&free_lists[order], &p->lru);
}

static void block_remove(struct page *p)
{
    list_del_init(&p->lru);
    atomic_store_explicit(&p->flags, 0, memory_order_relaxed);
}

/* Give a block back, joined with its buddies as far as they are free. A buddy
 * is in the same chunk, so it has a descriptor unless the section ends. */
static void block_free(struct page *p, unsigned order)
{
    const struct section *s = &sections[p->section];
    uint64_t pfn = page_pfn(p);

    atomic_fetch_add_explicit(&nr_free, 1l << order, memory_order_relaxed);
    for (; order < PAGE_ORDER_MAX; order++) {
        uint64_t other = pfn ^ (1ul << order);
        struct page *b;

        if (other < s->first || other - s->first >= s->count)
            break;
        b = &s->pages[other - s->first];
        if (!(atomic_load_explicit(&b->flags, memory_order_relaxed) &
              PG_FREE) ||
            b->order != order)
            break;
        block_remove(b);
        if (other < pfn) {
            pfn = other;
            p = b;
        }
    }
    block_insert(p, order);
}

static struct page *block_take_listed(unsigned order)
{
    unsigned o = order;
    struct page *p;

    while (o <= PAGE_ORDER_MAX && list_empty(&free_lists[o]))
        o++;
    if (o > PAGE_ORDER_MAX)
        return NULL;
    p = list_first(&free_lists[o], struct page, lru);
    block_remove(p);
    while (o > order) { /* keep the low half */
        o--;
        block_insert(p + (1ul << o), o);
    }
    atomic_fetch_sub_explicit(&nr_free, 1l << order, memory_order_relaxed);
    p->order = (uint8_t)order;
    return p;
}

static struct page *block_take(unsigned order)
{
    struct page *p;

    while (!(p = block_take_listed(order)))
        if (!page_boot_grow())
            return NULL;
    return p;
}

/* Called while growing: this memory is counted in nr_free already. */
void page_free_range(uint64_t first, uint64_t end)
{
    struct section *s = &sections[first >> SECTION_SHIFT];

    for (uint64_t i = first; i < end; i++)
        atomic_store_explicit(&s->pages[i - s->first].flags, 0,
                              memory_order_relaxed);
    while (first < end) {
        unsigned order = PAGE_ORDER_MAX;

        while ((first & ((1ul << order) - 1)) || end - first < 1ul << order)
            order--;
        atomic_fetch_sub_explicit(&nr_free, 1l << order, memory_order_relaxed);
        block_free(&s->pages[first - s->first], order);
        first += 1ul << order;
    }
}

void page_init(void)
{
    for (unsigned i = 0; i <= PAGE_ORDER_MAX; i++)
        list_init(&free_lists[i]);
    nr_total = page_boot_init();
    if (!nr_total)
        panic("no usable memory");
    atomic_store(&nr_free, (int64_t)nr_total);
    /* 1/64 of memory, within 1 MiB and 32 MiB: room for the burst of kernel
     * objects and page tables that one fork or a flood of packets needs. */
    low_mark = nr_total / 64;
    low_mark = MIN(MAX(low_mark, 256ul), 8192ul);
    pcp_max = (unsigned)MIN(MAX(nr_total / 1024, 2ul * PCP_BATCH),
                            (uint64_t)PCP_SIZE);
}

/* --- single pages --------------------------------------------------------- */

/* May a block be taken at this level? */
static bool above_mark(unsigned order, unsigned flags)
{
    int64_t left =
        atomic_load_explicit(&nr_free, memory_order_relaxed) - (1l << order);

    if (flags & ALLOC_USER)
        return left >= (int64_t)low_mark;
    if (flags & ALLOC_NOWAIT)
        return left >= 0;
    return left >= (int64_t)low_mark / 2;
}

/* The order of a block that gives at most (want) pages and breaks up no larger
 * one than need be. */
static unsigned refill_order(unsigned want)
{
    unsigned o = 0;

    while (o < PAGE_ORDER_MAX && list_empty(&free_lists[o]))
        o++;
    while (1u << o > want)
        o--;
    return o;
}

static struct page *pcp_refill(struct pcp *c)
{
    spin_lock(&lock);
    while (c->count < PCP_BATCH) {
        unsigned order = refill_order(PCP_BATCH - c->count);
        struct page *p = block_take(order);

        if (!p)
            break;
        for (unsigned i = 1u << order; i-- > 0;) {
            p[i].order = 0;
            c->page[c->count++] = &p[i];
        }
    }
    spin_unlock(&lock);
    return c->count ? c->page[--c->count] : NULL;
}

static void pcp_drain(struct pcp *c, unsigned keep)
{
    spin_lock(&lock);
    while (c->count > keep)
        block_free(c->page[--c->count], 0);
    spin_unlock(&lock);
}

void page_drain_local(void)
{
    pcp_drain(&pcps[this_cpu()->id], 0);
}

static struct page *try_alloc(unsigned order, unsigned flags)
{
    struct pcp *c = &pcps[this_cpu()->id];
    struct page *p;

    if (order == 0) {
        if (likely(c->count))
            return c->page[--c->count];
        return above_mark(0, flags) ? pcp_refill(c) : NULL;
    }
    if (!above_mark(order, flags))
        return NULL;
    spin_lock(&lock);
    p = block_take(order);
    spin_unlock(&lock);
    return p;
}

/* --- interface ------------------------------------------------------------ */

/* Evict until the allocation succeeds or nothing is left to evict. */
static struct page *alloc_evicting(unsigned order, unsigned flags)
{
    struct page *p = NULL;

    /* Blocks: evicting single pages joins some, but with no promise. */
    for (int round = 0; !p && round < (order ? 8 : 64); round++) {
        size_t freed = reclaim_pages(MAX(32ul, 2ul << order));

        page_drain_local(); /* lets blocks form */
        p = try_alloc(order, flags);
        if (!freed)
            break;
    }
    return p;
}

bool page_room(unsigned share)
{
    uint64_t more = MIN(nr_total / share, (uint64_t)ROOM_MAX);

    for (int tries = 0; !page_plenty(more); tries++) {
        int64_t left = atomic_load_explicit(&nr_free, memory_order_relaxed);
        int64_t want = (int64_t)(low_mark + more) - left;

        if (tries == 4 || !reclaim_unused((size_t)MAX(want, (int64_t)0) + 32))
            return false;
        page_drain_local();
    }
    return true;
}

/* User data may not eat the reserve: a process ends instead. What the kernel
 * cannot get is ENOMEM to whoever asked, after it has taken what is there. */
static struct page *alloc_waiting(unsigned order, unsigned flags)
{
    struct page *p = alloc_evicting(order, flags);

    if (!(flags & ALLOC_USER))
        return p ? p : try_alloc(order, flags | ALLOC_NOWAIT);
    if (unlikely(pressure_thrashing()))
        oom_kill("for seconds only file pages came and went");
    for (unsigned n = 0; order == 0 && !p && oom_wait(n); n++)
        p = alloc_evicting(0, flags);
    return p;
}

static struct page *alloc_slow(unsigned order, unsigned flags)
{
    struct page *p;

    pressure_stall_begin();
    p = alloc_waiting(order, flags);
    pressure_stall_end();
    return p;
}

struct page *page_alloc(unsigned order, unsigned flags)
{
    struct page *p;

    DASSERT(order <= PAGE_ORDER_MAX);
    DASSERT((flags & (ALLOC_NOWAIT | ALLOC_NORETRY)) || !current ||
            !current->held_locks); /* may sleep */
    if (unlikely(alloc_inject_on) && alloc_inject_fails(flags))
        return NULL;
    p = try_alloc(order, flags);
    if (unlikely(!p)) {
        if (flags & (ALLOC_NOWAIT | ALLOC_NORETRY))
            return NULL;
        p = alloc_slow(order, flags);
        if (!p)
            return NULL;
    }
    atomic_store_explicit(&p->refs, 1, memory_order_relaxed);
    atomic_store_explicit(&p->mapcount, 0, memory_order_relaxed);
    atomic_store_explicit(&p->flags, 0, memory_order_relaxed);
    p->order = (uint8_t)order;
    p->mapping = NULL;
    p->index = 0;
    list_init(&p->lru);
    if (flags & ALLOC_ZERO)
        memset(page_virt(p), 0, PAGE_SIZE << order);
    return p;
}

void page_get(struct page *p)
{
    /* The caller has a reference, or a lock that keeps one alive: nothing to
     * order. */
    uint32_t old = atomic_fetch_add_explicit(&p->refs, 1, memory_order_relaxed);

    DASSERT(old);
    (void)old;
}

static void page_free(struct page *p)
{
    unsigned order = p->order;
    struct pcp *c = &pcps[this_cpu()->id];

    DASSERT(!(atomic_load(&p->flags) & (PG_CACHE | PG_RESERVED | PG_FREE)));
    if (order) {
        spin_lock(&lock);
        block_free(p, order);
        spin_unlock(&lock);
        return;
    }
    if (unlikely(c->count >= pcp_max))
        pcp_drain(c, pcp_max / 2);
    c->page[c->count++] = p;
}

void page_put(struct page *p)
{
    /* Release: our use of the page is before its reuse; the acquire half of
     * the last put pairs with the others' release. */
    uint32_t old = atomic_fetch_sub_explicit(&p->refs, 1, memory_order_acq_rel);

    DASSERT(old);
    if (old == 1)
        page_free(p);
}

void page_split(struct page *p, unsigned order)
{
    DASSERT(p->order == order && atomic_load(&p->refs) == 1);
    for (unsigned i = 0; i < 1u << order; i++) {
        atomic_store_explicit(&p[i].refs, 1, memory_order_relaxed);
        atomic_store_explicit(&p[i].mapcount, 0, memory_order_relaxed);
        atomic_store_explicit(&p[i].flags, 0, memory_order_relaxed);
        p[i].order = 0;
        p[i].mapping = NULL;
        list_init(&p[i].lru);
    }
}

void page_put_block(struct page *p, unsigned order)
{
    unsigned n = 1u << order, last = 0;

    /* Nobody else can gain a reference to a page whose only one is ours. */
    for (unsigned i = 0; i < n; i++)
        last += atomic_load_explicit(&p[i].refs, memory_order_acquire) == 1;
    if (last < n) {
        for (unsigned i = 0; i < n; i++)
            page_put(&p[i]);
        return;
    }
    for (unsigned i = 0; i < n; i++)
        atomic_store_explicit(&p[i].refs, 0, memory_order_relaxed);
    p->order = (uint8_t)order;
    page_free(p);
}
