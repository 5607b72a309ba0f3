/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * wait.c - waiting for children: wait4(2) and waitid(2).
 *
 * Children belong to the process, so any thread may wait for any of them
 * (__WNOTHREAD makes no difference). A report (an exit, a stop, a continuation)
 * is taken under the tree lock, so two waiters never get the same one.
 *
 * Those with something to report are in a tree of their parent's, in the order
 * of their birth, in which they are reported: a process with many children that
 * run does not look at each of them for one that ends.
 */
#include <linux/resource.h>
#include <linux/wait.h>

#include "lib/string.h"
#include "mem/user.h"
#include "proc/proc_priv.h"
#include "proc/rusage.h"
#include "sys/syscall.h"

#define P_ALL_   0
#define P_PID_   1
#define P_PGID_  2
#define P_PIDFD_ 3

struct wait_request {
    int which; /* P_*_ */
    pid_t id;
    int options; /* WEXITED is explicit here */
};

struct wait_report {
    pid_t pid; /* 0: nothing */
    uint32_t uid;
    int status; /* as wait4 gives it */
    int code;   /* CLD_* */
    struct rusage ru;
};

/* --- the children that have something to report (T held) ------------------ */

static int compare_births(const struct process *a, const struct process *b)
{
    return a->birth < b->birth ? -1 : a->birth > b->birth;
}

RB_GENERATE_STATIC(report_tree, process, report_link, compare_births)

void wait_report(struct process *c)
{
    if (c->reporting)
        return;
    RB_INSERT(report_tree, &c->parent->reports, c);
    c->reporting = true;
}

void wait_forget(struct process *c)
{
    if (!c->reporting)
        return;
    RB_REMOVE(report_tree, &c->parent->reports, c);
    c->reporting = false;
}

/* --- which children (T held) --------------------------------------------- */

static bool matches(const struct process *c, const struct wait_request *r)
{
    bool cloned = c->exit_signal != SIGCHLD;

    if (r->which == P_PID_ && c->pid != r->id)
        return false;
    if (r->which == P_PGID_ && c->pgid != r->id)
        return false;
    if (r->options & __WALL)
        return true;
    return cloned == !!(r->options & __WCLONE);
}

static bool report_exit(struct process *c, const struct wait_request *r,
                        struct wait_report *out)
{
    if (c->state != PROCESS_ZOMBIE || !(r->options & WEXITED))
        return false;
    out->status = c->exit_status;
    out->code = c->exit_status & 0x7f ? CLD_KILLED : CLD_EXITED;
    return true;
}

/* A stop or a continuation; taken unless WNOWAIT. */
static bool report_change(struct process *c, const struct wait_request *r,
                          struct wait_report *out)
{
    bool keep = r->options & WNOWAIT, found = true;

    spin_lock(&c->siglock);
    if (c->stopped && (r->options & WUNTRACED)) {
        out->status = c->stop_signo << 8 | 0x7f;
        out->code = CLD_STOPPED;
        c->stopped = keep;
    } else if (c->continued && (r->options & WCONTINUED)) {
        out->status = 0xffff;
        out->code = CLD_CONTINUED;
        c->continued = keep;
    } else {
        found = false;
    }
    spin_unlock(&c->siglock);
    return found;
}

/* What a child used is added to what its parent's children used. */
static void inherit_usage(struct process *me, const struct process *c)
{
    me->child_user += c->shown_user + c->child_user;
    me->child_system += c->shown_system + c->child_system;
    me->child_vol += c->dead_vol + c->child_vol;
    me->child_invol += c->dead_invol + c->child_invol;
    me->child_min_faults += c->min_faults + c->child_min_faults;
    me->child_maj_faults += c->maj_faults + c->child_maj_faults;
    me->child_maxrss = MAX(me->child_maxrss, MAX(c->maxrss, c->child_maxrss));
}

/* A child that is reaped is given to the caller with the tree's reference. */
static bool take_report(struct process *me, struct process *c,
                        const struct wait_request *r, struct wait_report *out,
                        struct process **reaped)
{
    bool dead = report_exit(c, r, out);

    if (!dead && !report_change(c, r, out))
        return false;
    out->pid = c->pid;
    out->uid = c->uid;
    rusage_of_process(c, &out->ru);
    rusage_add_children(c, &out->ru);
    if (dead && !(r->options & WNOWAIT)) {
        inherit_usage(me, c);
        process_unlink(c);
        *reaped = c;
    }
    return true;
}

static int scan_one(struct process *me, const struct wait_request *r,
                    struct wait_report *out, struct process **reaped)
{
    struct pid *pid = pid_find(r->id);
    struct process *c = pid ? pid->process : NULL;

    if (!c || c->parent != me || !matches(c, r))
        return -ECHILD;
    return take_report(me, c, r, out, reaped);
}

static bool any_matches(struct process *me, const struct wait_request *r)
{
    struct process *c;

    list_for_each (c, &me->children, sibling)
        if (matches(c, r))
            return true;
    return false;
}

/* What it had to report is told, or is no longer so. */
static bool silent(const struct process *c)
{
    return c->state != PROCESS_ZOMBIE && !c->stopped && !c->continued;
}

static int scan_reports(struct process *me, const struct wait_request *r,
                        struct wait_report *out, struct process **reaped)
{
    struct process *c, *n;

    RB_FOREACH_SAFE (c, report_tree, &me->reports, n) {
        if (matches(c, r) && take_report(me, c, r, out, reaped))
            return 1;
        if (silent(c))
            wait_forget(c);
    }
    return any_matches(me, r) ? 0 : -ECHILD;
}

/* 1 with a report, 0 nothing yet, -ECHILD. */
static int scan(const struct wait_request *r, struct wait_report *out,
                struct process **reaped)
{
    struct process *me = current_process();
    int rc;

    spin_lock(&proc_tree_lock);
    rc = r->which == P_PID_ ? scan_one(me, r, out, reaped)
                            : scan_reports(me, r, out, reaped);
    spin_unlock(&proc_tree_lock);
    return rc;
}

static long wait_for(const struct wait_request *r, struct wait_report *out)
{
    struct process *me = current_process(), *reaped = NULL;
    int rc, err;

    memset(out, 0, sizeof(*out));
    rc = scan(r, out, &reaped);
    if (!rc && !(r->options & WNOHANG)) {
        err = WAIT_EVENT_INTR(&me->child_exit, (rc = scan(r, out, &reaped)));
        if (err && !rc)
            rc = err;
    }
    if (reaped)
        process_put(reaped);
    return MIN(rc, 0);
}

/* --- telling the parent (exit.c, signal_deliver.c) ----------------------- */

void process_notify_stop(struct process *p, int code)
{
    struct siginfo_k info = {
        .signo = SIGCHLD, .code = code, .pid = p->pid, .uid = p->uid};
    struct process *parent;
    struct sigaction_k a;

    info.status = code == CLD_CONTINUED ? SIGCONT : p->stop_signo;
    spin_lock(&proc_tree_lock);
    parent = p->parent;
    if (parent && p->state != PROCESS_DEAD) {
        wait_report(p);
        spin_lock(&parent->siglock);
        a = parent->sighand.action[SIGCHLD - 1];
        spin_unlock(&parent->siglock);
        if (a.handler != 1 && !(a.flags & SA_NOCLDSTOP))
            signal_send_locked(parent, NULL, SIGCHLD, &info);
        wq_wake_all(&parent->child_exit, 0);
    }
    spin_unlock(&proc_tree_lock);
}

/* --- system calls -------------------------------------------------------- */

long sys_wait4(int pid, int __user *ustatus, int options, void __user *ru)
{
    struct wait_request r = {.options = options | WEXITED};
    struct wait_report rep;
    long rc;

    if (options &
        ~(WNOHANG | WUNTRACED | WCONTINUED | __WNOTHREAD | __WCLONE | __WALL))
        return -EINVAL;
    if (pid == INT32_MIN)
        return -ESRCH;
    if (pid > 0) {
        r.which = P_PID_;
        r.id = pid;
    } else if (pid < -1 || pid == 0) {
        r.which = P_PGID_;
        r.id = pid ? -pid : current_process()->pgid;
    }
    rc = wait_for(&r, &rep);
    if (rc || !rep.pid)
        return rc;
    if (ustatus && put_user(rep.status, ustatus))
        return -EFAULT;
    if (ru && copy_to_user(ru, &rep.ru, sizeof(rep.ru)))
        return -EFAULT;
    return rep.pid;
}

static int waitid_target(int which, int id, struct wait_request *r)
{
    struct file *f;
    struct process *p;

    r->which = which;
    r->id = id;
    switch (which) {
    case P_ALL_:
        return 0;
    case P_PID_:
        return id > 0 ? 0 : -EINVAL;
    case P_PGID_:
        if (!id)
            r->id = current_process()->pgid;
        return id >= 0 ? 0 : -EINVAL;
    case P_PIDFD_:
        f = fd_get(id);
        p = f ? pidfd_process(f) : NULL;
        if (f)
            file_put(f);
        if (!p)
            return -EBADF;
        r->which = P_PID_;
        r->id = p->pid;
        process_put(p);
        return 0;
    default:
        return -EINVAL;
    }
}

static int put_waitid_info(void __user *uinfo, const struct wait_report *rep)
{
    struct siginfo_k k = {
        .signo = SIGCHLD, .code = rep->code, .pid = rep->pid, .uid = rep->uid};
    uint8_t info[128];

    if (rep->code == CLD_EXITED || rep->code == CLD_STOPPED)
        k.status = rep->status >> 8 & 0xff;
    else
        k.status = rep->code == CLD_CONTINUED ? SIGCONT : rep->status & 0x7f;
    signal_fill_siginfo(&k, info);
    if (!rep->pid)
        memset(info, 0, sizeof(info));
    /* Linux writes the fields of a SIGCHLD siginfo, not all of it. */
    return copy_to_user(uinfo, info, 28);
}

long sys_waitid(int which, int pid, void __user *uinfo, int options,
                void __user *ru)
{
    struct wait_request r = {.options = options};
    struct wait_report rep;
    long rc;

    if ((options & ~(WNOHANG | WNOWAIT | WEXITED | WSTOPPED | WCONTINUED |
                     __WNOTHREAD | __WCLONE | __WALL)) ||
        !(options & (WEXITED | WSTOPPED | WCONTINUED)))
        return -EINVAL;
    rc = waitid_target(which, pid, &r);
    if (!rc)
        rc = wait_for(&r, &rep);
    if (rc)
        return rc;
    if (rep.pid && ru && copy_to_user(ru, &rep.ru, sizeof(rep.ru)))
        return -EFAULT;
    return uinfo ? put_waitid_info(uinfo, &rep) : 0;
}
