/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * rusage.c - resource limits and resource usage.
 */
#include "proc/rusage.h"

#include <linux/times.h>

#include "lib/string.h"
#include "mem/mm.h"
#include "mem/user.h"
#include "proc/proc_priv.h"
#include "sys/syscall.h"

#define CLOCK_TICK (NSEC_PER_SEC / 100) /* what times(2) counts in */

/* --- usage --------------------------------------------------------------- */

struct usage {
    nsec_t user, system;
    uint64_t vol, invol;
};

static void add_thread(struct thread *t, struct usage *u)
{
    nsec_t user, system;

    thread_times(t, &user, &system);
    u->user += user;
    u->system += system;
    u->vol += t->switches_vol;
    u->invol += t->switches_invol;
}

/* The split between user and system time is an estimate that can shift, and
 * other CPUs' threads are read while they run: never show less than before. */
static void collect(struct process *p, struct usage *u)
{
    struct thread *t;

    spin_lock(&p->siglock);
    *u = (struct usage){p->dead_user, p->dead_system, p->dead_vol,
                        p->dead_invol};
    list_for_each (t, &p->threads, process_link)
        add_thread(t, u);
    p->shown_user = u->user = MAX(u->user, p->shown_user);
    p->shown_system = u->system = MAX(u->system, p->shown_system);
    spin_unlock(&p->siglock);
}

void process_times(struct process *p, nsec_t *user, nsec_t *system)
{
    struct usage u;

    collect(p, &u);
    *user = u.user;
    *system = u.system;
}

static void set_timeval(struct __kernel_old_timeval *tv, nsec_t t)
{
    tv->tv_sec = t / NSEC_PER_SEC;
    tv->tv_usec = t % NSEC_PER_SEC / NSEC_PER_USEC;
}

static nsec_t get_timeval(const struct __kernel_old_timeval *tv)
{
    return tv->tv_sec * NSEC_PER_SEC + tv->tv_usec * NSEC_PER_USEC;
}

static long max_rss(struct process *p)
{
    int64_t pages;

    if (!p->mm)
        return (long)p->maxrss;
    pages = p->mm->rss_anon + p->mm->rss_file + p->mm->rss_shmem;
    pages = MAX(pages, (int64_t)p->mm->hiwater);
    return (long)(pages * (int64_t)(PAGE_SIZE / 1024));
}

void rusage_of_process(struct process *p, struct rusage *ru)
{
    struct usage u;

    collect(p, &u);
    memset(ru, 0, sizeof(*ru));
    set_timeval(&ru->ru_utime, u.user);
    set_timeval(&ru->ru_stime, u.system);
    spin_lock(&p->siglock);
    ru->ru_maxrss = max_rss(p);
    spin_unlock(&p->siglock);
    ru->ru_minflt = (long)p->min_faults;
    ru->ru_majflt = (long)p->maj_faults;
    ru->ru_nvcsw = (long)u.vol;
    ru->ru_nivcsw = (long)u.invol;
}

void rusage_add_children(const struct process *p, struct rusage *ru)
{
    set_timeval(&ru->ru_utime, get_timeval(&ru->ru_utime) + p->child_user);
    set_timeval(&ru->ru_stime, get_timeval(&ru->ru_stime) + p->child_system);
    ru->ru_maxrss = MAX(ru->ru_maxrss, (long)p->child_maxrss);
    ru->ru_minflt += (long)p->child_min_faults;
    ru->ru_majflt += (long)p->child_maj_faults;
    ru->ru_nvcsw += (long)p->child_vol;
    ru->ru_nivcsw += (long)p->child_invol;
}

static void rusage_of_thread(struct rusage *ru)
{
    struct usage u = {0};

    add_thread(current, &u);
    memset(ru, 0, sizeof(*ru));
    set_timeval(&ru->ru_utime, u.user);
    set_timeval(&ru->ru_stime, u.system);
    ru->ru_maxrss = max_rss(current_process());
    ru->ru_nvcsw = (long)u.vol;
    ru->ru_nivcsw = (long)u.invol;
}

long sys_getrusage(int who, void __user *out)
{
    struct process *p = current_process();
    struct rusage ru;

    switch (who) {
    case RUSAGE_SELF:
        rusage_of_process(p, &ru);
        break;
    case RUSAGE_CHILDREN:
        memset(&ru, 0, sizeof(ru));
        spin_lock(&proc_tree_lock);
        rusage_add_children(p, &ru);
        spin_unlock(&proc_tree_lock);
        break;
    case RUSAGE_THREAD:
        rusage_of_thread(&ru);
        break;
    default:
        return -EINVAL;
    }
    return copy_to_user(out, &ru, sizeof(ru));
}

long sys_times(void __user *out)
{
    struct process *p = current_process();
    nsec_t user, system;
    struct tms t;

    process_times(p, &user, &system);
    spin_lock(&proc_tree_lock);
    t = (struct tms){
        .tms_utime = user / CLOCK_TICK,
        .tms_stime = system / CLOCK_TICK,
        .tms_cutime = p->child_user / CLOCK_TICK,
        .tms_cstime = p->child_system / CLOCK_TICK,
    };
    spin_unlock(&proc_tree_lock);
    if (out && copy_to_user(out, &t, sizeof(t)))
        return -EFAULT;
    return time_monotonic() / CLOCK_TICK;
}

/* --- limits -------------------------------------------------------------- */

static int change_limit(struct process *p, unsigned which,
                        const struct rlimit64 *new)
{
    struct rlimit64 *r = &p->rlimits[which];

    if (new->rlim_cur > new->rlim_max)
        return -EINVAL;
    /* No table can be larger (fs.nr_open). */
    if (which == RLIMIT_NOFILE && new->rlim_max > 1048576)
        return -EPERM;
    if (new->rlim_max > r->rlim_max && current_process()->euid != 0)
        return -EPERM;
    *r = *new;
    /* the least there is: none at all could not say why it ends */
    if (which == RLIMIT_CPU && !r->rlim_cur)
        r->rlim_cur = 1;
    return 0;
}

static int limit(struct process *p, unsigned which, const struct rlimit64 *new,
                 struct rlimit64 *old)
{
    int rc = 0;

    if (which >= RLIM_NLIMITS)
        return -EINVAL;
    spin_lock(&p->siglock);
    *old = p->rlimits[which];
    if (new)
        rc = change_limit(p, which, new);
    spin_unlock(&p->siglock);
    if (!rc && new &&which == RLIMIT_CPU)
        cpu_timer_limit(p);
    return rc;
}

long sys_getrlimit(unsigned which, void __user *out)
{
    struct rlimit64 old;
    int rc = limit(current_process(), which, NULL, &old);

    return rc ? rc : copy_to_user(out, &old, sizeof(old));
}

long sys_setrlimit(unsigned which, const void __user *in)
{
    struct rlimit64 new, old;

    if (copy_from_user(&new, in, sizeof(new)))
        return -EFAULT;
    return limit(current_process(), which, &new, &old);
}

static bool may_limit(const struct process *p)
{
    const struct process *me = current_process();

    return me == p || me->euid == 0 ||
           (me->uid == p->uid && me->uid == p->euid && me->uid == p->suid &&
            me->gid == p->gid && me->gid == p->egid && me->gid == p->sgid);
}

long sys_prlimit64(int pid, unsigned which, const void __user *in,
                   void __user *out)
{
    struct rlimit64 new, old;
    struct process *p;
    int rc;

    if (in && copy_from_user(&new, in, sizeof(new)))
        return -EFAULT;
    p = process_find(pid ? pid : current_process()->pid);
    if (!p)
        return -ESRCH;
    rc = may_limit(p) ? limit(p, which, in ? &new : NULL, &old) : -EPERM;
    process_put(p);
    if (!rc && out)
        rc = copy_to_user(out, &old, sizeof(old));
    return rc;
}
