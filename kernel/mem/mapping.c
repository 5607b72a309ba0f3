/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * mapping.c - the pages of one file: finding, adding and removing them.
 *
 * A page in a mapping has one reference of the mapping's; finders add theirs
 * under m->lock, page-table entries hold one each. Whoever takes a page out of
 * a mapping does so first in the tree and then in the page tables; a fault
 * checks PG_CACHE under the page-table lock before it enters a page. So either
 * the fault sees that the page has gone, or the removal finds the entry.
 */
#include "mem/mapping.h"

#include "lib/errno.h"
#include "lib/string.h"
#include "mem/mapping_priv.h"
#include "mem/mm.h"
#include "sched/thread.h"

_Atomic int64_t mapping_nr_file, mapping_nr_store, mapping_nr_dirty;

void mapping_init(struct mapping *m, const struct mapping_ops *ops, void *owner,
                  unsigned flags)
{
    memset(m, 0, sizeof(*m));
    m->ops = ops;
    m->owner = owner;
    m->flags = flags;
    spin_init(&m->lock, RANK_MAPPING);
    spin_init(&m->i_mmap_lock, RANK_I_MMAP);
    list_init(&m->i_mmap);
    wq_init(&m->page_wait);
}

/* --- in and out of the tree ----------------------------------------------- */

static void count(struct mapping *m, int64_t by)
{
    m->nr_pages += (uint64_t)by;
    atomic_fetch_add_explicit(mapping_is_store(m) ? &mapping_nr_store
                                                  : &mapping_nr_file,
                              by, memory_order_relaxed);
}

int mapping_add(struct mapping *m, uint64_t index, struct page *p,
                uint32_t bits)
{
    int rc = -EEXIST;

    spin_lock(&m->lock);
    if (!radix_get(&m->pages, index))
        rc = radix_insert(&m->pages, index, p);
    if (rc == 0) {
        p->mapping = m;
        p->index = index;
        page_set(p, PG_CACHE | PG_FILE | bits);
        count(m, 1);
        if (!mapping_is_store(m))
            lru_add(p);
    }
    spin_unlock(&m->lock);
    return rc;
}

void mapping_remove_locked(struct mapping *m, struct page *p)
{
    radix_remove(&m->pages, p->index);
    if (!mapping_is_store(m))
        lru_remove(p);
    if (page_flags(p) & PG_DIRTY)
        atomic_fetch_sub_explicit(&mapping_nr_dirty, 1, memory_order_relaxed);
    p->mapping = NULL;
    atomic_fetch_and_explicit(&p->flags, ~(uint32_t)(PG_CACHE | PG_DIRTY),
                              memory_order_relaxed);
    count(m, -1);
}

void mapping_drop(struct mapping *m, struct page *p)
{
    bool mine;

    spin_lock(&m->lock);
    mine = p->mapping == m;
    if (mine)
        mapping_remove_locked(m, p);
    spin_unlock(&m->lock);
    if (mine)
        page_put(p);
}

/* Remove all pages from (start) up to (end). */
static void remove_range(struct mapping *m, uint64_t start, uint64_t end)
{
    struct page *batch[32];
    unsigned n;

    do {
        n = 0;
        spin_lock(&m->lock);
        while (n < ARRAY_SIZE(batch)) {
            struct page *p = radix_next(&m->pages, &start);

            if (!p || start >= end)
                break;
            mapping_remove_locked(m, p);
            batch[n++] = p;
        }
        spin_unlock(&m->lock);
        if (n && m->ops && m->ops->uncharge)
            m->ops->uncharge(m, n);
        for (unsigned i = 0; i < n; i++)
            page_put(batch[i]);
        cond_resched();
    } while (n == ARRAY_SIZE(batch));
}

void mapping_destroy(struct mapping *m)
{
    bool busy;

    remove_range(m, 0, UINT64_MAX);
    /* Reclaim may still hold the mapping that it found through a page. It
     * unpins under m->lock and does not look back. */
    do {
        spin_lock(&m->lock);
        busy = m->pins;
        spin_unlock(&m->lock);
        if (busy)
            sched_yield();
    } while (busy);
}

/* --- finding -------------------------------------------------------------- */

static struct page *find(struct mapping *m, uint64_t index)
{
    struct page *p;

    spin_lock(&m->lock);
    p = radix_get(&m->pages, index);
    if (p)
        page_get(p);
    spin_unlock(&m->lock);
    return p;
}

static bool up_to_date(struct page *p)
{
    /* Pairs with the release in finish() of mapping_io.c: the content is
     * there too. */
    return (atomic_load_explicit(&p->flags, memory_order_acquire) &
            (PG_UPTODATE | PG_LOCKED)) == PG_UPTODATE;
}

struct page *mapping_peek(struct mapping *m, uint64_t index)
{
    struct page *p = find(m, index);

    if (!p)
        return NULL;
    if (likely(up_to_date(p))) {
        page_set(p, PG_REFERENCED);
        return p;
    }
    page_put(p);
    return NULL;
}

unsigned mapping_peek_range(struct mapping *m, uint64_t index, unsigned n,
                            struct page **out)
{
    unsigned found = 0;

    spin_lock(&m->lock);
    radix_get_run(&m->pages, index, n, (void **)out);
    for (unsigned i = 0; i < n; i++) {
        if (out[i] && up_to_date(out[i])) {
            page_get(out[i]);
            found++;
        } else {
            out[i] = NULL;
        }
    }
    spin_unlock(&m->lock);
    return found;
}

struct page *mapping_store_page(struct mapping *m, uint64_t index, bool polite)
{
    struct page *p;
    int rc;

    for (;;) {
        p = find(m, index);
        if (p)
            return p;
        if (polite && unlikely(!page_room(32)))
            return ERR_PTR(-ENOSPC);
        if (m->ops && m->ops->charge) {
            rc = m->ops->charge(m, 1);
            if (rc < 0)
                return ERR_PTR(rc);
        }
        p = page_alloc(0, ALLOC_ZERO | ALLOC_USER);
        rc = p ? -EEXIST : -ENOMEM;
        if (p) {
            page_get(p);
            rc = mapping_add(m, index, p, PG_UPTODATE | PG_STORE);
            if (rc == 0)
                return p;
            page_put(p);
            page_put(p);
        }
        if (m->ops && m->ops->uncharge)
            m->ops->uncharge(m, 1);
        if (rc != -EEXIST)
            return ERR_PTR(rc);
    }
}

static struct page *get_filled(struct mapping *m, uint64_t index)
{
    uint32_t seen = PG_REFERENCED; /* not the first use */
    struct page *p;
    int rc;

    for (;;) {
        p = find(m, index);
        if (!p) {
            rc = mapping_fill(m, index);
            if (rc < 0)
                return ERR_PTR(rc);
            seen = 0;
            continue;
        }
        WAIT_EVENT(&m->page_wait, !(page_flags(p) & PG_LOCKED));
        if (likely(up_to_date(p))) {
            page_set(p, seen);
            return p;
        }
        /* Its reader failed and has dropped it. */
        page_put(p);
        return ERR_PTR(-EIO);
    }
}

struct page *mapping_get(struct mapping *m, uint64_t index, bool create)
{
    if (unlikely(index >= mapping_pages(m)))
        return ERR_PTR(-ENXIO);
    if (!mapping_is_store(m))
        return get_filled(m, index);
    return create ? mapping_store_page(m, index, false) : find(m, index);
}

/* --- length --------------------------------------------------------------- */

/* Zero bytes [from, to) of the page at (index), if there is one. */
static void zero_part(struct mapping *m, uint64_t index, unsigned from,
                      unsigned to)
{
    struct page *p = from < to ? find(m, index) : NULL;

    if (!p)
        return;
    memset((char *)page_virt(p) + from, 0, to - from);
    page_put(p);
}

int mapping_truncate(struct mapping *m, uint64_t size)
{
    uint64_t old = atomic_load(&m->size), keep = MIN(old, size);

    if (size < old) {
        uint64_t first = (size + PAGE_SIZE - 1) >> PAGE_SHIFT;

        atomic_store(&m->size, size);
        remove_range(m, first, UINT64_MAX);
        mm_unmap_mapping(m, first, UINT64_MAX, true);
    }
    /* Mapped memory past the end can have been written to; it must not show
     * when the file grows over it. */
    if (keep % PAGE_SIZE)
        zero_part(m, keep >> PAGE_SHIFT, keep % PAGE_SIZE, PAGE_SIZE);
    atomic_store(&m->size, size);
    return 0;
}

int mapping_punch(struct mapping *m, uint64_t start, uint64_t end)
{
    uint64_t first = (start + PAGE_SIZE - 1) >> PAGE_SHIFT;
    uint64_t last = end >> PAGE_SHIFT; /* exclusive */

    if (start >= end)
        return 0;
    if (first > last) { /* inside one page */
        zero_part(m, last, start % PAGE_SIZE, end % PAGE_SIZE);
        return 0;
    }
    if (start % PAGE_SIZE)
        zero_part(m, first - 1, start % PAGE_SIZE, PAGE_SIZE);
    if (end % PAGE_SIZE)
        zero_part(m, last, 0, end % PAGE_SIZE);
    if (first < last) {
        remove_range(m, first, last);
        mm_unmap_mapping(m, first, last, false);
    }
    return 0;
}

/* The first page at or after (index) that is absent. */
static uint64_t first_hole(struct mapping *m, uint64_t index)
{
    while (radix_get(&m->pages, index))
        index++;
    return index;
}

int64_t mapping_seek(struct mapping *m, uint64_t pos, bool hole)
{
    uint64_t size = atomic_load(&m->size), index = pos >> PAGE_SHIFT;
    bool found = true;

    if (pos >= size)
        return -ENXIO;
    if (!mapping_is_store(m)) /* no holes known */
        return (int64_t)(hole ? size : pos);
    spin_lock(&m->lock);
    if (hole)
        index = first_hole(m, index);
    else
        found = radix_next(&m->pages, &index);
    spin_unlock(&m->lock);
    if (!found || index >= mapping_pages(m))
        return hole ? (int64_t)size : -ENXIO;
    return (int64_t)MAX(pos, index << PAGE_SHIFT);
}
