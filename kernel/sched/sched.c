/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * sched.c - switching threads, time slices and the idle loop.
 *
 * The timer interrupts only when there is something to do: the nearest of the
 * CPU's first timer and, if other threads wait for this CPU, the end of the
 * running thread's slice. A CPU with one thread, or none, takes no ticks.
 *
 * Kernel code gives up the CPU in schedule() and cond_resched() only; user code
 * also when an interrupt finds TW_RESCHED set on the way back to it.
 */
#include "arch/x86_64/arch.h"
#include "lib/log.h"
#include "sched/cpu.h"
#include "sched/sched_priv.h"
#include "sched/softirq.h"

/* Nice 0: the whole slice; -20: twice that; 19: a twentieth. */
static nsec_t slice_of(const struct thread *t)
{
    return SLICE * (20 - t->nice) / 20;
}

/* With the queue's lock held: who adds to it sees the old queue's slice, and
 * shortens it, or we see what was added. */
static void slice_begin(struct cpu *c, struct thread *t, nsec_t now)
{
    t->run_start = now;
    if (t == c->idle_thread || !c->nr_ready)
        c->slice_deadline = NSEC_NEVER;
    else
        c->slice_deadline =
            now + (list_empty(&c->runq) ? slice_of(t) : SLICE_WOKEN);
}

static bool on_allowed_cpu(const struct thread *t)
{
    unsigned id = this_cpu()->id;

    return t->affinity[id / 64] >> (id % 64) & 1;
}

void sched_migrate_self(void)
{
    while (!on_allowed_cpu(current))
        schedule();
}

void sched_resched(void)
{
    struct cpu *c = this_cpu();
    struct thread *t = current;
    nsec_t end, now;

    atomic_fetch_and(&t->work, ~TW_RESCHED);
    if (unlikely(!on_allowed_cpu(t)))
        sched_migrate_self();
    if (!c->nr_ready)
        return;
    now = time_monotonic();
    /* Racy look at the queue: at worst a slice of the other length. */
    end = t->run_start + (list_empty(&c->runq) ? slice_of(t) : SLICE_WOKEN);
    if (now >= end) {
        schedule();
        return;
    }
    if (end < c->slice_deadline) {
        c->slice_deadline = end;
        timer_update_hardware(c);
    }
}

/* PREPARED becomes SLEEPING; false if a wake-up came before. See sleep.c. */
static bool commit_sleep(struct thread *t)
{
    int prepared = THREAD_PREPARED;

    return atomic_compare_exchange_strong(&t->state, &prepared,
                                          t->sleep_stopped ? THREAD_STOPPED
                                                           : THREAD_SLEEPING);
}

/* Somebody halts although threads wait here: have it steal. Lock held. */
static void offer_work(struct cpu *c)
{
    uint64_t idle = atomic_load_explicit(&cpus_idle, memory_order_relaxed);
    struct thread *t;

    if (likely(!idle) || !c->nr_ready)
        return;
    t = list_first(list_empty(&c->runq_batch) ? &c->runq : &c->runq_batch,
                   struct thread, run_link);
    idle &= t->affinity[0] & ~(1ul << c->id);
    if (idle)
        arch_send_reschedule(&cpus[__builtin_ctzl(idle)]);
}

static struct thread *pick(struct cpu *c, struct thread *prev, bool runnable,
                           nsec_t now)
{
    struct thread *next;

    spin_lock(&c->runq_lock);
    if (runnable && prev != c->idle_thread)
        runq_add_batch(c, prev, now);
    next = runq_take(c, now);
    if (!next && nr_cpus > 1) {
        spin_unlock(&c->runq_lock);
        next = runq_steal(c);
        spin_lock(&c->runq_lock);
        if (!next) /* meanwhile? */
            next = runq_take(c, now);
    }
    if (!next)
        next = c->idle_thread;
    next->cpu = c;
    c->running = next;
    slice_begin(c, next, now);
    offer_work(c);
    atomic_store_explicit(&next->state, THREAD_RUNNING, memory_order_relaxed);
    atomic_store_explicit(&next->on_cpu, true, memory_order_relaxed);
    spin_unlock(&c->runq_lock);
    return next;
}

/* See proc/rseq.c. (prev) is the calling thread still: the frame is its. */
static void rseq_switch(struct cpu *c, struct thread *prev, struct thread *next)
{
    if (prev->rseq && arch_user_frame()->vector != TRAP_SYSCALL)
        atomic_fetch_or(&prev->work, TW_RSEQ);
    if (next->rseq && next->rseq_cpu != c->id)
        atomic_fetch_or(&next->work, TW_RSEQ);
}

static void switch_to(struct cpu *c, struct thread *prev, struct thread *next)
{
    rseq_switch(c, prev, next);
    c->switches++;
    c->prev = prev;
    c->curr = next;
    arch_switch(prev, next);
    sched_finish_switch();
}

void schedule(void)
{
    struct thread *prev = current, *next;
    struct cpu *c = this_cpu();
    bool runnable;
    nsec_t now;

    DASSERT(prev->held_locks == 0);
    if (softirq_pending())
        softirq_run();
    switch (atomic_load_explicit(&prev->state, memory_order_relaxed)) {
    case THREAD_PREPARED:
        if (!commit_sleep(prev))
            return;
        runnable = false;
        prev->switches_vol++;
        break;
    case THREAD_DEAD:
        runnable = false;
        break;
    default:
        runnable = true;
    }
    /* One that may not stay is queued elsewhere once its registers are saved,
     * by sched_finish_switch(). */
    prev->leaving = runnable && prev != c->idle_thread && !on_allowed_cpu(prev);
    if (unlikely(prev->leaving)) {
        atomic_store_explicit(&prev->state, THREAD_READY, memory_order_relaxed);
        runnable = false;
        prev->switches_invol++;
    }
    now = time_monotonic();
    account_switch(c, prev, now);
    next = pick(c, prev, runnable, now);
    if (c->slice_deadline != NSEC_NEVER)
        timer_update_hardware(c);
    if (next == prev)
        return;
    prev->switches_invol += runnable;
    switch_to(c, prev, next);
}

/* Runs in the thread that was switched to, which may be on another CPU than
 * when it left. */
void sched_finish_switch(void)
{
    struct thread *prev = this_cpu()->prev;
    bool leaving = prev->leaving;

    if (atomic_load_explicit(&prev->state, memory_order_relaxed) == THREAD_DEAD)
        thread_queue_dead(prev);
    /* We are off its stack and its registers are saved: pairs with the acquire
     * loads in thread_wake() and find_stealable(). */
    atomic_store_explicit(&prev->on_cpu, false, memory_order_release);
    if (unlikely(leaving))
        runq_place(prev);
}

void sched_yield(void)
{
    if (softirq_pending())
        softirq_run();
    if (this_cpu()->nr_ready)
        schedule();
}

void cond_resched(void)
{
    if (softirq_pending())
        softirq_run();
    if (unlikely(atomic_load_explicit(&current->work, memory_order_relaxed) &
                 TW_RESCHED))
        sched_resched();
}

/* Hard interrupt: the timer has fired, once. */
void sched_tick(void)
{
    this_cpu()->timer_programmed = NSEC_NEVER;
    softirq_raise(SOFTIRQ_TIMER);
}

/* Halt unless there is something to do; wake-ups end it by interrupt. */
static void halt(struct cpu *c)
{
    nsec_t from, to;

    arch_irqs_disable();
    atomic_store_explicit(&c->idle, true, memory_order_relaxed);
    /* Full barrier: a thread queued before it is seen below, else its waker
     * sees (idle) in notify() and interrupts us. */
    atomic_fetch_or(&cpus_idle, 1ul << c->id);
    if (!atomic_load_explicit(&c->nr_ready, memory_order_relaxed) &&
        !softirq_pending()) {
        from = time_monotonic();
        timer_update_hardware(c);
        c->counts.halts++;
        arch_idle_halt();
        to = time_monotonic();
        account_idle(c, from, to);
    }
    atomic_store_explicit(&c->idle, false, memory_order_relaxed);
    atomic_fetch_and(&cpus_idle, ~(1ul << c->id));
    arch_irqs_enable();
}

void sched_idle_loop(void)
{
    struct cpu *c = this_cpu();

    if (!c->idle_thread) /* the boot CPU's start-up code is through */
        c->idle_thread = current;
    for (;;) {
        softirq_run();
        if (c->nr_ready || (nr_cpus > 1 && runq_worth_stealing(c)))
            schedule();
        if (!c->nr_ready)
            halt(c);
    }
}
