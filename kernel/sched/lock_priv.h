/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * lock_priv.h - the order check, shared by the kinds of locks.
 */
#pragma once

#include "lib/types.h"
#include "sched/lock.h"

enum lock_how { LOCK_ORDERED, LOCK_NESTED, LOCK_TRY };

#ifdef DEBUG
extern bool lock_order_active; /* set once threads exist */
void lock_order_push(uint32_t rank, enum lock_how how);
void lock_order_pop(uint32_t rank);
#define LOCK_RANK(l) ((l)->rank)
#else
static inline void lock_order_push(uint32_t rank, enum lock_how how)
{
    (void)rank;
    (void)how;
}
static inline void lock_order_pop(uint32_t rank)
{
    (void)rank;
}
#define LOCK_RANK(l) 0
#endif

/* A thread that waits for a sleeping lock; on its stack. The lock's spinlock
 * covers it, also when the new owner looks at (granted): so the old owner is
 * done with it once the new one has seen it. */
struct lock_waiter {
    struct list link;
    struct thread *thread;
    bool writer;
    bool granted;
};
void lock_wait_granted(struct spinlock *l, struct lock_waiter *w);
