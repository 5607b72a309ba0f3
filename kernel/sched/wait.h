/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * wait.h - wait queues: how a thread sleeps until something becomes true, and
 * how epoll and poll hear of it.
 *
 * A queue holds entries; waking calls each entry's function with the poll
 * events that became true (0 = unspecified, wake all). The function runs with
 * the queue's lock held: it must not sleep or touch the same queue.
 *
 * Interface:
 *  - to wait for a condition use the WAIT_EVENT macros: they enqueue first and
 *    test after, so a wake-up between test and sleep is not lost;
 *  - to wake: change the condition, then wq_wake(). The queue's spinlock orders
 *    the two.
 */
#pragma once

#include "lib/errno.h"
#include "lib/list.h"
#include "sched/lock.h"
#include "sched/time.h"

struct thread;
struct wait_queue;
struct wait_entry;

/* Returns true if it counts as a wake-up of an exclusive entry. */
typedef bool wait_fn(struct wait_entry *e, uint32_t events);

struct wait_entry {
    struct list link;         /* [q] */
    struct wait_queue *queue; /* where it is, or NULL [owner] */
    wait_fn *fn;              /* I */
    struct thread *thread;    /* I for the default function */
    void *arg;                /* I free for (fn) */
    bool exclusive;           /* I woken one at a time, last in, FIFO */
};

struct wait_queue {
    struct spinlock lock;
    struct list entries; /* [lock] */
};

#define WAIT_QUEUE_INIT(n)                                                     \
    {                                                                          \
        SPINLOCK_INIT(RANK_WAITQ), LIST_HEAD_INIT((n).entries)                 \
    }
void wq_init(struct wait_queue *q);
/* Whether somebody waits; racy by nature, a hint to skip work. Orders the
 * caller's earlier stores before the test (full barrier). */
bool wq_active(struct wait_queue *q);
void wq_add(struct wait_queue *q, struct wait_entry *e);
void wq_remove(struct wait_queue *q, struct wait_entry *e); /* idempotent */
/* Wake all non-exclusive entries and at most one exclusive one. */
void wq_wake(struct wait_queue *q, uint32_t events);
void wq_wake_all(struct wait_queue *q, uint32_t events);

/* An entry that wakes the calling thread. */
void wait_entry_init(struct wait_entry *e);

/* Thread states for sleeping. A killable sleep ends only for a fatal signal,
 * an interruptible one for any signal that is to be delivered. */
enum sleep_kind { SLEEP_UNINTERRUPTIBLE, SLEEP_KILLABLE, SLEEP_INTERRUPTIBLE };

/* Lower layer, used by the macros: mark the calling thread as about to sleep,
 * then test, then sleep_until(). */
void sleep_prepare(enum sleep_kind kind);
/* Sleep until woken, (deadline) (monotonic ns, NSEC_NEVER = none) or, by kind,
 * a signal. 0 = woken (maybe for nothing: test again), -ETIMEDOUT,
 * -ERESTARTSYS. */
int sleep_until(nsec_t deadline);
void sleep_cancel(void); /* undo sleep_prepare without sleeping */

/* Wait until (cond) holds. The value is 0, -ETIMEDOUT or -ERESTARTSYS; (cond)
 * is evaluated without any lock of ours held, several times. */
#define WAIT_EVENT_FULL(q, cond, kind, deadline)                               \
    ({                                                                         \
        int _rc = 0;                                                           \
        if (!(cond)) {                                                         \
            struct wait_entry _we;                                             \
            wait_entry_init(&_we);                                             \
            wq_add((q), &_we);                                                 \
            for (;;) {                                                         \
                sleep_prepare(kind);                                           \
                if (cond) {                                                    \
                    _rc = 0;                                                   \
                    break;                                                     \
                }                                                              \
                if (_rc)                                                       \
                    break;                                                     \
                _rc = sleep_until(deadline);                                   \
            }                                                                  \
            sleep_cancel();                                                    \
            wq_remove((q), &_we);                                              \
        }                                                                      \
        _rc;                                                                   \
    })
#define WAIT_EVENT(q, cond)                                                    \
    ((void)WAIT_EVENT_FULL(q, cond, SLEEP_UNINTERRUPTIBLE, NSEC_NEVER))
#define WAIT_EVENT_INTR(q, cond)                                               \
    WAIT_EVENT_FULL(q, cond, SLEEP_INTERRUPTIBLE, NSEC_NEVER)
