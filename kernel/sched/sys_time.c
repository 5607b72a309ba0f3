/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * sys_time.c - reading and setting clocks, and sleeping.
 *
 * Programs read clocks through the vDSO; these calls are for those that do not.
 * BOOTTIME is MONOTONIC (there is no suspend), and so is MONOTONIC_RAW (nothing
 * slews the clock).
 */
#include <linux/time.h>
#include <linux/timex.h>

#include "fs/timerfd.h"
#include "lib/string.h"
#include "mem/user.h"
#include "proc/posix_timer.h"
#include "proc/process.h"
#include "sched/cpu.h"
#include "sys/syscall.h"
#include "sys/timespec.h"

/* Clock ids of a process or thread: ~pid << 3 | CPUCLOCK_*. */
#define CPUCLOCK_THREAD 4
#define CPUCLOCK_WHICH  3 /* 0 user+system, 1 user, 2 scheduler's sum */

static nsec_t pick_time(int clock, nsec_t user, nsec_t system)
{
    return (clock & CPUCLOCK_WHICH) == 1 ? user : user + system;
}

static int read_thread_clock(int clock, pid_t tid, nsec_t *out)
{
    struct thread *t = thread_find(tid);
    nsec_t user, system;
    bool mine;

    if (!t)
        return -EINVAL;
    mine = t->process == current_process();
    if (mine) {
        thread_times(t, &user, &system);
        *out = pick_time(clock, user, system);
    }
    process_put(t->process);
    thread_put(t);
    return mine ? 0 : -EINVAL;
}

static int read_process_clock(int clock, pid_t pid, nsec_t *out)
{
    struct process *p = process_find(pid);
    nsec_t user, system;

    if (!p)
        return -EINVAL;
    process_times(p, &user, &system);
    process_put(p);
    *out = pick_time(clock, user, system);
    return 0;
}

static int read_cpu_clock(int clock, nsec_t *out)
{
    pid_t id = ~(clock >> 3);

    if ((clock & CPUCLOCK_WHICH) == 3)
        return -EINVAL;
    if (clock & CPUCLOCK_THREAD)
        return read_thread_clock(clock, id ? id : current->tid, out);
    return read_process_clock(clock, id ? id : current_process()->pid, out);
}

static int read_clock(int clock, nsec_t *out)
{
    nsec_t user, system;

    switch (clock) {
    case CLOCK_REALTIME:
    case CLOCK_REALTIME_COARSE:
    case CLOCK_REALTIME_ALARM:
    case CLOCK_TAI: /* nobody told us the offset: 0, as Linux at boot */
        *out = time_realtime();
        return 0;
    case CLOCK_MONOTONIC:
    case CLOCK_MONOTONIC_RAW:
    case CLOCK_MONOTONIC_COARSE:
    case CLOCK_BOOTTIME:
    case CLOCK_BOOTTIME_ALARM:
        *out = time_monotonic();
        return 0;
    case CLOCK_PROCESS_CPUTIME_ID:
        process_times(current_process(), &user, &system);
        *out = user + system;
        return 0;
    case CLOCK_THREAD_CPUTIME_ID:
        thread_times(current, &user, &system);
        *out = user + system;
        return 0;
    default:
        return clock < 0 ? read_cpu_clock(clock, out) : -EINVAL;
    }
}

static int put_timespec(void __user *p, nsec_t t)
{
    struct __kernel_timespec ts = ns_to_timespec(t);

    return copy_to_user(p, &ts, sizeof(ts));
}

long sys_clock_gettime(int clock, void __user *ts)
{
    nsec_t t = 0;
    int rc = read_clock(clock, &t);

    return rc ? rc : put_timespec(ts, t);
}

long sys_clock_getres(int clock, void __user *ts)
{
    nsec_t t = 0;
    int rc = read_clock(clock, &t);

    return rc || !ts ? rc : put_timespec(ts, 1);
}

static bool privileged(void)
{
    return current_process()->euid == 0;
}

static long set_clock(nsec_t now)
{
    if (!privileged())
        return -EPERM;
    time_set_realtime(now);
    timerfd_clock_was_set();
    posix_timers_clock_was_set();
    return 0;
}

long sys_clock_settime(int clock, const void __user *ts)
{
    nsec_t t = 0;
    int rc = clock == CLOCK_REALTIME ? timespec_from_user(ts, &t) : -EINVAL;

    if (!rc && t == NSEC_NEVER)
        rc = -EINVAL;
    return rc ? rc : set_clock(t);
}

long sys_gettimeofday(void __user *utv, void __user *utz)
{
    nsec_t now = time_realtime();
    struct __kernel_old_timeval tv = {now / NSEC_PER_SEC,
                                      now % NSEC_PER_SEC / NSEC_PER_USEC};
    struct timezone tz = {0, 0};

    if (utv && copy_to_user(utv, &tv, sizeof(tv)))
        return -EFAULT;
    return utz ? copy_to_user(utz, &tz, sizeof(tz)) : 0;
}

long sys_settimeofday(const void __user *utv, const void __user *utz)
{
    struct __kernel_old_timeval tv;
    struct timezone tz;

    if (utz && copy_from_user(&tz, utz, sizeof(tz)))
        return -EFAULT;
    if (!utv) /* the zone was always only for the program's own use */
        return privileged() ? 0 : -EPERM;
    if (copy_from_user(&tv, utv, sizeof(tv)))
        return -EFAULT;
    if (tv.tv_sec < 0 || tv.tv_usec < 0 || tv.tv_usec >= 1000000 ||
        tv.tv_sec >= INT64_MAX / NSEC_PER_SEC)
        return -EINVAL;
    return set_clock(tv.tv_sec * NSEC_PER_SEC + tv.tv_usec * NSEC_PER_USEC);
}

long sys_time(long __user *p)
{
    long now = time_realtime() / NSEC_PER_SEC;

    if (p && put_user(now, p))
        return -EFAULT;
    return now;
}

/* --- adjtimex ------------------------------------------------------------ */

/* Nothing disciplines the clock here, so it is "unsynchronised" and runs at
 * its nominal rate. Stepping it is possible, slewing it is not. */
static long adjust(struct timex *tx)
{
    nsec_t now;

    if (tx->modes & ~(unsigned)(ADJ_SETOFFSET | ADJ_NANO | ADJ_MICRO))
        return privileged() ? -EINVAL : -EPERM;
    if (tx->modes & ADJ_SETOFFSET) {
        nsec_t unit = tx->modes & ADJ_NANO ? 1 : NSEC_PER_USEC;
        if (tx->time.tv_usec < 0 || tx->time.tv_usec * unit >= NSEC_PER_SEC ||
            tx->time.tv_sec > INT32_MAX || tx->time.tv_sec < INT32_MIN)
            return -EINVAL;
        long rc = set_clock(time_realtime() + tx->time.tv_sec * NSEC_PER_SEC +
                            tx->time.tv_usec * unit);
        if (rc)
            return rc;
    }
    now = time_realtime();
    memset(tx, 0, sizeof(*tx));
    tx->status = STA_UNSYNC;
    tx->maxerror = tx->esterror = 16000000;
    tx->constant = 2;
    tx->precision = 1;
    tx->tolerance = 32768000;
    tx->tick = 10000;
    tx->time.tv_sec = now / NSEC_PER_SEC;
    tx->time.tv_usec = now % NSEC_PER_SEC / NSEC_PER_USEC;
    return TIME_ERROR;
}

long sys_adjtimex(void __user *utx)
{
    struct timex tx;
    long rc;

    if (copy_from_user(&tx, utx, sizeof(tx)))
        return -EFAULT;
    rc = adjust(&tx);
    if (rc >= 0 && copy_to_user(utx, &tx, sizeof(tx)))
        return -EFAULT;
    return rc;
}

long sys_clock_adjtime(int clock, void __user *tx)
{
    return clock == CLOCK_REALTIME ? sys_adjtimex(tx) : -EOPNOTSUPP;
}

/* --- sleeping ------------------------------------------------------------ */

/* Sleep until (at) on the monotonic or the settable clock: 0 or -ERESTARTSYS.
 */
static int sleep_to(nsec_t at, bool realtime)
{
    struct wait_entry step;
    nsec_t deadline = at;
    int rc = 0;

    if (realtime) {
        wait_entry_init(&step);
        wq_add(&time_step_queue, &step);
    }
    while (!rc) { /* a wake-up may mean nothing, or that the clock was set */
        sleep_prepare(SLEEP_INTERRUPTIBLE);
        if (realtime)
            deadline = at - (time_realtime() - time_monotonic());
        rc = sleep_until(deadline);
    }
    if (realtime)
        wq_remove(&time_step_queue, &step);
    return rc == -ETIMEDOUT ? 0 : rc;
}

static long sleep_relative(struct syscall_restart *r)
{
    void __user *rem = (void __user *)(uintptr_t)r->arg[0];
    nsec_t deadline = r->deadline;
    int rc = sleep_to(deadline, false);

    if (!rc)
        return 0;
    if (rem && put_timespec(rem, MAX(deadline - time_monotonic(), (nsec_t)0)))
        return -EFAULT;
    current->restart = (struct syscall_restart){
        .fn = sleep_relative,
        .arg = {(uintptr_t)rem},
        .deadline = deadline,
    };
    return -ERESTART_RESTARTBLOCK;
}

static bool can_sleep_on(int clock)
{
    return clock == CLOCK_REALTIME || clock == CLOCK_MONOTONIC ||
           clock == CLOCK_BOOTTIME || clock == CLOCK_TAI ||
           clock == CLOCK_REALTIME_ALARM || clock == CLOCK_BOOTTIME_ALARM;
}

static bool follows_realtime(int clock)
{
    return clock == CLOCK_REALTIME || clock == CLOCK_TAI ||
           clock == CLOCK_REALTIME_ALARM;
}

long sys_clock_nanosleep(int clock, int flags, const void __user *req,
                         void __user *rem)
{
    nsec_t t;
    int rc;

    if (!can_sleep_on(clock)) /* sleeping on processor time is not there */
        return clock == CLOCK_PROCESS_CPUTIME_ID ||
                       clock == CLOCK_THREAD_CPUTIME_ID || clock < 0
                   ? -EOPNOTSUPP
                   : -EINVAL;
    rc = timespec_from_user(req, &t);
    if (rc)
        return rc;
    if (flags & TIMER_ABSTIME) {
        rc = sleep_to(t, follows_realtime(clock));
        return rc ? -ERESTARTNOHAND : 0;
    }
    if (!t)
        return 0;
    return sleep_relative(&(struct syscall_restart){
        .arg = {(uintptr_t)rem},
        .deadline = deadline_after_ns(t),
    });
}

long sys_nanosleep(const void __user *req, void __user *rem)
{
    return sys_clock_nanosleep(CLOCK_MONOTONIC, 0, req, rem);
}

long sys_restart_syscall(void)
{
    struct syscall_restart r = current->restart;

    current->restart.fn = NULL;
    return r.fn ? r.fn(&r) : -EINTR;
}
