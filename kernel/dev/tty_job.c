/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * tty_job.c - sessions, process groups and their controlling terminal
 * (POSIX.1-2017, 11.1.3 and 11.1.4; setsid(2), tty_ioctl(4)).
 *
 * A terminal remembers which session it controls and which process group is in
 * the foreground; each process of the session remembers the terminal.
 */
#include <asm/signal.h>
#include <asm/termios.h>

#include "dev/tty_priv.h"
#include "lib/errno.h"
#include "mem/user.h"
#include "proc/process.h"
#include "proc/signal.h"
#include "sched/cpu.h"

/* The session of a process group, 0 if there is no such group. */
static pid_t group_session(pid_t pgid)
{
    struct process *p;
    pid_t sid = 0;

    for (pid_t from = 1; !sid && (p = process_next(from));) {
        if (p->pgid == pgid && p->state == PROCESS_ALIVE)
            sid = p->sid;
        from = p->pid + 1;
        process_put(p);
    }
    return sid;
}

/* Does (parent), compared by address only as it may be gone, tie a process of
 * (pgid) to the rest of its session? */
static bool parent_ties(const struct process *parent, pid_t sid, pid_t pgid)
{
    struct process *p;
    bool ties = false;

    for (pid_t from = 1; !ties && (p = process_next(from));) {
        ties = p == parent && p->sid == sid && p->pgid != pgid;
        from = p->pid + 1;
        process_put(p);
    }
    return ties;
}

/* Orphaned: no member has a parent in another group of the same session, so
 * nobody would continue it if it stopped. */
static bool group_orphaned(pid_t pgid)
{
    struct process *p;
    bool tied = false;

    for (pid_t from = 1; !tied && (p = process_next(from));) {
        if (p->pgid == pgid && p->state == PROCESS_ALIVE)
            tied = parent_ties(p->parent, p->sid, pgid);
        from = p->pid + 1;
        process_put(p);
    }
    return !tied;
}

int tty_job_check(struct tty *t, int signo)
{
    struct process *me = current_process();
    pid_t foreground;

    if (!me || me->tty != t)
        return 0;
    tty_lock(t);
    foreground = t->pgrp;
    tty_unlock(t);
    if (!foreground || me->pgid == foreground)
        return 0;
    if (signal_ignored_or_blocked(signo))
        return signo == SIGTTIN ? -EIO : 0;
    if (group_orphaned(me->pgid))
        return -EIO;
    signal_send_group(me->pgid, signo, NULL);
    return -ERESTARTSYS;
}

void tty_signal_group(struct tty *t, int signo)
{
    pid_t pgrp = tty_foreground(t);

    if (pgrp > 0)
        signal_send_group(pgrp, signo, NULL);
}

pid_t tty_foreground(struct tty *t)
{
    pid_t pgrp;

    if (!t)
        return -1;
    tty_lock(t);
    pgrp = t->pgrp;
    tty_unlock(t);
    return pgrp;
}

/* --- gaining and losing -------------------------------------------------- */

static int acquire(struct tty *t, bool steal)
{
    struct process *me = current_process();
    bool taken;

    tty_lock(t);
    taken = t->session && t->session != me->sid;
    tty_unlock(t);
    if (taken && !steal)
        return -EPERM;
    if (taken)
        process_clear_tty(t);
    int rc = process_set_tty(me, t);
    if (rc)
        return rc;
    tty_lock(t);
    t->session = me->sid;
    t->pgrp = me->pgid;
    tty_unlock(t);
    return 0;
}

void tty_acquire_on_open(struct tty *t)
{
    struct process *me = current_process();

    if (me && process_is_session_leader(me) && !me->tty && !t->session)
        acquire(t, false);
}

static long ioctl_sctty(struct tty *t, unsigned long arg)
{
    struct process *me = current_process();

    if (me->tty == t && t->session == me->sid && process_is_session_leader(me))
        return 0;
    if (!process_is_session_leader(me) || me->tty)
        return -EPERM;
    return acquire(t, arg == 1 && me->euid == 0);
}

/* Leave (t) to nobody: the session has lost it. */
static void detach(struct tty *t)
{
    tty_lock(t);
    t->session = t->pgrp = 0;
    tty_unlock(t);
    process_clear_tty(t);
}

static void signal_leader(pid_t session)
{
    struct process *leader = session > 0 ? process_find(session) : NULL;

    if (!leader)
        return;
    signal_send_process(leader, SIGHUP, NULL);
    signal_send_process(leader, SIGCONT, NULL);
    process_put(leader);
}

void tty_job_hangup(struct tty *t)
{
    pid_t session, pgrp;

    tty_lock(t);
    session = t->session;
    pgrp = t->pgrp;
    tty_unlock(t);
    signal_leader(session);
    if (pgrp > 0) {
        signal_send_group(pgrp, SIGHUP, NULL);
        signal_send_group(pgrp, SIGCONT, NULL);
    }
    detach(t);
}

/* A hardware line is hung up, so that what still runs on it in the background
 * cannot disturb the next session; a pty lives as long as its master. */
void tty_session_end(struct tty *t)
{
    if (t->hardware) {
        tty_hangup(t);
        return;
    }
    tty_signal_group(t, SIGHUP);
    tty_signal_group(t, SIGCONT);
    detach(t);
}

static long ioctl_notty(struct tty *t)
{
    struct process *me = current_process();

    if (me->tty != t)
        return -ENOTTY;
    if (!process_is_session_leader(me)) {
        me->tty = NULL; /* of this process alone (tty_ioctl(4)) */
        return 0;
    }
    tty_signal_group(t, SIGHUP);
    tty_signal_group(t, SIGCONT);
    detach(t);
    return 0;
}

/* --- foreground group ---------------------------------------------------- */

static long ioctl_get_group(struct tty *t, bool master, bool session,
                            unsigned long arg)
{
    pid_t value;

    if (!master && current_process()->tty != t)
        return -ENOTTY;
    tty_lock(t);
    value = session ? t->session : t->pgrp;
    tty_unlock(t);
    if (session && !value)
        return -ENOTTY;
    return put_user(value, (pid_t __user *)arg);
}

static long ioctl_set_group(struct tty *t, unsigned long arg)
{
    struct process *me = current_process();
    pid_t pgid, session;
    long rc = tty_job_check(t, SIGTTOU);

    if (rc == -EIO)
        return -ENOTTY;
    if (rc)
        return rc;
    if (me->tty != t || t->session != me->sid)
        return -ENOTTY;
    if (get_user(pgid, (pid_t __user *)arg))
        return -EFAULT;
    if (pgid < 0)
        return -EINVAL;
    session = group_session(pgid);
    if (!session)
        return -ESRCH;
    if (session != me->sid)
        return -EPERM;
    tty_lock(t);
    t->pgrp = pgid;
    tty_unlock(t);
    return 0;
}

long tty_job_ioctl(struct tty *t, bool master, unsigned cmd, unsigned long arg)
{
    switch (cmd) {
    case TIOCSCTTY:
        return ioctl_sctty(t, arg);
    case TIOCNOTTY:
        return ioctl_notty(t);
    case TIOCGPGRP:
        return ioctl_get_group(t, master, false, arg);
    case TIOCGSID:
        return ioctl_get_group(t, master, true, arg);
    case TIOCSPGRP:
        return ioctl_set_group(t, arg);
    default:
        return -ENOIOCTLCMD;
    }
}
