/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * rwlock.c - many readers or one writer, both may sleep.
 *
 * Who finds the lock taken, or others waiting, queues up: so writers are not
 * starved by readers that come and go, nor readers by writers. Whoever makes
 * the lock free hands it over to the first waiter and, if that is a reader, to
 * the readers right behind it.
 */
#include "sched/cpu.h"
#include "sched/lock.h"
#include "sched/lock_priv.h"

void rwlock_init(struct rwlock *l, enum lock_rank rank)
{
    spin_init(&l->lock, RANK_WAITQ);
    l->readers = 0;
    l->writer = NULL;
    list_init(&l->waiters);
#ifdef DEBUG
    l->rank = rank;
#else
    (void)rank;
#endif
}

/* Queue up; call with l->lock held, which is released. */
static void wait_turn(struct rwlock *l, bool writer)
{
    struct lock_waiter w = {.thread = current, .writer = writer};

    list_add_tail(&l->waiters, &w.link);
    spin_unlock(&l->lock);
    lock_wait_granted(&l->lock, &w);
}

/* Call with l->lock held after the lock became free. */
static void hand_over(struct rwlock *l)
{
    struct lock_waiter *w;

    while ((w = list_first(&l->waiters, struct lock_waiter, link))) {
        struct thread *t = w->thread;
        if (w->writer && l->readers)
            break;
        list_del_init(&w->link);
        l->readers = w->writer ? -1 : l->readers + 1;
        l->writer = w->writer ? t : NULL;
        w->granted = true;
        thread_wake(t);
        if (l->readers < 0)
            break;
    }
}

void read_lock(struct rwlock *l)
{
    lock_order_push(LOCK_RANK(l), LOCK_ORDERED);
    spin_lock(&l->lock);
    if (unlikely(l->readers < 0 || !list_empty(&l->waiters))) {
        wait_turn(l, false);
        return;
    }
    l->readers++;
    spin_unlock(&l->lock);
}

bool read_trylock(struct rwlock *l)
{
    bool got;

    spin_lock(&l->lock);
    got = l->readers >= 0 && list_empty(&l->waiters);
    if (got)
        l->readers++;
    spin_unlock(&l->lock);
    if (got)
        lock_order_push(LOCK_RANK(l), LOCK_TRY);
    return got;
}

void read_unlock(struct rwlock *l)
{
    lock_order_pop(LOCK_RANK(l));
    spin_lock(&l->lock);
    if (--l->readers == 0)
        hand_over(l);
    spin_unlock(&l->lock);
}

static void lock_for_writing(struct rwlock *l)
{
    spin_lock(&l->lock);
    if (unlikely(l->readers || !list_empty(&l->waiters))) {
        wait_turn(l, true);
        return;
    }
    l->readers = -1;
    l->writer = current;
    spin_unlock(&l->lock);
}

void write_lock(struct rwlock *l)
{
    lock_order_push(LOCK_RANK(l), LOCK_ORDERED);
    lock_for_writing(l);
}

void write_lock_nested(struct rwlock *l)
{
    lock_order_push(LOCK_RANK(l), LOCK_NESTED);
    lock_for_writing(l);
}

void write_unlock(struct rwlock *l)
{
    lock_order_pop(LOCK_RANK(l));
    spin_lock(&l->lock);
    l->readers = 0;
    l->writer = NULL;
    hand_over(l);
    spin_unlock(&l->lock);
}
