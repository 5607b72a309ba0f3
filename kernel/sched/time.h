/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * time.h - clocks and one-shot timers.
 *
 * Monotonic time counts nanoseconds from boot and never goes back on any
 * processor. Timers live in a per-CPU tree; a timer's function runs as
 * deferred work (sched/softirq.h), with no lock held, on the CPU where it was
 * armed, at or shortly after its deadline.
 */
#pragma once

#include "lib/tree.h"
#include "lib/types.h"
#include "sched/lock.h"

#define NSEC_PER_SEC  1000000000ll
#define NSEC_PER_MSEC 1000000ll
#define NSEC_PER_USEC 1000ll
#define NSEC_NEVER    INT64_MAX

nsec_t time_monotonic(void);
nsec_t time_realtime(void); /* since 1970-01-01 UTC */
/* Set the realtime clock; wakes what depends on it (timerfd, futex). */
void time_set_realtime(nsec_t now);
/* Called after every step of the realtime clock, from thread context. */
uint64_t time_step_count(void);

/* Woken after every step of the realtime clock: whoever sleeps until an
 * absolute realtime adds an entry and computes the deadline anew. */
struct wait_queue;
extern struct wait_queue time_step_queue;
void time_init(void); /* after arch_clock_init: asks for the wall clock */

struct timer;
typedef void timer_fn(struct timer *t);

struct timer {
    nsec_t deadline;           /* [c] monotonic */
    timer_fn *fn;              /* I */
    void *arg;                 /* I */
    RB_ENTRY(timer) link;      /* [c] */
    _Atomic(struct cpu *) cpu; /* where it is armed or running, or NULL */
    bool queued;               /* [c] */
};                             /* c = the timer queue lock of (cpu) */

void timer_init(struct timer *t, timer_fn *fn, void *arg);
/* (Re)arm; cheap for a timer already armed on this CPU. A past deadline fires
 * at the next chance. May be called from the timer's own function: then it
 * fires TIMER_MIN_PERIOD later at the earliest, so that no period a program
 * asks for can keep the CPU busy. Two callers must not arm the same timer at
 * the same moment. */
#define TIMER_MIN_PERIOD (20 * NSEC_PER_USEC)
void timer_arm(struct timer *t, nsec_t deadline);
/* Disarm. True if it was armed. timer_cancel_sync also waits until the
 * function is not running anywhere (never call it from that function or with a
 * lock that the function takes). */
bool timer_cancel(struct timer *t);
bool timer_cancel_sync(struct timer *t);

/* Time left until it fires, 0 if it is not armed. */
nsec_t timer_left(struct timer *t);

/* Earliest deadline on this CPU, NSEC_NEVER if none: for the idle loop. */
nsec_t timer_next(void);
/* Run what is due; called by softirq_run(). */
void timer_run_expired(void);
