/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * reclaim.c - giving memory back: page cache pages and what shrinkers offer.
 *
 * Pages of disk files are on one list, oldest first. A scan takes the oldest,
 * puts it to the end, and frees it if it may: clean, read in, not used since
 * the last scan. Three passes, each run only if the one before was not enough:
 *   0 pages no program maps; then the shrinkers
 *   1 also mapped pages, unless the processor has seen them used
 *   2 whatever can be read again from disk
 *
 * Locking: the list's lock nests inside a mapping's lock, but here we come from
 * the list. A try-lock under the list lock solves both problems of that: the
 * order, and that the mapping must not go away (whoever destroys it must first
 * take its pages off the list). Unmapping needs the mapping without its lock;
 * m->pins keeps it.
 */
#include "lib/log.h"
#include "mem/mapping_priv.h"
#include "mem/mm.h"
#include "mem/page_priv.h"

static struct {
    struct spinlock lock;
    struct list pages; /* [lock] oldest first */
    uint64_t count;    /* [lock] */
} lru = {SPINLOCK_INIT(RANK_LRU), LIST_HEAD_INIT(lru.pages), 0};

#define SHRINKER_MAX 16
static struct {
    const char *name;
    shrinker_fn *fn;
} shrinkers[SHRINKER_MAX];
static _Atomic unsigned nr_shrinkers;
static _Atomic bool shrinking;

void lru_add(struct page *p)
{
    spin_lock(&lru.lock);
    list_add_tail(&lru.pages, &p->lru);
    lru.count++;
    spin_unlock(&lru.lock);
}

void lru_remove(struct page *p)
{
    spin_lock(&lru.lock);
    list_del_init(&p->lru);
    lru.count--;
    spin_unlock(&lru.lock);
}

uint64_t lru_count(void)
{
    uint64_t n;

    spin_lock(&lru.lock);
    n = lru.count;
    spin_unlock(&lru.lock);
    return n;
}

/* The oldest page, with its mapping's lock held; it is now the youngest. */
static struct page *next_candidate(struct mapping **m)
{
    struct page *p;

    spin_lock(&lru.lock);
    p = list_first(&lru.pages, struct page, lru);
    if (p) {
        list_del_init(&p->lru);
        list_add_tail(&lru.pages, &p->lru);
        *m = p->mapping;
        if (!spin_trylock(&(*m)->lock))
            p = NULL;
    }
    spin_unlock(&lru.lock);
    return p;
}

/* May the page go in this pass, as far as its flags say? m->lock held. */
static bool may_evict(struct page *p, int pass)
{
    uint32_t flags = page_flags(p);

    if (flags & (PG_LOCKED | PG_DIRTY))
        return false;
    if (pass < 2 && (flags & PG_REFERENCED)) {
        atomic_fetch_and_explicit(&p->flags, ~(uint32_t)PG_REFERENCED,
                                  memory_order_relaxed);
        return false;
    }
    return pass > 0 ||
           !atomic_load_explicit(&p->mapcount, memory_order_relaxed);
}

/* Take the page out of every page table, m->lock held; drops and retakes it,
 * with the mapping pinned. */
static void unmap_page(struct mapping *m, struct page *p, int pass)
{
    uint64_t index = p->index;

    m->pins++;
    spin_unlock(&m->lock);
    if (pass == 2 || !mm_mapping_accessed(m, index))
        mm_unmap_mapping(m, index, index + 1, false);
    spin_lock(&m->lock);
    m->pins--;
}

/* m->lock held; releases it. */
static bool evict(struct mapping *m, struct page *p, int pass)
{
    bool gone;

    page_get(p);
    if (atomic_load_explicit(&p->mapcount, memory_order_relaxed))
        unmap_page(m, p, pass);
    /* References are added under m->lock, or by page-table entries, of which
     * there are none: the mapping's and ours are all. */
    gone = p->mapping == m && !(page_flags(p) & PG_DIRTY) &&
           atomic_load_explicit(&p->refs, memory_order_acquire) == 2;
    if (gone) {
        pressure_evicted(m, p->index);
        mapping_remove_locked(m, p);
    }
    spin_unlock(&m->lock);
    if (gone)
        page_put(p);
    page_put(p);
    return gone;
}

static size_t scan(size_t want, int pass)
{
    uint64_t limit = lru.count; /* racy: a bound */
    size_t freed = 0;

    if (pass == 0 && limit > 64 + 16 * want)
        limit = 64 + 16 * want;
    while (limit-- && freed < want) {
        struct mapping *m;
        struct page *p = next_candidate(&m);

        if (!p)
            continue;
        if (may_evict(p, pass))
            freed += evict(m, p, pass);
        else
            spin_unlock(&m->lock);
    }
    return freed;
}

void shrinker_register(const char *name, shrinker_fn *fn)
{
    unsigned n = atomic_load(&nr_shrinkers);

    ASSERT(n < SHRINKER_MAX); /* registered during start-up */
    shrinkers[n].name = name;
    shrinkers[n].fn = fn;
    atomic_store(&nr_shrinkers, n + 1);
}

/* One thread at a time, which also ends a recursion through an allocation in a
 * shrinker. */
static size_t shrink(size_t want)
{
    unsigned n = atomic_load(&nr_shrinkers);
    size_t freed = 0;

    if (atomic_exchange(&shrinking, true))
        return 0;
    for (unsigned i = 0; i < n && freed < want; i++)
        freed += shrinkers[i].fn(want - freed);
    atomic_store(&shrinking, false);
    return freed;
}

static size_t reclaim(size_t want, int last_pass)
{
    size_t freed = scan(want, 0);

    if (freed < want)
        freed += shrink(want - freed);
    for (int pass = 1; pass <= last_pass && freed < want; pass++)
        freed += scan(want - freed, pass);
    return freed;
}

size_t reclaim_pages(size_t want)
{
    return reclaim(want, 2);
}

size_t reclaim_unused(size_t want)
{
    return reclaim(want, 1);
}
