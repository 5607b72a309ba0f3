/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * mapping_io.c - moving bytes: backing store to pages (with reading ahead),
 * pages to and from whoever calls read and write.
 *
 * Reading ahead: a miss that continues the last read doubles the window, up to
 * 256 KiB; any other miss reads the aligned 256 KiB around it (64 when a
 * quarter of memory is no longer free), because a page fault wants neighbours
 * on both sides (see fault.c) and a request costs more than its bytes; small
 * files whole. The window ends at the first page that is there already. When
 * memory is short only the page itself is read.
 */
#include "lib/errno.h"
#include "lib/string.h"
#include "mem/mapping_priv.h"
#include "mem/page_priv.h"
#include "mem/uio.h"
#include "sched/thread.h"

#define RA_FIRST 16u
#define RA_MAX   64u
#define RA_WHOLE 64u /* files up to here are read at once */

/* Pages [index, index + n): n > 0 of which none is there. */
struct window {
    uint64_t index;
    unsigned n;
};

static struct window choose_window(struct mapping *m, uint64_t index)
{
    uint64_t pages = mapping_pages(m);
    struct window w = {index, 1};
    uint64_t low = index, high;
    unsigned around = page_plenty(page_total() / 4) ? RA_MAX : RA_FIRST;

    if (!page_plenty(RA_MAX))
        return w;
    spin_lock(&m->lock);
    if (index == m->ra_next && m->ra_pages) {
        m->ra_pages = MIN(m->ra_pages * 2, RA_MAX);
        high = index + m->ra_pages;
    } else {
        m->ra_pages = RA_FIRST;
        low = pages <= RA_WHOLE ? 0 : ALIGN_DOWN(index, around);
        high = pages <= RA_WHOLE ? pages : low + around;
    }
    high = MIN(high, pages);
    while (w.index > low && !radix_get(&m->pages, w.index - 1))
        w.index--;
    while (index + 1 < high && !radix_get(&m->pages, index + 1))
        index++;
    w.n = (unsigned)(index + 1 - w.index);
    m->ra_next = index + 1;
    spin_unlock(&m->lock);
    return w;
}

/* Enter locked pages for a window; how many are in a row from its start. Each
 * has a second reference for us. */
static unsigned add_pages(struct mapping *m, struct window w,
                          struct page **pages, int *error)
{
    unsigned i;

    *error = 0;
    for (i = 0; i < w.n; i++) {
        /* The wanted page is always among the first: be insistent only when
         * nothing at all could be had. */
        struct page *p = page_alloc(0, ALLOC_USER | (i ? ALLOC_NORETRY : 0));

        *error = -ENOMEM;
        if (!p)
            break;
        page_get(p);
        *error = mapping_add(m, w.index + i, p, PG_LOCKED);
        if (*error < 0) {
            page_put(p);
            page_put(p);
            break;
        }
        pages[i] = p;
    }
    return i;
}

static void finish(struct mapping *m, struct page **pages, unsigned n, int rc)
{
    for (unsigned i = 0; i < n; i++) {
        if (rc < 0) {
            page_set(pages[i], PG_ERROR);
            mapping_drop(m, pages[i]);
        } else {
            page_set(pages[i], PG_UPTODATE);
        }
        /* Release: the content before the unlocking. */
        atomic_fetch_and_explicit(&pages[i]->flags, ~(uint32_t)PG_LOCKED,
                                  memory_order_release);
    }
    if (wq_active(&m->page_wait))
        wq_wake_all(&m->page_wait, 0);
    for (unsigned i = 0; i < n; i++)
        page_put(pages[i]);
}

static int fill(struct mapping *m, struct window w)
{
    struct page *pages[RA_MAX];
    int error, rc = 0;
    unsigned n = add_pages(m, w, pages, &error);

    if (!n)
        return error == -EEXIST ? 0 : error;
    if (m->ops->read)
        rc = m->ops->read(m, w.index, pages, n);
    else
        for (unsigned i = 0; i < n; i++)
            memset(page_virt(pages[i]), 0, PAGE_SIZE);
    finish(m, pages, n, rc);
    return rc < 0 ? rc : 0;
}

int mapping_fill(struct mapping *m, uint64_t index)
{
    struct window w = choose_window(m, index);
    bool again = pressure_refault(m, index);
    int rc;

    if (again)
        pressure_stall_begin();
    rc = fill(m, w);
    if (again)
        pressure_stall_end();

    /* The trouble may be a neighbour's. */
    if (rc < 0 && w.n > 1)
        rc = fill(m, (struct window){index, 1});
    return rc;
}

void mapping_readahead(struct mapping *m, uint64_t index, unsigned n)
{
    uint64_t end = MIN(index + n, mapping_pages(m));

    if (mapping_is_store(m))
        return;
    while (index < end && page_plenty(RA_MAX)) {
        struct window w = {index, 0};

        spin_lock(&m->lock);
        while (index < end && w.n < RA_MAX && !radix_get(&m->pages, index)) {
            index++;
            w.n++;
        }
        spin_unlock(&m->lock);
        if (!w.n)
            index++;
        else if (fill(m, w) < 0)
            return;
        cond_resched();
    }
}

/* --- read and write ------------------------------------------------------- */

static ssize_t read_page(struct mapping *m, struct uio *u, uint64_t pos,
                         size_t n)
{
    struct page *p = mapping_peek(m, pos >> PAGE_SHIFT);
    ssize_t got;

    if (unlikely(!p)) {
        p = mapping_get(m, pos >> PAGE_SHIFT, false);
        if (!p)
            return uio_zero(u, n);
        if (IS_ERR(p)) /* -ENXIO: it was shortened just now */
            return PTR_ERR(p) == -ENXIO ? 0 : PTR_ERR(p);
    }
    got = uio_copy_out(u, (char *)page_virt(p) + pos % PAGE_SIZE, n);
    page_put(p);
    return got;
}

ssize_t mapping_read(struct mapping *m, struct uio *u, uint64_t pos)
{
    ssize_t done = 0;

    while (u->left) {
        uint64_t size = atomic_load_explicit(&m->size, memory_order_relaxed);
        size_t n = MIN(u->left, PAGE_SIZE - pos % PAGE_SIZE);
        ssize_t got;

        if (pos >= size)
            break;
        n = MIN(n, size - pos);
        got = read_page(m, u, pos, n);
        if (got <= 0)
            return done ? done : got;
        pos += (uint64_t)got;
        done += got;
        if ((size_t)got < n)
            break;
        if (!(pos % (64 * PAGE_SIZE)))
            cond_resched();
    }
    return done;
}

/* A writer without the inode's lock may extend at the same time: the length
 * only grows here. */
static void extend(struct mapping *m, uint64_t end)
{
    uint64_t size = atomic_load(&m->size);

    while (size < end && !atomic_compare_exchange_weak(&m->size, &size, end))
        ;
}

ssize_t mapping_write(struct mapping *m, struct uio *u, uint64_t pos)
{
    ssize_t done = 0;

    if (!mapping_is_store(m))
        return -EROFS; /* there is no way back to the disk */
    while (u->left) {
        size_t n = MIN(u->left, PAGE_SIZE - pos % PAGE_SIZE);
        struct page *p = mapping_store_page(m, pos >> PAGE_SHIFT, true);
        ssize_t got;

        if (IS_ERR(p))
            return done ? done : PTR_ERR(p);
        got = uio_copy_in(u, (char *)page_virt(p) + pos % PAGE_SIZE, n);
        page_put(p);
        if (got <= 0)
            return done ? done : got;
        pos += (uint64_t)got;
        done += got;
        extend(m, pos);
        if ((size_t)got < n)
            break;
        if (!(pos % (64 * PAGE_SIZE)))
            cond_resched();
    }
    return done;
}
