/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * pressure.c - is the machine still getting anywhere?
 *
 * When the programs' own memory takes nearly everything, the few pages left for
 * files go and come back all the time, and a machine that is not out of memory
 * for another hour does nothing useful any more. Two facts together say so:
 *
 *   - a page that is read again soon after it was evicted (a refault): evicting
 *     it was a mistake. A small table remembers what was evicted last.
 *   - the time in which at least one thread waits for such a page, or for an
 *     allocation that has to evict (a stall).
 *
 * If a window of ten seconds is nearly all stall and every page of the cache
 * has been refaulted several times over, the OOM killer is asked to decide. A
 * burst at start-up, when everything is read for the first time, is neither.
 */
#include "mem/mapping_priv.h"
#include "mem/page_priv.h"
#include "sched/lock.h"
#include "sched/time.h"

#define TABLE_SIZE  2048u
#define WINDOW      (10 * NSEC_PER_SEC)
#define STALL_SHARE 75 /* percent of the window */
#define TURNOVER    4  /* refaults per page of the cache */

/* What was evicted; one that hashes to the same place takes over. */
static struct {
    _Atomic uint32_t tag; /* 0: nothing */
    _Atomic uint32_t when;
} evicted[TABLE_SIZE];
static _Atomic uint64_t nr_evicted, nr_refaults;

static struct {
    struct spinlock lock;
    unsigned stalled;         /* [lock] threads */
    nsec_t since, sum;        /* [lock] stall: the current one, all before */
    nsec_t window;            /* [lock] start */
    nsec_t window_sum;        /* [lock] stall before it */
    uint64_t window_refaults; /* [lock] refaults before it */
} p = {.lock = SPINLOCK_INIT(RANK_LRU)};

/* --- what comes back ------------------------------------------------------ */

static uint32_t tag_of(const struct mapping *m, uint64_t index, unsigned *slot)
{
    uint64_t h =
        ((uint64_t)m + index * 0x9e3779b97f4a7c15ul) * 0xff51afd7ed558ccdul;

    *slot = (unsigned)(h >> 53) % TABLE_SIZE;
    return (uint32_t)(h >> 16) | 1;
}

void pressure_evicted(const struct mapping *m, uint64_t index)
{
    unsigned slot;
    uint32_t tag = tag_of(m, index, &slot);
    uint64_t n =
        atomic_fetch_add_explicit(&nr_evicted, 1, memory_order_relaxed);

    /* Two stores: a mixture of two entries is one wrong guess. */
    atomic_store_explicit(&evicted[slot].when, (uint32_t)n,
                          memory_order_relaxed);
    atomic_store_explicit(&evicted[slot].tag, tag, memory_order_relaxed);
}

bool pressure_refault(const struct mapping *m, uint64_t index)
{
    unsigned slot;
    uint32_t tag = tag_of(m, index, &slot), age;

    if (atomic_load_explicit(&evicted[slot].tag, memory_order_relaxed) != tag)
        return false;
    atomic_store_explicit(&evicted[slot].tag, 0, memory_order_relaxed);
    age = (uint32_t)atomic_load_explicit(&nr_evicted, memory_order_relaxed) -
          atomic_load_explicit(&evicted[slot].when, memory_order_relaxed);
    if (age > TABLE_SIZE)
        return false;
    atomic_fetch_add_explicit(&nr_refaults, 1, memory_order_relaxed);
    return true;
}

/* --- who waits ------------------------------------------------------------ */

void pressure_stall_begin(void)
{
    spin_lock(&p.lock);
    if (p.stalled++ == 0)
        p.since = time_monotonic();
    spin_unlock(&p.lock);
}

void pressure_stall_end(void)
{
    spin_lock(&p.lock);
    if (--p.stalled == 0)
        p.sum += time_monotonic() - p.since;
    spin_unlock(&p.lock);
}

static nsec_t stall_until(nsec_t now)
{
    return p.sum + (p.stalled ? now - p.since : 0);
}

/* Lock held. */
static void window_begin(nsec_t now)
{
    p.window = now;
    p.window_sum = stall_until(now);
    p.window_refaults = atomic_load(&nr_refaults);
}

/* The window is over; was it one long wait? Lock held. */
static bool window_lost(nsec_t length, nsec_t now, uint64_t cache)
{
    uint64_t refaults = atomic_load(&nr_refaults) - p.window_refaults;
    nsec_t stall = stall_until(now) - p.window_sum;

    return stall >= length / 100 * STALL_SHARE &&
           refaults >= TURNOVER * (cache + 64);
}

bool pressure_thrashing(void)
{
    nsec_t now = time_monotonic();
    uint64_t cache = lru_count();
    bool lost = false;

    spin_lock(&p.lock);
    nsec_t length = now - p.window;
    if (!p.window || length > 2 * WINDOW) { /* the last trouble is long ago */
        window_begin(now);
    } else if (length >= WINDOW) {
        lost = window_lost(length, now, cache);
        window_begin(now);
    }
    spin_unlock(&p.lock);
    return lost;
}

void pressure_stats(struct memory_stats *out)
{
    out->evicted = atomic_load(&nr_evicted);
    out->refaults = atomic_load(&nr_refaults);
    spin_lock(&p.lock);
    out->stall_ns = (uint64_t)stall_until(time_monotonic());
    spin_unlock(&p.lock);
}
