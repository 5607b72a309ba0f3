/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * posix_timer.c - timer_create(2) and its kin.
 *
 * At most one signal of a timer is queued; expirations that find it still
 * there are counted and told when it is taken (timer_getoverrun). Clocks that
 * count processor time cannot drive timers here: timer_create says EOPNOTSUPP.
 *
 * timers_lock of the process covers the tree and keeps timers alive; each
 * timer's spinlock covers its setting, which its function (deferred work) reads
 * and changes.
 */
#include "proc/posix_timer.h"

#include <linux/time.h>

#include "lib/string.h"
#include "mem/slab.h"
#include "mem/user.h"
#include "proc/proc_priv.h"
#include "sys/syscall.h"
#include "sys/timespec.h"

#define TIMERS_MAX 65536

/* I immutable; l lock; m process->timers_lock */
struct posix_timer {
    RB_ENTRY(posix_timer) link; /* m by id */
    struct process *process;    /* I no reference: it holds us */
    int id, clock;              /* I */
    int notify, signo;          /* I SIGEV_* */
    pid_t tid;                  /* I SIGEV_THREAD_ID */
    uint64_t value;             /* I sigev_value */
    struct spinlock lock;
    struct timer timer;
    nsec_t expires;   /* l monotonic, 0 = disarmed */
    nsec_t realtime;  /* l absolute wall time, or 0 */
    nsec_t interval;  /* l */
    int overrun;      /* l since the signal was queued */
    int last_overrun; /* l of the signal taken last */
};

struct timer_set {
    RB_HEAD(posix_timer_tree, posix_timer) timers;
    int next_id;
    unsigned count;
};

static int compare_ids(const struct posix_timer *a, const struct posix_timer *b)
{
    return a->id < b->id ? -1 : a->id > b->id;
}

RB_GENERATE_STATIC(posix_timer_tree, posix_timer, link, compare_ids)

/* --- firing -------------------------------------------------------------- */

static bool queue_holds(const struct list *queue, int id)
{
    struct sigqueue *q;

    list_for_each (q, queue, link)
        if (q->info.code == SI_TIMER && q->info.timerid == id)
            return true;
    return false;
}

static bool signal_is_queued(const struct posix_timer *t, struct thread *target)
{
    struct process *p = t->process;
    bool found;

    spin_lock(&p->siglock);
    found = queue_holds(
        target ? &target->sig_pending_list : &p->sig_pending_list, t->id);
    spin_unlock(&p->siglock);
    return found;
}

/* The thread of SIGEV_THREAD_ID with a reference, NULL if it is gone. */
static struct thread *find_target(const struct posix_timer *t)
{
    struct thread *target = thread_find(t->tid);

    if (!target)
        return NULL;
    process_put(target->process); /* if it is ours: it holds the timer */
    if (target->process == t->process)
        return target;
    thread_put(target);
    return NULL;
}

static void add_overrun(struct posix_timer *t, int64_t n)
{
    t->overrun = (int)MIN(t->overrun + n, (int64_t)INT32_MAX);
}

static void send(struct posix_timer *t, int64_t times)
{
    struct siginfo_k info = {.signo = t->signo,
                             .code = SI_TIMER,
                             .timerid = t->id,
                             .value = t->value};
    struct thread *target = NULL;
    bool queued;

    if (t->notify == SIGEV_THREAD_ID && !(target = find_target(t)))
        return;
    queued = signal_is_queued(t, target);
    spin_lock(&t->lock);
    if (!queued)
        t->overrun = 0;
    add_overrun(t, queued ? times : times - 1);
    spin_unlock(&t->lock);
    if (!queued && target)
        signal_send_thread(target, t->signo, &info);
    else if (!queued)
        signal_send_process(t->process, t->signo, &info);
    if (target)
        thread_put(target);
}

static void fire(struct timer *timer)
{
    struct posix_timer *t = timer->arg;
    nsec_t now = time_monotonic();
    int64_t times = 0;

    spin_lock(&t->lock);
    if (t->expires && t->expires <= now) {
        times = 1;
        if (t->interval) {
            times += (now - t->expires) / t->interval;
            t->expires += times * t->interval;
            t->realtime = 0; /* periods count from here on */
            timer_arm(timer, t->expires);
        } else {
            t->expires = 0;
        }
    }
    spin_unlock(&t->lock);
    if (times && t->notify != SIGEV_NONE)
        send(t, times);
}

/* --- the set of a process ------------------------------------------------ */

/* timers_lock held; NULL. */
static struct posix_timer *find(struct process *p, int id)
{
    struct timer_set *s = p->posix_timers;
    struct posix_timer key = {.id = id};

    return s ? RB_FIND(posix_timer_tree, &s->timers, &key) : NULL;
}

/* Lock the set and look the timer up: NULL, unlocked, if there is none. */
static struct posix_timer *get(int id)
{
    struct process *p = current_process();
    struct posix_timer *t;

    mutex_lock(&p->timers_lock);
    t = find(p, id);
    if (!t)
        mutex_unlock(&p->timers_lock);
    return t;
}

static void put(struct posix_timer *t)
{
    mutex_unlock(&t->process->timers_lock);
}

static void destroy(struct timer_set *s, struct posix_timer *t)
{
    spin_lock(&t->lock);
    t->expires = 0;
    spin_unlock(&t->lock);
    timer_cancel_sync(&t->timer);
    RB_REMOVE(posix_timer_tree, &s->timers, t);
    s->count--;
    kfree(t);
}

void posix_timers_exit(struct process *p)
{
    struct timer_set *s;
    struct posix_timer *t, *n;

    if (!p->posix_timers)
        return;
    mutex_lock(&p->timers_lock);
    s = p->posix_timers;
    p->posix_timers = NULL;
    RB_FOREACH_SAFE (t, posix_timer_tree, &s->timers, n)
        destroy(s, t);
    kfree(s);
    mutex_unlock(&p->timers_lock);
}

void posix_timer_taken(struct process *p, struct siginfo_k *info)
{
    struct posix_timer *t;

    mutex_lock(&p->timers_lock);
    t = find(p, info->timerid);
    if (t) {
        spin_lock(&t->lock);
        info->overrun = t->last_overrun = t->overrun;
        t->overrun = 0;
        spin_unlock(&t->lock);
    }
    mutex_unlock(&p->timers_lock);
}

/* --- setting ------------------------------------------------------------- */

static bool on_realtime(const struct posix_timer *t)
{
    return t->clock == CLOCK_REALTIME || t->clock == CLOCK_REALTIME_ALARM ||
           t->clock == CLOCK_TAI;
}

static nsec_t from_realtime(nsec_t at)
{
    return MAX(at - (time_realtime() - time_monotonic()), (nsec_t)1);
}

/* lock held */
static void read_setting(struct posix_timer *t, struct __kernel_itimerspec *out)
{
    nsec_t left = 0;

    if (t->expires)
        left = MAX(t->expires - time_monotonic(), (nsec_t)1);
    out->it_value = ns_to_timespec(left);
    out->it_interval = ns_to_timespec(t->interval);
}

static void set(struct posix_timer *t, bool absolute, nsec_t value,
                nsec_t interval, struct __kernel_itimerspec *old)
{
    nsec_t realtime = 0, expires = value;

    if (value && !absolute)
        expires = deadline_after_ns(value);
    else if (value && on_realtime(t))
        expires = from_realtime(realtime = value);
    spin_lock(&t->lock);
    read_setting(t, old);
    t->expires = expires;
    t->realtime = realtime;
    t->interval = interval;
    t->overrun = 0;
    if (expires)
        timer_arm(&t->timer, expires);
    else
        timer_cancel(&t->timer);
    spin_unlock(&t->lock);
}

static void clock_was_set(struct process *p)
{
    struct timer_set *s;
    struct posix_timer *t;

    mutex_lock(&p->timers_lock);
    s = p->posix_timers;
    if (s) {
        RB_FOREACH (t, posix_timer_tree, &s->timers) {
            spin_lock(&t->lock);
            if (t->expires && t->realtime) {
                t->expires = from_realtime(t->realtime);
                timer_arm(&t->timer, t->expires);
            }
            spin_unlock(&t->lock);
        }
    }
    mutex_unlock(&p->timers_lock);
}

void posix_timers_clock_was_set(void)
{
    struct process *p;

    for (pid_t nr = 1; (p = process_next(nr)); process_put(p)) {
        nr = p->pid + 1;
        if (p->posix_timers)
            clock_was_set(p);
    }
}

/* --- system calls -------------------------------------------------------- */

/* struct sigevent of the x86-64 ABI, 64 bytes (asm-generic/siginfo.h). */
struct sigevent_k {
    uint64_t value;
    int signo, notify, tid;
    int pad[11];
};
_Static_assert(sizeof(struct sigevent_k) == 64, "x86-64 ABI");

static int check_clock(int clock)
{
    switch (clock) {
    case CLOCK_REALTIME:
    case CLOCK_MONOTONIC:
    case CLOCK_BOOTTIME:
    case CLOCK_REALTIME_ALARM:
    case CLOCK_BOOTTIME_ALARM:
    case CLOCK_TAI:
        return 0;
    case CLOCK_PROCESS_CPUTIME_ID:
    case CLOCK_THREAD_CPUTIME_ID:
        return -EOPNOTSUPP;
    default:
        return clock < 0 ? -EOPNOTSUPP : -EINVAL;
    }
}

static int check_event(const struct sigevent_k *e)
{
    struct thread *t;
    bool mine;

    if (e->notify == SIGEV_NONE)
        return 0;
    if ((e->notify != SIGEV_SIGNAL && e->notify != SIGEV_THREAD_ID) ||
        e->signo < 1 || e->signo > NSIG_MAX)
        return -EINVAL;
    if (e->notify == SIGEV_SIGNAL)
        return 0;
    t = thread_find(e->tid);
    if (!t)
        return -EINVAL;
    mine = t->process == current_process();
    process_put(t->process);
    thread_put(t);
    return mine ? 0 : -EINVAL;
}

static struct timer_set *get_set(struct process *p)
{
    struct timer_set *s = p->posix_timers;

    if (!s && (s = kzalloc(sizeof(*s), 0))) {
        RB_INIT(&s->timers);
        p->posix_timers = s;
    }
    return s;
}

static int enter(struct process *p, struct posix_timer *t)
{
    struct timer_set *s;
    int rc = 0;

    mutex_lock(&p->timers_lock);
    s = get_set(p);
    if (!s || s->count >= TIMERS_MAX) {
        rc = -EAGAIN;
    } else {
        do {
            t->id = s->next_id;
            s->next_id = s->next_id == INT32_MAX ? 0 : s->next_id + 1;
        } while (find(p, t->id));
        s->count++;
        RB_INSERT(posix_timer_tree, &s->timers, t);
    }
    mutex_unlock(&p->timers_lock);
    return rc;
}

long sys_timer_create(int clock, const void __user *sevp, int __user *id)
{
    struct sigevent_k e = {.notify = SIGEV_SIGNAL, .signo = SIGALRM};
    struct posix_timer *t;
    int rc = check_clock(clock);

    if (!rc && sevp && copy_from_user(&e, sevp, sizeof(e)))
        rc = -EFAULT;
    if (!rc)
        rc = check_event(&e);
    if (rc)
        return rc;
    t = kzalloc(sizeof(*t), 0);
    if (!t)
        return -EAGAIN;
    t->process = current_process();
    t->clock = clock;
    t->notify = e.notify;
    t->signo = e.signo;
    t->tid = e.tid;
    t->value = e.value;
    spin_init(&t->lock, RANK_TIMERFD);
    timer_init(&t->timer, fire, t);
    rc = enter(t->process, t);
    if (rc) {
        kfree(t);
        return rc;
    }
    if (!sevp)
        t->value = (uint64_t)t->id;
    rc = t->id;
    if (put_user(rc, id)) {
        sys_timer_delete(rc);
        return -EFAULT;
    }
    return 0;
}

long sys_timer_settime(int id, int flags, const void __user *value,
                       void __user *uold)
{
    struct __kernel_itimerspec new, old;
    struct posix_timer *t;
    nsec_t first, interval;

    if (copy_from_user(&new, value, sizeof(new)))
        return -EFAULT;
    if (new.it_value.tv_sec < 0 || new.it_interval.tv_sec < 0 ||
        (uint64_t) new.it_value.tv_nsec >= NSEC_PER_SEC ||
        (uint64_t) new.it_interval.tv_nsec >= NSEC_PER_SEC)
        return -EINVAL;
    first = timespec_ns(new.it_value.tv_sec, new.it_value.tv_nsec);
    interval = timespec_ns(new.it_interval.tv_sec, new.it_interval.tv_nsec);
    t = get(id);
    if (!t)
        return -EINVAL;
    set(t, flags & TIMER_ABSTIME, first, interval, &old);
    put(t);
    return uold ? copy_to_user(uold, &old, sizeof(old)) : 0;
}

long sys_timer_gettime(int id, void __user *value)
{
    struct __kernel_itimerspec now;
    struct posix_timer *t = get(id);

    if (!t)
        return -EINVAL;
    spin_lock(&t->lock);
    read_setting(t, &now);
    spin_unlock(&t->lock);
    put(t);
    return copy_to_user(value, &now, sizeof(now));
}

long sys_timer_getoverrun(int id)
{
    struct posix_timer *t = get(id);
    int n;

    if (!t)
        return -EINVAL;
    n = t->last_overrun;
    put(t);
    return n;
}

long sys_timer_delete(int id)
{
    struct posix_timer *t = get(id);
    struct process *p;

    if (!t)
        return -EINVAL;
    p = t->process;
    destroy(p->posix_timers, t);
    mutex_unlock(&p->timers_lock);
    return 0;
}
