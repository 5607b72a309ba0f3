/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * timerfd.c - timers with a descriptor: timerfd_create(2).
 *
 * (ticks) counts expirations not yet read. The BEAM never reads its timers: it
 * re-arms them, and settime clears the count, which is what makes the
 * descriptor unreadable again. A periodic timer re-arms itself from its own
 * function; expirations that were missed because nobody ran are counted then.
 */
#include <linux/fcntl.h>
#include <linux/time.h>
#include <linux/timerfd.h>

#include "fs/file.h"
#include "fs/poll.h"
#include "fs/timerfd.h"
#include "lib/printf.h"
#include "mem/slab.h"
#include "mem/user.h"
#include "proc/fdtable.h"
#include "sched/cpu.h"
#include "sys/syscall.h"
#include "sys/timespec.h"

/* t lock; g all_lock; I immutable */
struct timerfd {
    struct spinlock lock;
    int clock;          /* I */
    nsec_t expires;     /* t monotonic; 0 = disarmed */
    nsec_t realtime;    /* t absolute time on CLOCK_REALTIME, or 0 */
    nsec_t interval;    /* t */
    uint64_t ticks;     /* t */
    bool cancel_on_set; /* t */
    bool cancelled;     /* t */
    struct timer timer;
    struct wait_queue wait;
    struct list all; /* g */
};

static struct spinlock all_lock = SPINLOCK_INIT(RANK_NONE);
static struct list all_timers = LIST_HEAD_INIT(all_timers);

static bool on_realtime(const struct timerfd *t)
{
    return t->clock == CLOCK_REALTIME || t->clock == CLOCK_REALTIME_ALARM;
}

/* Expirations up to (now) of a periodic timer; moves (expires) on. */
static uint64_t timerfd_advance(struct timerfd *t, nsec_t now)
{
    uint64_t n = 1 + (uint64_t)((now - t->expires) / t->interval);

    t->expires += (nsec_t)n * t->interval;
    return n;
}

static void timerfd_expire(struct timer *timer)
{
    struct timerfd *t = timer->arg;
    nsec_t now = time_monotonic();
    bool fired = false;

    spin_lock(&t->lock);
    if (t->expires && t->expires <= now) {
        fired = true;
        if (t->interval) {
            t->ticks += timerfd_advance(t, now);
            timer_arm(&t->timer, t->expires);
        } else {
            t->ticks++;
            t->expires = 0;
        }
    }
    spin_unlock(&t->lock);
    if (fired)
        wq_wake(&t->wait, EV_IN | EV_RDNORM);
}

/* The count, which is cleared; 0 = nothing, -ECANCELED. */
static int64_t timerfd_take(struct timerfd *t)
{
    int64_t n;

    spin_lock(&t->lock);
    if (t->cancelled) {
        t->cancelled = false;
        n = -ECANCELED;
    } else {
        n = (int64_t)t->ticks;
    }
    t->ticks = 0;
    spin_unlock(&t->lock);
    return n;
}

static ssize_t timerfd_read(struct file *f, struct uio *u, uint64_t *pos)
{
    struct timerfd *t = f->private;
    int64_t n = 0;
    int rc = 0;

    (void)pos;
    if (u->left < sizeof(n))
        return -EINVAL;
    if (f->flags & O_NONBLOCK)
        n = timerfd_take(t);
    else
        rc = WAIT_EVENT_INTR(&t->wait, (n = timerfd_take(t)));
    if (rc)
        return rc;
    if (n <= 0)
        return n ? n : -EAGAIN;
    return uio_copy_out(u, &n, sizeof(n));
}

static uint32_t timerfd_poll(struct file *f, struct poll_table *pt)
{
    struct timerfd *t = f->private;

    poll_wait(f, &t->wait, pt);
    return t->ticks || t->cancelled ? EV_IN | EV_RDNORM : 0;
}

static void timerfd_release(struct file *f)
{
    struct timerfd *t = f->private;

    spin_lock(&all_lock);
    list_del_init(&t->all);
    spin_unlock(&all_lock);
    timer_cancel_sync(&t->timer);
    kfree(t);
}

static size_t timerfd_fdinfo(struct file *f, char *buf, size_t size)
{
    struct timerfd *t = f->private;

    return (size_t)ksnprintf(buf, size, "clockid: %d\nticks: %llu\n", t->clock,
                             (unsigned long long)t->ticks);
}

static const struct file_ops timerfd_ops = {
    .kind = "timerfd",
    .read = timerfd_read,
    .poll = timerfd_poll,
    .release = timerfd_release,
    .fdinfo = timerfd_fdinfo,
};

static bool clock_valid(int clock)
{
    return clock == CLOCK_REALTIME || clock == CLOCK_MONOTONIC ||
           clock == CLOCK_BOOTTIME || clock == CLOCK_REALTIME_ALARM ||
           clock == CLOCK_BOOTTIME_ALARM;
}

long sys_timerfd_create(int clock, int flags)
{
    struct timerfd *t;
    struct file *f;

    if ((flags & ~(TFD_CLOEXEC | TFD_NONBLOCK)) || !clock_valid(clock))
        return -EINVAL;
    t = kzalloc(sizeof(*t), 0);
    if (!t)
        return -ENOMEM;
    spin_init(&t->lock, RANK_TIMERFD);
    t->clock = clock;
    timer_init(&t->timer, timerfd_expire, t);
    wq_init(&t->wait);
    list_init(&t->all);
    f = file_alloc_anon("[timerfd]", 0600, &timerfd_ops, t,
                        O_RDWR | ((unsigned)flags & O_NONBLOCK));
    if (IS_ERR(f)) {
        kfree(t);
        return PTR_ERR(f);
    }
    if (on_realtime(t)) {
        spin_lock(&all_lock);
        list_add_tail(&all_timers, &t->all);
        spin_unlock(&all_lock);
    }
    return fd_add(f, flags & TFD_CLOEXEC);
}

/* Time left and interval; call with the lock held. */
static void timerfd_get(struct timerfd *t, struct __kernel_itimerspec *out)
{
    nsec_t now = time_monotonic();
    nsec_t left = t->expires ? MAX(t->expires - now, (nsec_t)1) : 0;

    out->it_value = ns_to_timespec(left);
    out->it_interval = ns_to_timespec(t->interval);
}

static struct file *timerfd_file(int fd, long *err)
{
    struct file *f = fd_get(fd);

    *err = f ? -EINVAL : -EBADF;
    if (f && f->ops != &timerfd_ops) {
        file_put(f);
        f = NULL;
    }
    return f;
}

static bool timespec_valid(const struct __kernel_timespec *ts)
{
    return ts->tv_sec >= 0 && ts->tv_nsec >= 0 && ts->tv_nsec < NSEC_PER_SEC;
}

/* Monotonic time of a setting; *(realtime) the absolute wall time, if any. */
static nsec_t timerfd_deadline(const struct timerfd *t, nsec_t value,
                               bool absolute, nsec_t *realtime)
{
    *realtime = 0;
    if (!absolute)
        return deadline_after_ns(value);
    if (!on_realtime(t))
        return value;
    *realtime = value;
    return MAX(value - (time_realtime() - time_monotonic()), (nsec_t)1);
}

static void timerfd_set(struct timerfd *t, int flags,
                        const struct __kernel_itimerspec *new,
                        struct __kernel_itimerspec *old)
{
    nsec_t value = timespec_ns(new->it_value.tv_sec, new->it_value.tv_nsec);
    nsec_t realtime = 0, expires = 0;

    if (value)
        expires =
            timerfd_deadline(t, value, flags & TFD_TIMER_ABSTIME, &realtime);
    spin_lock(&t->lock);
    timerfd_get(t, old);
    t->expires = expires;
    t->realtime = realtime;
    t->interval =
        timespec_ns(new->it_interval.tv_sec, new->it_interval.tv_nsec);
    t->ticks = 0;
    t->cancelled = false;
    t->cancel_on_set = realtime && (flags & TFD_TIMER_CANCEL_ON_SET);
    if (expires && expires != NSEC_NEVER)
        timer_arm(&t->timer, expires);
    else
        timer_cancel(&t->timer); /* a running function sees expires == 0 */
    spin_unlock(&t->lock);
}

long sys_timerfd_settime(int fd, int flags, const void __user *value,
                         void __user *uold)
{
    struct __kernel_itimerspec new, old;
    struct file *f;
    long err;

    if (copy_from_user(&new, value, sizeof(new)))
        return -EFAULT;
    if ((flags & ~(TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET)) ||
        !timespec_valid(&new.it_value) || !timespec_valid(&new.it_interval))
        return -EINVAL;
    f = timerfd_file(fd, &err);
    if (!f)
        return err;
    timerfd_set(f->private, flags, &new, &old);
    file_put(f);
    if (uold && copy_to_user(uold, &old, sizeof(old)))
        return -EFAULT;
    return 0;
}

long sys_timerfd_gettime(int fd, void __user *value)
{
    struct __kernel_itimerspec now;
    struct file *f;
    long err;

    f = timerfd_file(fd, &err);
    if (!f)
        return err;
    struct timerfd *t = f->private;
    spin_lock(&t->lock);
    timerfd_get(t, &now);
    spin_unlock(&t->lock);
    file_put(f);
    return copy_to_user(value, &now, sizeof(now));
}

void timerfd_clock_was_set(void)
{
    nsec_t shift = time_realtime() - time_monotonic();
    struct timerfd *t;

    spin_lock(&all_lock);
    list_for_each (t, &all_timers, all) {
        spin_lock(&t->lock);
        if (t->realtime && t->expires) {
            t->expires = MAX(t->realtime - shift, (nsec_t)1);
            timer_arm(&t->timer, t->expires);
        }
        t->cancelled = t->cancel_on_set;
        spin_unlock(&t->lock);
        if (t->cancelled)
            wq_wake(&t->wait, EV_IN | EV_RDNORM);
    }
    spin_unlock(&all_lock);
}
