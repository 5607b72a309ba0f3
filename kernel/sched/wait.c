/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * wait.c - wait queues.
 *
 * Why no wake-up is lost: a waiter puts its entry on the queue (under the
 * lock) or, in a later round, calls sleep_prepare() (a full barrier), and only
 * then tests the condition. A waker changes the condition and then looks at the
 * queue under the lock. If the waker's look came first, the waiter's lock
 * acquisition makes the new condition visible to its test; else the waker finds
 * the entry and calls its function.
 */
#include "sched/wait.h"
#include "sched/cpu.h"

static bool wake_thread(struct wait_entry *e, uint32_t events)
{
    (void)events;
    return thread_wake(e->thread);
}

void wq_init(struct wait_queue *q)
{
    spin_init(&q->lock, RANK_WAITQ);
    list_init(&q->entries);
}

void wait_entry_init(struct wait_entry *e)
{
    list_init(&e->link);
    e->queue = NULL;
    e->fn = wake_thread;
    e->thread = current;
    e->arg = NULL;
    e->exclusive = false;
}

bool wq_active(struct wait_queue *q)
{
    /* Pairs with the lock in wq_add() and the barrier in sleep_prepare(): the
     * caller's change of the condition is visible before we say "nobody". */
    atomic_thread_fence(memory_order_seq_cst);
    return !list_empty(&q->entries);
}

/* Exclusive entries stay behind the others, so that wq_wake() may stop at the
 * first of them that takes the wake-up. */
void wq_add(struct wait_queue *q, struct wait_entry *e)
{
    spin_lock(&q->lock);
    if (e->exclusive)
        list_add_tail(&q->entries, &e->link);
    else
        list_add_head(&q->entries, &e->link);
    e->queue = q;
    spin_unlock(&q->lock);
}

void wq_remove(struct wait_queue *q, struct wait_entry *e)
{
    if (!e->queue)
        return;
    spin_lock(&q->lock);
    list_del_init(&e->link);
    e->queue = NULL;
    spin_unlock(&q->lock);
}

/* Call fn of all entries, of the exclusive ones until (max) took it. */
static void wake(struct wait_queue *q, uint32_t events, unsigned max)
{
    struct wait_entry *e, *n;
    unsigned taken = 0;

    spin_lock(&q->lock);
    list_for_each_safe (e, n, &q->entries, link) {
        if (e->exclusive && taken >= max)
            break;
        if (e->fn(e, events) && e->exclusive)
            taken++;
    }
    spin_unlock(&q->lock);
}

void wq_wake(struct wait_queue *q, uint32_t events)
{
    if (wq_active(q))
        wake(q, events, 1);
}

void wq_wake_all(struct wait_queue *q, uint32_t events)
{
    if (wq_active(q))
        wake(q, events, UINT32_MAX);
}
