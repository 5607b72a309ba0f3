/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * account.c - who used the processors: per thread, per CPU, load average.
 *
 * How long a thread runs is measured exactly, at context switches. How much of
 * that was spent in user mode and how much in the kernel is estimated: reading
 * the clock at each system call would cost more than many system calls, and
 * there is no periodic tick to sample. But interrupts are samples too. One that
 * arrives in user mode gets its deferred work done at once; one that arrives in
 * a system call finds it done at the end of that call. So the way back to user
 * mode tells the two apart, at no cost to a call without interrupt, and the
 * measured time is divided in the proportion of the recent samples. A thread
 * without samples counts as all user, a kernel thread as all system.
 */
#include "sched/cpu.h"
#include "sched/sched_priv.h"

#define SAMPLES_MAX 64 /* halve both beyond: the recent past counts more */

static _Atomic unsigned nr_threads;

static inline void add_time(_Atomic nsec_t *sum, nsec_t delta)
{
    /* One writer; atomic only so that readers get whole values. */
    atomic_store_explicit(
        sum, atomic_load_explicit(sum, memory_order_relaxed) + delta,
        memory_order_relaxed);
}

static nsec_t system_share(const struct thread *t, nsec_t delta)
{
    uint32_t user = t->samples_user, system = t->samples_system;

    if (!t->process)
        return delta;
    if (!system)
        return 0;
    return (nsec_t)((uint64_t)delta * system / (user + system));
}

static void charge(struct cpu *c, struct thread *t, nsec_t now)
{
    nsec_t delta = now - c->last_account;
    nsec_t system = system_share(t, delta);

    c->last_account = now;
    c->times.user += delta - system;
    c->times.system += system;
    add_time(&t->cpu_user, delta - system);
    add_time(&t->cpu_system, system);
}

void account_switch(struct cpu *c, struct thread *prev, nsec_t now)
{
    if (prev == c->idle_thread) {
        c->times.irq += now - c->last_account; /* deferred work between halts */
        c->last_account = now;
    } else {
        charge(c, prev, now);
    }
    loadavg_update(now);
}

void account_idle(struct cpu *c, nsec_t from, nsec_t to)
{
    c->times.irq += from - c->last_account;
    c->times.idle += to - from;
    c->last_account = to;
}

void sched_sample(bool user)
{
    struct thread *t = current;

    if (user)
        t->samples_user++;
    else
        t->samples_system++;
    if (t->samples_user + t->samples_system > SAMPLES_MAX) {
        t->samples_user /= 2;
        t->samples_system /= 2;
    }
}

void thread_times(struct thread *t, nsec_t *user, nsec_t *system)
{
    nsec_t run;

    if (t == current) {
        charge(this_cpu(), t, time_monotonic());
        run = 0;
    } else if (atomic_load_explicit(&t->state, memory_order_relaxed) ==
               THREAD_RUNNING) {
        /* Racy: it may be switching right now. Callers keep sums from going
         * back. */
        struct cpu *c = t->cpu;
        run = c ? MAX(time_monotonic() - c->last_account, (nsec_t)0) : 0;
    } else {
        run = 0;
    }
    *system = atomic_load_explicit(&t->cpu_system, memory_order_relaxed) +
              system_share(t, run);
    *user = atomic_load_explicit(&t->cpu_user, memory_order_relaxed) + run -
            system_share(t, run);
}

void sched_cpu_times(unsigned cpu, struct cpu_times *out)
{
    struct cpu *c = &cpus[cpu];
    nsec_t since = MAX(time_monotonic() - c->last_account, (nsec_t)0);

    *out = c->times;
    if (c->running == c->idle_thread)
        out->idle += since;
    else
        out->user += since;
}

uint64_t sched_context_switches(void)
{
    uint64_t n = 0;

    for (unsigned i = 0; i < nr_cpus; i++)
        n += cpus[i].switches;
    return n;
}

unsigned sched_nr_running(void)
{
    unsigned n = 0;

    for (unsigned i = 0; i < nr_cpus; i++)
        n += cpus[i].nr_ready + (cpus[i].running != cpus[i].idle_thread);
    return n;
}

unsigned sched_nr_threads(void)
{
    return atomic_load_explicit(&nr_threads, memory_order_relaxed);
}

void sched_count_threads(int change)
{
    atomic_fetch_add_explicit(&nr_threads, (unsigned)change,
                              memory_order_relaxed);
}

/*
 * Load averages. Every 5 seconds load = load * e + n * (1 - e) with e =
 * exp(-5 s / 1, 5, 15 min), in 11-bit fixed point as /proc/loadavg has it.
 * Without a tick the step is made at the first context switch, or look, after
 * it is due; steps that were missed are made up for with the number of threads
 * that ran when time stood still, which is what it was all the while.
 */
#define LOAD_PERIOD (5 * NSEC_PER_SEC)
#define LOAD_FIXED  2048u

static const uint32_t load_factor[3] = {1884, 2014, 2037};
static uint32_t loads[3];
static _Atomic nsec_t load_next = LOAD_PERIOD;

void loadavg_update(nsec_t now)
{
    nsec_t next = atomic_load_explicit(&load_next, memory_order_relaxed);
    unsigned running, steps;

    if (likely(now < next))
        return;
    steps = (unsigned)MIN((now - next) / LOAD_PERIOD + 1, (nsec_t)1000);
    if (!atomic_compare_exchange_strong(&load_next, &next, now + LOAD_PERIOD))
        return; /* another CPU does it */
    running = 0;
    for (unsigned i = 0; i < nr_cpus; i++) /* an idle CPU's queue is news */
        if (cpus[i].running != cpus[i].idle_thread)
            running += 1 + cpus[i].nr_ready;
    while (steps--)
        for (int i = 0; i < 3; i++)
            loads[i] = (loads[i] * load_factor[i] +
                        running * LOAD_FIXED * (LOAD_FIXED - load_factor[i])) /
                       LOAD_FIXED;
}

void sched_loadavg(uint32_t out[3])
{
    loadavg_update(time_monotonic());
    for (int i = 0; i < 3; i++)
        out[i] = loads[i];
}
