/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * mutex.c - sleeping locks.
 *
 * (owner) is NULL when free, else the owning thread, with bit 0 set when
 * others wait. Taking a free one and releasing one nobody waits for is a single
 * compare-and-swap. Otherwise the owner hands the lock over to the first
 * waiter, so nobody starves. Before it sleeps a thread spins for a moment: most
 * sections are shorter than two context switches, provided the owner runs, that
 * is, there are several CPUs.
 */
#include "arch/x86_64/arch_cpu.h"
#include "lib/log.h"
#include "sched/cpu.h"
#include "sched/lock.h"
#include "sched/lock_priv.h"

#define WAITERS    1ul
#define SPIN_TRIES 200

static inline struct thread *with_waiters(struct thread *t)
{
    return (struct thread *)((uintptr_t)t | WAITERS);
}

static inline struct thread *without_waiters(struct thread *t)
{
    return (struct thread *)((uintptr_t)t & ~WAITERS);
}

void mutex_init(struct mutex *m, enum lock_rank rank)
{
    atomic_init(&m->owner, NULL);
    spin_init(&m->lock, RANK_WAITQ);
    list_init(&m->waiters);
#ifdef DEBUG
    m->rank = rank;
#else
    (void)rank;
#endif
}

/* Acquire pairs with the release in mutex_unlock(). */
static inline bool try_acquire(struct mutex *m)
{
    struct thread *free = NULL;

    return atomic_compare_exchange_strong_explicit(
        &m->owner, &free, current, memory_order_acquire, memory_order_relaxed);
}

static bool spin_for_it(struct mutex *m)
{
    if (nr_cpus == 1)
        return false;
    for (int i = 0; i < SPIN_TRIES; i++) {
        if (!atomic_load_explicit(&m->owner, memory_order_relaxed) &&
            try_acquire(m))
            return true;
        arch_pause();
    }
    return false;
}

void lock_wait_granted(struct spinlock *l, struct lock_waiter *w)
{
    bool granted;

    for (;;) {
        sleep_prepare(SLEEP_UNINTERRUPTIBLE);
        spin_lock(l);
        granted = w->granted;
        spin_unlock(l);
        if (granted)
            break;
        sleep_until(NSEC_NEVER);
    }
    sleep_cancel();
}

static void lock_slowly(struct mutex *m)
{
    struct lock_waiter w = {.thread = current};
    struct thread *o;

    spin_lock(&m->lock);
    o = atomic_load_explicit(&m->owner, memory_order_relaxed);
    for (;;) {
        if (!o) {
            if (try_acquire(m)) {
                spin_unlock(&m->lock);
                return;
            }
            o = atomic_load_explicit(&m->owner, memory_order_relaxed);
        } else if (atomic_compare_exchange_strong_explicit(
                       &m->owner, &o, with_waiters(o), memory_order_relaxed,
                       memory_order_relaxed)) {
            break; /* the owner must now take m->lock to release it */
        }
    }
    list_add_tail(&m->waiters, &w.link);
    spin_unlock(&m->lock);
    lock_wait_granted(&m->lock, &w);
}

static inline void lock(struct mutex *m)
{
    if (unlikely(!try_acquire(m)) && !spin_for_it(m))
        lock_slowly(m);
}

void mutex_lock(struct mutex *m)
{
    lock_order_push(LOCK_RANK(m), LOCK_ORDERED);
    lock(m);
}

void mutex_lock_nested(struct mutex *m)
{
    lock_order_push(LOCK_RANK(m), LOCK_NESTED);
    lock(m);
}

bool mutex_trylock(struct mutex *m)
{
    if (!try_acquire(m))
        return false;
    lock_order_push(LOCK_RANK(m), LOCK_TRY);
    return true;
}

/* Give it to the first waiter. */
static void hand_over(struct mutex *m)
{
    struct lock_waiter *w;
    struct thread *next;

    spin_lock(&m->lock);
    w = list_first(&m->waiters, struct lock_waiter, link);
    list_del_init(&w->link);
    next = w->thread;
    /* Release: the new owner's spin_lock() in lock_wait_granted() sees our
     * section through m->lock; a later try_acquire() through this. */
    atomic_store_explicit(&m->owner,
                          list_empty(&m->waiters) ? next : with_waiters(next),
                          memory_order_release);
    w->granted = true;
    thread_wake(next);
    spin_unlock(&m->lock);
}

void mutex_unlock(struct mutex *m)
{
    struct thread *me = current;

    DASSERT(mutex_held(m));
    lock_order_pop(LOCK_RANK(m));
    if (unlikely(!atomic_compare_exchange_strong_explicit(
            &m->owner, &me, NULL, memory_order_release, memory_order_relaxed)))
        hand_over(m);
}

bool mutex_held(struct mutex *m)
{
    return without_waiters(atomic_load_explicit(
               &m->owner, memory_order_relaxed)) == current;
}
