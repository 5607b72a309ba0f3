/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * spinlock.c - spinlocks, and the check of the lock order in debug builds.
 *
 * The check keeps the ranks of what a thread holds in the thread itself, in
 * the order taken; sleeping locks are entered there too. Until the first
 * thread exists there is nothing to check.
 */
#include "arch/x86_64/arch_cpu.h"
#include "lib/log.h"
#include "sched/cpu.h"
#include "sched/lock.h"
#include "sched/lock_priv.h"

#ifdef DEBUG
/* All of them are looked at: one taken by a try may rank below others. */
static void check(const struct thread *t, uint32_t rank, bool nested)
{
    for (int i = t->lock_depth - 1; rank && i >= 0; i--) {
        uint32_t held = t->lock_ranks[i];
        if (held > rank || (held == rank && !nested))
            panic("lock order: rank %u taken while holding %u", rank, held);
    }
}

void lock_order_push(uint32_t rank, enum lock_how how)
{
    struct thread *t = lock_order_active ? current : NULL;

    if (!t)
        return;
    if (how != LOCK_TRY) /* a failed try does no harm in any order */
        check(t, rank, how == LOCK_NESTED);
    if (rank > RANK_SPIN)
        t->held_locks++;
    ASSERT(t->lock_depth < (int)ARRAY_SIZE(t->lock_ranks));
    t->lock_ranks[t->lock_depth++] = rank;
}

void lock_order_pop(uint32_t rank)
{
    struct thread *t = lock_order_active ? current : NULL;
    int i;

    if (!t)
        return;
    for (i = t->lock_depth - 1; i >= 0 && t->lock_ranks[i] != rank; i--)
        ;
    if (i < 0) /* taken before the check was active */
        return;
    if (rank > RANK_SPIN)
        t->held_locks--;
    t->lock_depth--;
    for (; i < t->lock_depth; i++)
        t->lock_ranks[i] = t->lock_ranks[i + 1];
}

bool lock_order_active;
#endif

void spin_init(struct spinlock *l, enum lock_rank rank)
{
    atomic_init(&l->locked, 0);
#ifdef DEBUG
    l->rank = rank;
    l->owner = NULL;
#else
    (void)rank;
#endif
}

/* The acquire orders everything after it behind the release store of the
 * unlock that freed the lock. Waiting only reads, so that the line stays shared
 * until the lock is free. */
static inline void acquire(struct spinlock *l)
{
    while (unlikely(
        atomic_exchange_explicit(&l->locked, 1, memory_order_acquire))) {
#ifdef DEBUG
        if (lock_order_active && l->owner == this_cpu())
            panic("spinlock of rank %u taken twice", l->rank);
#endif
        while (atomic_load_explicit(&l->locked, memory_order_relaxed))
            arch_pause();
    }
#ifdef DEBUG
    l->owner = lock_order_active ? this_cpu() : NULL;
#endif
}

void spin_lock(struct spinlock *l)
{
    lock_order_push(LOCK_RANK(l), LOCK_ORDERED);
    acquire(l);
}

void spin_lock_nested(struct spinlock *l)
{
    lock_order_push(LOCK_RANK(l), LOCK_NESTED);
    acquire(l);
}

bool spin_trylock(struct spinlock *l)
{
    if (atomic_load_explicit(&l->locked, memory_order_relaxed) ||
        atomic_exchange_explicit(&l->locked, 1, memory_order_acquire))
        return false;
    lock_order_push(LOCK_RANK(l), LOCK_TRY);
#ifdef DEBUG
    l->owner = lock_order_active ? this_cpu() : NULL;
#endif
    return true;
}

void spin_unlock(struct spinlock *l)
{
#ifdef DEBUG
    l->owner = NULL;
#endif
    lock_order_pop(LOCK_RANK(l));
    atomic_store_explicit(&l->locked, 0, memory_order_release);
}

bool spin_held(struct spinlock *l)
{
    bool held = atomic_load_explicit(&l->locked, memory_order_relaxed);

#ifdef DEBUG
    held = held && (!lock_order_active || l->owner == this_cpu());
#endif
    return held;
}
