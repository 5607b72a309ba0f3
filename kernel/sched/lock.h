/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * lock.h - spinlocks, sleeping mutexes and reader-writer locks.
 *
 * Kernel code is never preempted and hard interrupt handlers only set bits
 * (see sched/softirq.h), so no lock here needs interrupts off: a spinlock is
 * held with interrupts enabled and only excludes other processors. Holding a
 * spinlock one must not sleep, touch user memory (mem/user.h, but for the
 * _nofault functions) or call cond_resched().
 */
#pragma once

#include <stdatomic.h>

#include "lib/list.h"
#include "lib/types.h"
#include "sched/lock_order.h"

struct thread;

/* Unlocked 0, locked 1. spin_unlock's release store pairs with the acquire of
 * the next spin_lock. */
struct spinlock {
    _Atomic uint32_t locked;
#ifdef DEBUG
    uint32_t rank;
    void *owner; /* struct cpu */
#endif
};

#ifdef DEBUG
#define SPINLOCK_INIT(r)                                                       \
    {                                                                          \
        .rank = (r)                                                            \
    }
#else
#define SPINLOCK_INIT(r)                                                       \
    {                                                                          \
        0                                                                      \
    }
#endif

void spin_init(struct spinlock *l, enum lock_rank rank);
void spin_lock(struct spinlock *l);
bool spin_trylock(struct spinlock *l);
void spin_unlock(struct spinlock *l);
/* For a lock of the same rank as one held; the caller argues the order. */
void spin_lock_nested(struct spinlock *l);
/* True if this processor holds it (debug builds; otherwise: if anyone does). */
bool spin_held(struct spinlock *l);

/* Sleeping lock; may be released only by the thread that took it. */
struct mutex {
    _Atomic(struct thread *) owner;
    struct spinlock lock;
    struct list waiters; /* FIFO; the lock is handed over to the first */
#ifdef DEBUG
    uint32_t rank;
#endif
};
void mutex_init(struct mutex *m, enum lock_rank rank);
void mutex_lock(struct mutex *m);
void mutex_lock_nested(struct mutex *m);
bool mutex_trylock(struct mutex *m);
void mutex_unlock(struct mutex *m);
bool mutex_held(struct mutex *m); /* by the calling thread */

/* Many readers or one writer; writers are not starved. */
struct rwlock {
    struct spinlock lock;
    int readers;           /* [lock] active readers, -1 = a writer */
    struct thread *writer; /* [lock] */
    struct list waiters;   /* [lock] FIFO of readers and writers */
#ifdef DEBUG
    uint32_t rank;
#endif
};
void rwlock_init(struct rwlock *l, enum lock_rank rank);
void read_lock(struct rwlock *l);
bool read_trylock(struct rwlock *l);
void read_unlock(struct rwlock *l);
void write_lock(struct rwlock *l);
void write_lock_nested(struct rwlock *l);
void write_unlock(struct rwlock *l);
