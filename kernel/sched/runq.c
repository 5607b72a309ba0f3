/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * runq.c - which thread runs where, and next.
 *
 * Each CPU has two queues. A thread that was woken joins (runq); one that used
 * up its time slice, or yielded, joins (runq_batch). Woken threads go first:
 * who sleeps a lot gets to run soon, and keeps that right as long as it sleeps
 * before its slice is over. So that a stream of woken threads cannot starve the
 * others, a thread that has waited in the batch queue for BATCH_MAX_WAIT goes
 * first, but only every second time: however many of them wait, a woken thread
 * waits for one. Within a queue it is first come, first served. This gives what
 * a virtual-run-time tree gives here (the BEAM runs about one busy thread per
 * CPU, plus pollers that sleep) with two list operations and no arithmetic.
 *
 * A woken thread goes to the CPU it ran on if that is idle (its cache is warm),
 * else to an idle one, else to its last one. A CPU without work steals from the
 * others before it halts. A CPU that finds threads waiting at a context switch
 * while another one halts, tells that one to come and steal: this closes the
 * gap between "nobody is idle" on one side and "nothing to steal" on the other.
 */
#include "arch/x86_64/arch.h"
#include "sched/cpu.h"
#include "sched/sched_priv.h"

#define BATCH_MAX_WAIT (20 * NSEC_PER_MSEC)

_Atomic uint64_t cpus_idle;

void runq_init(struct cpu *c)
{
    spin_init(&c->runq_lock, RANK_RUNQ);
    list_init(&c->runq);
    list_init(&c->runq_batch);
}

static inline bool allowed(const struct thread *t, const struct cpu *c)
{
    return t->affinity[c->id / 64] >> (c->id % 64) & 1;
}

static bool has_nothing_to_do(struct cpu *c)
{
    return c->running == c->idle_thread &&
           !atomic_load_explicit(&c->nr_ready, memory_order_relaxed);
}

/* An idle CPU that (t) may use; it is no longer marked idle, so that the next
 * wake-up finds another one. */
static struct cpu *claim_idle(const struct thread *t)
{
    uint64_t idle = atomic_load_explicit(&cpus_idle, memory_order_relaxed);

    for (idle &= t->affinity[0]; idle; idle &= idle - 1) {
        uint64_t bit = idle & -idle;
        if (atomic_fetch_and(&cpus_idle, ~bit) & bit)
            return &cpus[__builtin_ctzl(bit)];
    }
    return NULL;
}

static void unmark_idle(struct cpu *c)
{
    if (atomic_load_explicit(&cpus_idle, memory_order_relaxed) >> c->id & 1)
        atomic_fetch_and(&cpus_idle, ~(1ul << c->id));
}

static struct cpu *first_allowed(const struct thread *t)
{
    for (unsigned i = 0; i < nr_cpus; i++)
        if (allowed(t, &cpus[i]) && cpus[i].online)
            return &cpus[i];
    return this_cpu(); /* sched_set_affinity() does not let it come to this */
}

static struct cpu *choose(const struct thread *t)
{
    struct cpu *last = t->cpu ? t->cpu : this_cpu(), *idle;

    if (nr_cpus == 1)
        return last;
    if (allowed(t, last) && has_nothing_to_do(last)) {
        unmark_idle(last);
        return last;
    }
    idle = claim_idle(t);
    if (idle)
        return idle;
    return allowed(t, last) ? last : first_allowed(t);
}

/* The queue of (c) has grown: make it look. Call with its lock held, which
 * keeps c->running from going away. */
static void notify(struct cpu *c)
{
    if (c == this_cpu()) {
        if (c->running != c->idle_thread)
            atomic_fetch_or(&c->running->work, TW_RESCHED);
        return;
    }
    /* Pairs with the barrier in halt(): it sees nr_ready or we see idle. */
    atomic_thread_fence(memory_order_seq_cst);
    if (atomic_load_explicit(&c->idle, memory_order_relaxed)) {
        arch_send_reschedule(c);
    } else if (c->running != c->idle_thread &&
               c->slice_deadline > c->running->run_start + SLICE_WOKEN) {
        /* What runs there has no time limit, or that of threads among
         * themselves that use up theirs. */
        atomic_fetch_or(&c->running->work, TW_RESCHED);
        arch_send_reschedule(c);
    }
}

void runq_place(struct thread *t)
{
    struct cpu *c = choose(t);

    spin_lock(&c->runq_lock);
    t->cpu = c;
    list_add_tail(&c->runq, &t->run_link);
    atomic_fetch_add_explicit(&c->nr_ready, 1, memory_order_relaxed);
    notify(c);
    spin_unlock(&c->runq_lock);
}

void runq_add_batch(struct cpu *c, struct thread *t, nsec_t now)
{
    t->run_start = now;
    atomic_store_explicit(&t->state, THREAD_READY, memory_order_relaxed);
    list_add_tail(&c->runq_batch, &t->run_link);
    atomic_fetch_add_explicit(&c->nr_ready, 1, memory_order_relaxed);
}

static void take(struct cpu *from, struct thread *t)
{
    list_del_init(&t->run_link);
    atomic_fetch_sub_explicit(&from->nr_ready, 1, memory_order_relaxed);
}

struct thread *runq_take(struct cpu *c, nsec_t now)
{
    struct thread *woken = list_first(&c->runq, struct thread, run_link);
    struct thread *batch = list_first(&c->runq_batch, struct thread, run_link);
    struct thread *t = woken;
    bool overdue = batch && woken && !c->batch_turn &&
                   now - batch->run_start > BATCH_MAX_WAIT;

    if (overdue || !woken)
        t = batch;
    c->batch_turn = overdue;
    if (t)
        take(c, t);
    return t;
}

static struct thread *find_stealable(struct list *queue, struct cpu *thief)
{
    struct thread *t;

    list_for_each (t, queue, run_link)
        if (allowed(t, thief) &&
            !atomic_load_explicit(&t->on_cpu, memory_order_acquire))
            return t;
    return NULL;
}

bool runq_worth_stealing(struct cpu *c)
{
    for (unsigned i = 0; i < nr_cpus; i++)
        if (&cpus[i] != c && cpus[i].nr_ready)
            return true;
    return false;
}

/* Long-running threads first: they have less in the other CPU's cache to lose
 * by comparison with how long they will run here. */
static struct thread *steal_from(struct cpu *victim, struct cpu *thief)
{
    struct thread *t;

    if (!victim->nr_ready || !spin_trylock(&victim->runq_lock))
        return NULL;
    t = find_stealable(&victim->runq_batch, thief);
    if (!t)
        t = find_stealable(&victim->runq, thief);
    if (t)
        take(victim, t);
    spin_unlock(&victim->runq_lock);
    return t;
}

struct thread *runq_steal(struct cpu *c)
{
    for (unsigned i = 1; i < nr_cpus; i++) {
        struct cpu *victim = &cpus[(c->id + i) % nr_cpus];
        struct thread *t = steal_from(victim, c);
        if (t)
            return t;
    }
    return NULL;
}
