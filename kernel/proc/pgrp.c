/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * pgrp.c - process groups, sessions and the terminal they share.
 *
 * A group is orphaned when no member has a parent in another group of the same
 * session: nobody is left who would continue it after a stop. When that happens
 * to a group with stopped members, they get SIGHUP and SIGCONT (POSIX.1-2017,
 * exit, "Consequences of Process Termination").
 */
#include "dev/tty.h"
#include "proc/proc_priv.h"
#include "sys/syscall.h"

/* --- membership (T held) ------------------------------------------------- */

void pgrp_join(struct process *p, pid_t pgid)
{
    struct pid *old = pid_find(p->pgid), *new = pid_find(pgid);

    list_del_init(&p->pg_link);
    list_add_tail(&new->group, &p->pg_link);
    p->pgid = pgid;
    if (old && old != new)
        pid_release(old);
}

void session_join(struct process *p, pid_t sid)
{
    struct pid *old = p->sid ? pid_find(p->sid) : NULL;

    pid_find(sid)->sessions++;
    p->sid = sid;
    if (old) {
        old->sessions--;
        pid_release(old);
    }
}

void pgrp_leave(struct process *p)
{
    struct pid *group = pid_find(p->pgid), *session;

    list_del_init(&p->pg_link);
    if (group)
        pid_release(group);
    session = pid_find(p->sid);
    if (session) {
        session->sessions--;
        pid_release(session);
    }
}

bool pgrp_is_orphaned(pid_t pgid, const struct process *ignore)
{
    struct pid *pid = pid_find(pgid);
    struct process *p;

    if (!pid)
        return true;
    list_for_each (p, &pid->group, pg_link) {
        if (p == ignore || p->state != PROCESS_ALIVE || !p->parent ||
            p->parent == init_process)
            continue;
        if (p->parent->pgid != pgid && p->parent->sid == p->sid)
            return false;
    }
    return true;
}

static bool has_stopped_member(struct pid *pid)
{
    struct process *p;

    list_for_each (p, &pid->group, pg_link)
        if (p->group_stop)
            return true;
    return false;
}

static void signal_members(struct pid *pid, int signo)
{
    struct process *p;

    list_for_each (p, &pid->group, pg_link)
        signal_send_locked(p, NULL, signo, NULL);
}

void pgrp_check_orphaned(struct process *p, struct process *parent,
                         const struct process *ignore)
{
    struct pid *group = pid_find(p->pgid);

    /* (parent) was what kept the group from being orphaned? */
    if (!group || !parent || parent->pgid == p->pgid || parent->sid != p->sid)
        return;
    if (!pgrp_is_orphaned(p->pgid, ignore) || !has_stopped_member(group))
        return;
    signal_members(group, SIGHUP);
    signal_members(group, SIGCONT);
}

int signal_send_group(pid_t pgid, int signo, const struct siginfo_k *info)
{
    struct process *p;
    struct pid *pid;
    int rc = -ESRCH;

    spin_lock(&proc_tree_lock);
    pid = pid_find(pgid);
    if (pid) {
        list_for_each (p, &pid->group, pg_link) {
            int err = signal_send_locked(p, NULL, signo, info);
            if (rc == -ESRCH || !err)
                rc = err;
        }
    }
    spin_unlock(&proc_tree_lock);
    return rc;
}

/* --- terminals ----------------------------------------------------------- */

bool process_is_session_leader(struct process *p)
{
    return p->sid == p->pid;
}

int process_set_tty(struct process *p, struct tty *t)
{
    struct process *q;
    int rc = 0;

    spin_lock(&proc_tree_lock);
    if (!process_is_session_leader(p) || (p->tty && p->tty != t))
        rc = -EPERM;
    for (pid_t nr = 1; !rc && (q = pid_next_process(nr)); nr = q->pid + 1)
        if (q->sid == p->sid)
            q->tty = t;
    spin_unlock(&proc_tree_lock);
    return rc;
}

void process_clear_tty(struct tty *t)
{
    struct process *q;

    spin_lock(&proc_tree_lock);
    for (pid_t nr = 1; (q = pid_next_process(nr)); nr = q->pid + 1)
        if (q->tty == t)
            q->tty = NULL;
    spin_unlock(&proc_tree_lock);
}

/* The terminal's owner goes: whoever is left in the session loses it. */
void session_leader_exit(struct process *p)
{
    struct tty *t = p->tty;

    if (t && process_is_session_leader(p))
        tty_session_end(t);
}

/* --- system calls -------------------------------------------------------- */

/* The process of a pid argument, 0 = the caller; T held. */
static struct process *target(pid_t nr)
{
    struct pid *pid = nr ? pid_find(nr) : NULL;

    if (!nr)
        return current_process();
    return pid ? pid->process : NULL;
}

static long set_pgid(struct process *p, pid_t pgid)
{
    struct process *me = current_process();
    struct pid *group;

    if (p != me) {
        if (p->parent != me)
            return -ESRCH;
        if (p->sid != me->sid)
            return -EPERM;
        if (p->did_exec)
            return -EACCES;
    }
    if (process_is_session_leader(p))
        return -EPERM;
    if (pgid != p->pid) { /* must be a group of this session */
        struct process *member;
        group = pid_find(pgid);
        member =
            group ? list_first(&group->group, struct process, pg_link) : NULL;
        if (!member || member->sid != me->sid)
            return -EPERM;
    }
    if (pgid != p->pgid)
        pgrp_join(p, pgid);
    return 0;
}

long sys_setpgid(int pid, int pgid)
{
    struct process *p;
    long rc = -ESRCH;

    if (pgid < 0 || (!pgid && pid < 0))
        return -EINVAL;
    spin_lock(&proc_tree_lock);
    p = target(pid);
    if (p && p->state != PROCESS_DEAD) /* a zombie is still in its group */
        rc = set_pgid(p, pgid ? pgid : p->pid);
    spin_unlock(&proc_tree_lock);
    return rc;
}

long sys_getpgid(int pid)
{
    struct process *p;
    long rc;

    spin_lock(&proc_tree_lock);
    p = target(pid);
    rc = p ? p->pgid : -ESRCH;
    spin_unlock(&proc_tree_lock);
    return rc;
}

long sys_getpgrp(void)
{
    return current_process()->pgid;
}

long sys_getsid(int pid)
{
    struct process *p;
    long rc;

    spin_lock(&proc_tree_lock);
    p = target(pid);
    rc = p ? p->sid : -ESRCH;
    spin_unlock(&proc_tree_lock);
    return rc;
}

long sys_setsid(void)
{
    struct process *me = current_process();
    long rc = -EPERM;
    struct pid *pid;

    spin_lock(&proc_tree_lock);
    pid = pid_find(me->pid);
    if (!process_is_session_leader(me) && list_empty(&pid->group)) {
        session_join(me, me->pid);
        pgrp_join(me, me->pid);
        me->tty = NULL;
        rc = me->sid;
    }
    spin_unlock(&proc_tree_lock);
    return rc;
}
