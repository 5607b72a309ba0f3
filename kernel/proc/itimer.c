/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * itimer.c - alarm(2), getitimer(2), setitimer(2): a process's one real-time
 * interval timer. The ones that count processor time are in cpu_timer.c.
 *
 * The timer's function re-arms it. Whoever changes it first cancels it and
 * waits until that function is through, under timers_lock.
 */
#include <linux/time.h>

#include "mem/user.h"
#include "proc/proc_priv.h"
#include "sys/syscall.h"
#include "sys/timespec.h"

static void itimer_fire(struct timer *t)
{
    struct process *p = t->arg;
    nsec_t now = time_monotonic(), every = p->itimer_interval;

    if (every) /* periods that nobody could see are skipped */
        timer_arm(t, t->deadline + ((now - t->deadline) / every + 1) * every);
    signal_send_process(p, SIGALRM, NULL);
}

void itimer_init(struct process *p)
{
    timer_init(&p->itimer, itimer_fire, p);
}

void itimer_exit(struct process *p)
{
    timer_cancel_sync(&p->itimer);
}

/* Set to (value), then every (interval), 0 = off; gives what was left. */
static void itimer_set(nsec_t value, nsec_t interval, nsec_t *old_value,
                       nsec_t *old_interval)
{
    struct process *p = current_process();

    mutex_lock(&p->timers_lock);
    *old_value = timer_left(&p->itimer);
    *old_interval = *old_value ? p->itimer_interval : 0;
    timer_cancel_sync(&p->itimer);
    p->itimer_interval = interval;
    if (value)
        timer_arm(&p->itimer, deadline_after_ns(value));
    mutex_unlock(&p->timers_lock);
}

static struct __kernel_old_timeval to_timeval(nsec_t t)
{
    /* Round up: a timer that still runs does not show 0. */
    t += NSEC_PER_USEC - 1;
    return (struct __kernel_old_timeval){t / NSEC_PER_SEC,
                                         t % NSEC_PER_SEC / NSEC_PER_USEC};
}

static int from_timeval(const struct __kernel_old_timeval *tv, nsec_t *t)
{
    if (tv->tv_sec < 0 || tv->tv_usec < 0 || tv->tv_usec >= 1000000)
        return -EINVAL;
    *t = timespec_ns(tv->tv_sec, tv->tv_usec * NSEC_PER_USEC);
    return 0;
}

static int put_itimer(void __user *out, nsec_t value, nsec_t interval)
{
    struct __kernel_old_itimerval v = {to_timeval(interval), to_timeval(value)};

    return copy_to_user(out, &v, sizeof(v));
}

long sys_getitimer(int which, void __user *out)
{
    struct process *p = current_process();
    nsec_t value, interval;

    if (which == ITIMER_VIRTUAL || which == ITIMER_PROF) {
        cpu_timer_get(which, &value, &interval);
        return put_itimer(out, value, interval);
    }
    if (which != ITIMER_REAL)
        return -EINVAL;
    mutex_lock(&p->timers_lock);
    value = timer_left(&p->itimer);
    interval = value ? p->itimer_interval : 0;
    mutex_unlock(&p->timers_lock);
    return put_itimer(out, value, interval);
}

long sys_setitimer(int which, const void __user *in, void __user *out)
{
    struct __kernel_old_itimerval v = {{0, 0}, {0, 0}};
    nsec_t value, interval, old_value, old_interval;

    if (which != ITIMER_REAL && which != ITIMER_VIRTUAL && which != ITIMER_PROF)
        return -EINVAL;
    if (in && copy_from_user(&v, in, sizeof(v)))
        return -EFAULT;
    if (from_timeval(&v.it_value, &value) ||
        from_timeval(&v.it_interval, &interval))
        return -EINVAL;
    if (which == ITIMER_REAL)
        itimer_set(value, interval, &old_value, &old_interval);
    else
        cpu_timer_set(which, value, interval, &old_value, &old_interval);
    return out ? put_itimer(out, old_value, old_interval) : 0;
}

long sys_alarm(unsigned seconds)
{
    nsec_t old, interval;

    itimer_set((nsec_t)seconds * NSEC_PER_SEC, 0, &old, &interval);
    if (old && old < NSEC_PER_SEC)
        return 1;
    return (old + NSEC_PER_SEC / 2) / NSEC_PER_SEC;
}
