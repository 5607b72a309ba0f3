/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * cpu_timer.c - what is due when a process has used so much processor time:
 * ITIMER_VIRTUAL, ITIMER_PROF, and RLIMIT_CPU.
 *
 * There is no tick that could look at the running process. A real timer does:
 * n processors cannot use the time that is left in less than an n-th of it, so
 * it fires then, looks, and is armed again. Near the end it fires every
 * TICK, which is what Linux has between two looks; while the process sleeps,
 * less and less often.
 *
 * Whoever changes something cancels the timer first and waits until its
 * function is through, under timers_lock.
 */
#include <linux/time.h>

#include "proc/proc_priv.h"
#include "sched/cpu.h"
#include "sys/timespec.h"

#define TICK     (4 * NSEC_PER_MSEC)
#define TICK_MAX (64 * NSEC_PER_MSEC)

/* ITIMER_VIRTUAL, ITIMER_PROF as an index. */
static unsigned index_of(int which)
{
    return which == ITIMER_PROF;
}

static void get_times(struct process *p, nsec_t times[2])
{
    nsec_t system;

    process_times(p, &times[0], &system);
    times[1] = times[0] + system;
}

/* What is left until the next thing is due; sends what is due now. */
static nsec_t check_itimer(struct process *p, unsigned i, nsec_t used)
{
    static const int signals[2] = {SIGVTALRM, SIGPROF};
    struct cpu_timers *c = &p->cpu_timers;

    if (!c->expires[i])
        return NSEC_NEVER;
    if (used >= c->expires[i]) {
        nsec_t every = c->interval[i];

        /* periods that nobody could see are skipped */
        c->expires[i] =
            every ? c->expires[i] + ((used - c->expires[i]) / every + 1) * every
                  : 0;
        signal_send_process(p, signals[i], NULL);
        if (!every)
            return NSEC_NEVER;
    }
    return c->expires[i] - used;
}

/* The soft limit moves on by a second each time, as on Linux. */
static nsec_t check_limit(struct process *p, nsec_t used)
{
    struct rlimit64 *r = &p->rlimits[RLIMIT_CPU];
    uint64_t seconds = (uint64_t)(used / NSEC_PER_SEC), next;
    int sig = 0;

    spin_lock(&p->siglock);
    if (seconds >= r->rlim_max) {
        sig = SIGKILL;
    } else if (seconds >= r->rlim_cur) {
        sig = SIGXCPU;
        r->rlim_cur = seconds + 1;
    }
    next = MIN(r->rlim_cur, r->rlim_max);
    spin_unlock(&p->siglock);
    if (sig)
        signal_send_process(p, sig, NULL);
    if (sig == SIGKILL || next > (uint64_t)(NSEC_NEVER / NSEC_PER_SEC))
        return NSEC_NEVER;
    return (nsec_t)next * NSEC_PER_SEC - used;
}

static nsec_t check_all(struct process *p, const nsec_t used[2])
{
    nsec_t left = check_limit(p, used[1]);

    for (unsigned i = 0; i < 2; i++)
        left = MIN(left, check_itimer(p, i, used[i]));
    return left;
}

/* Time that passes at least until (left) has been used. */
static nsec_t wait_for(struct process *p, nsec_t left)
{
    unsigned n = MIN(nr_cpus, MAX(p->nr_threads, 1u));

    return MAX(left / n, TICK);
}

static void arm(struct process *p, nsec_t left)
{
    struct cpu_timers *c = &p->cpu_timers;

    if (left != NSEC_NEVER)
        timer_arm(&c->timer,
                  deadline_after_ns(MAX(wait_for(p, left), c->idle)));
}

static void cpu_timer_fire(struct timer *t)
{
    struct process *p = t->arg;
    struct cpu_timers *c = &p->cpu_timers;
    nsec_t used[2];

    get_times(p, used);
    /* nothing used since: it sleeps */
    c->idle = used[1] == c->seen ? MIN(MAX(c->idle * 2, TICK), TICK_MAX) : 0;
    c->seen = used[1];
    arm(p, check_all(p, used));
}

/* timers_lock held, the timer not armed. */
static void start(struct process *p)
{
    nsec_t used[2];

    if (p->cpu_timers.off)
        return;
    get_times(p, used);
    p->cpu_timers.idle = 0;
    arm(p, check_all(p, used));
}

void cpu_timer_init(struct process *p)
{
    timer_init(&p->cpu_timers.timer, cpu_timer_fire, p);
}

void cpu_timer_exit(struct process *p)
{
    mutex_lock(&p->timers_lock);
    p->cpu_timers.off = true;
    timer_cancel_sync(&p->cpu_timers.timer);
    mutex_unlock(&p->timers_lock);
}

void cpu_timer_limit(struct process *p)
{
    mutex_lock(&p->timers_lock);
    timer_cancel_sync(&p->cpu_timers.timer);
    start(p);
    mutex_unlock(&p->timers_lock);
}

/* timers_lock held. */
static void get_itimer(struct process *p, unsigned i, nsec_t *value,
                       nsec_t *interval)
{
    struct cpu_timers *c = &p->cpu_timers;
    nsec_t used[2];

    get_times(p, used);
    *value = c->expires[i] ? MAX(c->expires[i] - used[i], (nsec_t)1) : 0;
    *interval = *value ? c->interval[i] : 0;
}

void cpu_timer_get(int which, nsec_t *value, nsec_t *interval)
{
    struct process *p = current_process();

    mutex_lock(&p->timers_lock);
    get_itimer(p, index_of(which), value, interval);
    mutex_unlock(&p->timers_lock);
}

void cpu_timer_set(int which, nsec_t value, nsec_t interval, nsec_t *old_value,
                   nsec_t *old_interval)
{
    struct process *p = current_process();
    struct cpu_timers *c = &p->cpu_timers;
    unsigned i = index_of(which);
    nsec_t used[2];

    mutex_lock(&p->timers_lock);
    timer_cancel_sync(&c->timer);
    get_itimer(p, i, old_value, old_interval);
    get_times(p, used);
    c->expires[i] = value ? used[i] + MIN(value, NSEC_NEVER / 2) : 0;
    c->interval[i] = MIN(interval, NSEC_NEVER / 2);
    start(p);
    mutex_unlock(&p->timers_lock);
}
