/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * timespec.h - times as programs give them, and the deadlines they mean.
 */
#pragma once

#include <linux/time_types.h>

#include "lib/errno.h"
#include "mem/user.h"
#include "sched/time.h"

/* Nanoseconds of a valid timespec; saturates far in the future. */
static inline nsec_t timespec_ns(int64_t sec, int64_t nsec)
{
    return sec >= INT64_MAX / NSEC_PER_SEC ? NSEC_NEVER
                                           : sec * NSEC_PER_SEC + nsec;
}

static inline struct __kernel_timespec ns_to_timespec(nsec_t t)
{
    return (struct __kernel_timespec){t / NSEC_PER_SEC, t % NSEC_PER_SEC};
}

/* Copy in and check: 0, -EFAULT, -EINVAL. */
static inline int timespec_from_user(const void __user *p, nsec_t *out)
{
    struct __kernel_timespec ts;

    if (copy_from_user(&ts, p, sizeof(ts)))
        return -EFAULT;
    if (ts.tv_sec < 0 || ts.tv_nsec < 0 || ts.tv_nsec >= NSEC_PER_SEC)
        return -EINVAL;
    *out = timespec_ns(ts.tv_sec, ts.tv_nsec);
    return 0;
}

/* The monotonic time (delta) from now; 0 for "do not wait at all". */
static inline nsec_t deadline_after_ns(nsec_t delta)
{
    nsec_t now;

    if (!delta)
        return 0;
    now = time_monotonic();
    return delta >= NSEC_NEVER - now ? NSEC_NEVER : now + delta;
}

static inline nsec_t deadline_after(int64_t sec, int64_t nsec)
{
    return deadline_after_ns(timespec_ns(sec, 0) == NSEC_NEVER
                                 ? NSEC_NEVER
                                 : timespec_ns(sec, 0) + nsec);
}

static inline nsec_t deadline_from_ms(int ms)
{
    return ms < 0 ? NSEC_NEVER : deadline_after_ns(ms * NSEC_PER_MSEC);
}

/* A relative timespec in user memory to a deadline: 0, -EFAULT, -EINVAL. */
static inline int deadline_from_user(const void __user *p, nsec_t *out)
{
    nsec_t delta;
    int err = timespec_from_user(p, &delta);

    if (!err)
        *out = deadline_after_ns(delta);
    return err;
}
