/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * timer.c - one-shot timers: a red-black tree per CPU.
 *
 * The hardware is only programmed when the earliest deadline becomes earlier
 * than what it is set to; if it becomes later, the interrupt comes for nothing,
 * once, which is cheaper than programming it each time a timeout is moved.
 *
 * A timer stays with the CPU whose tree it is in, or whose deferred work runs
 * its function; else it moves to the CPU that arms it. (cpu) is therefore
 * trustworthy only under that CPU's timer lock: timer_lock().
 */
#include "arch/x86_64/arch.h"
#include "lib/log.h"
#include "sched/cpu.h"
#include "sched/sched_priv.h"
#include "sched/softirq.h"

/* What the hardware is told once when there is no deadline, as opposed to
 * NSEC_NEVER in timer_programmed: it has fired and was told nothing since. */
#define NOTHING_TO_DO (NSEC_NEVER - 1)

static inline int timer_compare(struct timer *a, struct timer *b)
{
    if (a->deadline != b->deadline)
        return a->deadline < b->deadline ? -1 : 1;
    return a < b ? -1 : a > b;
}

RB_GENERATE_STATIC(timer_tree, timer, link, timer_compare)

void timer_init_cpu(struct cpu *c)
{
    spin_init(&c->timer_lock, RANK_TIMER);
    RB_INIT(&c->timers);
    c->timer_first = NULL;
    c->timer_programmed = NSEC_NEVER;
}

void timer_init(struct timer *t, timer_fn *fn, void *arg)
{
    *t = (struct timer){.fn = fn, .arg = arg};
}

/* Lock the CPU where the timer is; NULL if it was never armed. */
static struct cpu *timer_lock(struct timer *t)
{
    struct cpu *c;

    while ((c = atomic_load_explicit(&t->cpu, memory_order_acquire))) {
        spin_lock(&c->timer_lock);
        if (c == atomic_load_explicit(&t->cpu, memory_order_relaxed))
            return c;
        spin_unlock(&c->timer_lock);
    }
    return NULL;
}

/* All with c->timer_lock held: */
static void tree_remove(struct cpu *c, struct timer *t)
{
    if (c->timer_first == t)
        c->timer_first = RB_NEXT(timer_tree, &c->timers, t);
    RB_REMOVE(timer_tree, &c->timers, t);
    t->queued = false;
}

static void tree_insert(struct cpu *c, struct timer *t)
{
    RB_INSERT(timer_tree, &c->timers, t);
    t->queued = true;
    if (!c->timer_first || timer_compare(t, c->timer_first) < 0)
        c->timer_first = t;
}

/* The CPU that shall have the timer, locked, with the timer not in a tree. */
static struct cpu *timer_move_here(struct timer *t)
{
    struct cpu *here = this_cpu(), *c = timer_lock(t);

    if (c) {
        if (t->queued)
            tree_remove(c, t);
        if (c == here || c->timer_running == t)
            return c;
        /* Who cancels it now finds it unarmed, as if it came before us. */
        atomic_store_explicit(&t->cpu, NULL, memory_order_release);
        spin_unlock(&c->timer_lock);
    }
    spin_lock(&here->timer_lock);
    atomic_store_explicit(&t->cpu, here, memory_order_release);
    return here;
}

void timer_arm(struct timer *t, nsec_t deadline)
{
    struct cpu *c = timer_move_here(t);
    bool first;

    if (c->timer_running == t) /* a period too short would never let go */
        deadline = MAX(deadline, time_monotonic() + TIMER_MIN_PERIOD);
    t->deadline = deadline;
    tree_insert(c, t);
    first = c->timer_first == t;
    spin_unlock(&c->timer_lock);
    if (!first)
        return;
    if (c == this_cpu()) {
        timer_update_hardware(c);
    } else { /* its function runs there: have that CPU look at its tree again */
        atomic_fetch_or(&c->softirq, 1u << SOFTIRQ_TIMER);
        arch_send_reschedule(c);
    }
}

bool timer_cancel(struct timer *t)
{
    struct cpu *c = timer_lock(t);
    bool was;

    if (!c)
        return false;
    was = t->queued;
    if (was)
        tree_remove(c, t);
    spin_unlock(&c->timer_lock);
    return was;
}

bool timer_cancel_sync(struct timer *t)
{
    bool was = false, running;
    struct cpu *c;

    do {
        c = timer_lock(t);
        if (!c)
            return was;
        if (t->queued) {
            tree_remove(c, t);
            was = true;
        }
        running = c->timer_running == t;
        spin_unlock(&c->timer_lock);
        DASSERT(!running || c != this_cpu());
        if (running)
            arch_pause();
    } while (running);
    return was;
}

nsec_t timer_left(struct timer *t)
{
    struct cpu *c = timer_lock(t);
    nsec_t left = 0;

    if (!c)
        return 0;
    if (t->queued)
        left = MAX(t->deadline - time_monotonic(), (nsec_t)1);
    spin_unlock(&c->timer_lock);
    return left;
}

/* Only this CPU removes its first timer without looking here afterwards, so
 * the racy read is at worst a deadline that no longer counts; but the timer
 * itself may go away: read it under the lock. */
nsec_t timer_next(void)
{
    struct cpu *c = this_cpu();
    nsec_t next = NSEC_NEVER;

    if (!c->timer_first)
        return next;
    spin_lock(&c->timer_lock);
    if (c->timer_first)
        next = c->timer_first->deadline;
    spin_unlock(&c->timer_lock);
    return next;
}

void timer_update_hardware(struct cpu *c)
{
    nsec_t next = timer_next();
    nsec_t slice =
        atomic_load_explicit(&c->slice_deadline, memory_order_relaxed);

    next = MIN(MIN(next, slice), NOTHING_TO_DO);
    if (next >= c->timer_programmed)
        return;
    /* In this order: an interrupt in between resets timer_programmed and
     * raises SOFTIRQ_TIMER, which brings us here again. */
    c->timer_programmed = next;
    arch_timer_program(next == NOTHING_TO_DO ? NSEC_NEVER : next);
}

static void slice_check(struct cpu *c, nsec_t now)
{
    if (now < atomic_load_explicit(&c->slice_deadline, memory_order_relaxed))
        return;
    atomic_store_explicit(&c->slice_deadline, NSEC_NEVER, memory_order_relaxed);
    atomic_fetch_or(&c->curr->work, TW_RESCHED);
}

void timer_run_expired(void)
{
    struct cpu *c = this_cpu();
    nsec_t now = time_monotonic();
    struct timer *t;

    spin_lock(&c->timer_lock);
    while ((t = c->timer_first) && t->deadline <= now) {
        tree_remove(c, t);
        c->timer_running = t;
        spin_unlock(&c->timer_lock);
        t->fn(t); /* may free it */
        spin_lock(&c->timer_lock);
        c->timer_running = NULL;
    }
    spin_unlock(&c->timer_lock);
    slice_check(c, now);
    timer_update_hardware(c);
}
