/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * sys_sched.c - calls about the scheduler: affinity, policies, niceness.
 *
 * There is one policy, SCHED_OTHER, and niceness changes the length of a
 * thread's time slice. The realtime policies are refused with EPERM, as Linux
 * does for whoever may not use them.
 */
#include <linux/resource.h>
#include <linux/sched.h>
#include <linux/sched/types.h>

#include "lib/string.h"
#include "mem/user.h"
#include "proc/process.h"
#include "sched/cpu.h"
#include "sched/sched_priv.h"
#include "sys/syscall.h"
#include "sys/timespec.h"

long sys_sched_yield(void)
{
    sched_yield();
    return 0;
}

/* The thread meant by a "pid" argument (0: the caller), with references; to be
 * released by target_put(). */
static struct thread *target_get(int tid)
{
    if (tid)
        return tid > 0 ? thread_find(tid) : NULL;
    process_get(current->process);
    thread_get(current);
    return current;
}

static void target_put(struct thread *t)
{
    process_put(t->process);
    thread_put(t);
}

static bool may_change(const struct thread *t)
{
    const struct process *me = current_process(), *p = t->process;

    return me->euid == 0 || me->euid == p->uid || me->euid == p->euid;
}

/* Linux's mask is as long as its largest CPU number needs, in longs. */
#define MASK_BYTES (ALIGN_UP(MAX_CPUS, 64) / 8)

long sys_sched_getaffinity(int pid, unsigned len, void __user *umask)
{
    uint64_t mask[MASK_BYTES / 8];
    struct thread *t;

    if (len * 8ul < nr_cpus || len % sizeof(uint64_t))
        return -EINVAL;
    t = target_get(pid);
    if (!t)
        return -ESRCH;
    for (size_t i = 0; i < ARRAY_SIZE(mask); i++)
        mask[i] = t->affinity[i];
    target_put(t);
    if (nr_cpus < 64)
        mask[0] &= (1ul << nr_cpus) - 1;
    len = MIN(len, (unsigned)sizeof(mask));
    return copy_to_user(umask, mask, len) ? -EFAULT : (long)len;
}

long sys_sched_setaffinity(int pid, unsigned len, const void __user *umask)
{
    uint64_t mask[4] = {0};
    struct thread *t;
    long rc = -EPERM;

    if (copy_from_user(mask, umask, MIN(len, (unsigned)sizeof(mask))))
        return -EFAULT;
    t = target_get(pid);
    if (!t)
        return -ESRCH;
    if (may_change(t))
        rc = sched_set_affinity(t, mask);
    target_put(t);
    return rc;
}

static bool policy_known(int policy)
{
    return policy == SCHED_NORMAL || policy == SCHED_BATCH ||
           policy == SCHED_IDLE || policy == SCHED_FIFO || policy == SCHED_RR;
}

static bool policy_realtime(int policy)
{
    return policy == SCHED_FIFO || policy == SCHED_RR;
}

static long check_target(int pid)
{
    struct thread *t;

    if (pid < 0)
        return -EINVAL;
    t = target_get(pid);
    if (!t)
        return -ESRCH;
    target_put(t);
    return 0;
}

long sys_sched_getscheduler(int pid)
{
    long rc = check_target(pid);

    return rc ? rc : SCHED_NORMAL;
}

long sys_sched_setscheduler(int pid, int policy, const void __user *param)
{
    int prio;
    long rc;

    policy &= ~SCHED_RESET_ON_FORK;
    if (pid < 0 || !param || !policy_known(policy))
        return -EINVAL;
    if (get_user(prio, (const int __user *)param))
        return -EFAULT;
    rc = check_target(pid);
    if (rc)
        return rc;
    if (policy_realtime(policy) ? prio < 1 || prio > 99 : prio != 0)
        return -EINVAL;
    /* BATCH and IDLE would be scheduled differently. */
    return policy == SCHED_NORMAL ? 0 : -EPERM;
}

long sys_sched_getparam(int pid, void __user *param)
{
    long rc = check_target(pid);

    if (!param)
        return -EINVAL;
    return rc ? rc : put_user(0, (int __user *)param);
}

long sys_sched_setparam(int pid, const void __user *param)
{
    return sys_sched_setscheduler(pid, SCHED_NORMAL, param);
}

long sys_sched_get_priority_max(int policy)
{
    if (!policy_known(policy))
        return -EINVAL;
    return policy_realtime(policy) ? 99 : 0;
}

long sys_sched_get_priority_min(int policy)
{
    if (!policy_known(policy))
        return -EINVAL;
    return policy_realtime(policy) ? 1 : 0;
}

long sys_sched_rr_get_interval(int pid, void __user *uts)
{
    struct __kernel_timespec ts = ns_to_timespec(SLICE);
    long rc = check_target(pid);

    return rc ? rc : copy_to_user(uts, &ts, sizeof(ts));
}

/* --- niceness ---------------------------------------------------------------
 * Linux keeps it per thread; PRIO_PROCESS names one thread there too. */

struct nice_walk {
    int which, who;
    bool set;
    int value; /* to set, or the best found so far */
    long rc;
};

static void nice_thread(struct thread *t, void *arg)
{
    struct nice_walk *w = arg;

    if (!w->set) {
        w->value = w->rc ? t->nice : MIN(w->value, (int)t->nice);
        w->rc = 0;
    } else if (!may_change(t)) {
        w->rc = -EPERM;
    } else if (w->value < t->nice && current_process()->euid != 0) {
        w->rc = -EACCES;
    } else {
        t->nice = (int8_t)w->value;
        if (w->rc == -ESRCH)
            w->rc = 0;
    }
}

static bool nice_matches(const struct process *p, const struct nice_walk *w)
{
    const struct process *me = current_process();

    if (w->which == PRIO_PGRP)
        return p->pgid == (w->who ? w->who : me->pgid);
    return p->uid == (w->who ? (uint32_t)w->who : me->uid);
}

static void nice_walk(struct nice_walk *w)
{
    struct process *p;

    w->rc = -ESRCH;
    if (w->which == PRIO_PROCESS) {
        struct thread *t = target_get(w->who);
        if (t) {
            nice_thread(t, w);
            target_put(t);
        }
        return;
    }
    for (pid_t pid = 1; (p = process_next(pid)); process_put(p)) {
        pid = p->pid + 1;
        if (nice_matches(p, w))
            process_for_each_thread(p, nice_thread, w);
    }
}

long sys_getpriority(int which, int who)
{
    struct nice_walk w = {.which = which, .who = who};

    if (which < PRIO_PROCESS || which > PRIO_USER)
        return -EINVAL;
    nice_walk(&w);
    return w.rc ? w.rc : 20 - w.value; /* 40 .. 1: never looks like an error */
}

long sys_setpriority(int which, int who, int prio)
{
    struct nice_walk w = {.which = which, .who = who, .set = true};

    if (which < PRIO_PROCESS || which > PRIO_USER)
        return -EINVAL;
    w.value = MAX(MIN(prio, 19), -20);
    nice_walk(&w);
    return w.rc;
}
