/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * exit.c - the end of threads and processes.
 *
 * Each thread ends itself. exit_group(), or a fatal signal, records the status
 * once and makes every other thread do so (TW_EXIT, seen on its way to user
 * mode; sleeps that may be interrupted or killed end at once). The last thread
 * lets go of what the process has, gives its children to a new parent, makes it
 * a zombie and tells the parent; if the parent does not care, the process
 * vanishes right away.
 *
 * What a thread still does for others at its end: unlock robust mutexes, clear
 * and wake the word that pthread_join() waits on, let a vfork parent go on.
 */
#include <linux/resource.h>

#include "dev/console.h"
#include "lib/log.h"
#include "mem/mm.h"
#include "mem/user.h"
#include "proc/proc_priv.h"
#include "sched/futex.h"
#include "sys/syscall.h"

/* --- the thread ---------------------------------------------------------- */

static void clear_tid(struct thread *t)
{
    int __user *word = t->clear_child_tid;

    t->clear_child_tid = NULL;
    /* Besides this thread and its process nobody may use the memory. */
    if (!word || atomic_load(&t->mm->users) <= 2)
        return;
    if (!put_user(0, word))
        futex_wake_word((uint32_t __user *)word, 1);
}

void process_leave_words(void)
{
    futex_exit_robust_list();
    clear_tid(current);
}

static void leave_memory(struct thread *t)
{
    struct mm *mm = t->mm;

    t->mm = NULL;
    mmu_activate(NULL); /* the kernel's own tables */
    mm_put(mm);
}

static void add_times(struct process *p, struct thread *t)
{
    nsec_t user, system;

    thread_times(t, &user, &system);
    p->dead_user += user;
    p->dead_system += system;
    p->dead_vol += t->switches_vol;
    p->dead_invol += t->switches_invol;
}

/* Leave the process: true for its last thread. *(stopped): the others have all
 * stopped already. */
static bool leave_process(struct process *p, struct thread *t, int status,
                          bool *stopped)
{
    bool last;

    spin_lock(&p->siglock);
    list_del_init(&t->process_link);
    last = --p->nr_threads == 0;
    add_times(p, t);
    signal_flush_thread(t);
    if (!p->group_exit && last)
        p->exit_status = status;
    if (!last)
        signal_retarget(t, ~t->sig_blocked);
    *stopped = false;
    if (p->group_stop && (atomic_fetch_and(&t->work, ~TW_STOP) & TW_STOP) &&
        --p->stop_count == 0 && !last)
        *stopped = p->stopped = true;
    if (p->exec_thread && p->nr_threads == 1)
        thread_wake(p->exec_thread);
    spin_unlock(&p->siglock);
    return last;
}

static void release_tid(struct thread *t)
{
    struct pid *pid;

    spin_lock(&proc_tree_lock);
    pid = pid_find(t->tid);
    if (pid && pid->thread == t) {
        pid->thread = NULL;
        pid_release(pid);
    }
    spin_unlock(&proc_tree_lock);
}

/* --- the process --------------------------------------------------------- */

static uint64_t resident_kib(struct mm *mm)
{
    int64_t now = mm->rss_anon + mm->rss_file + mm->rss_shmem;

    return (uint64_t)MAX(now, (int64_t)mm->hiwater) * (PAGE_SIZE / 1024);
}

static void let_go(struct process *p)
{
    struct fdtable *files;
    struct mm *mm;

    itimer_exit(p);
    cpu_timer_exit(p);
    posix_timers_exit(p);
    spin_lock(&p->siglock);
    signal_flush_process(p);
    files = p->files;
    mm = p->mm;
    p->files = NULL;
    p->mm = NULL;
    p->maxrss = resident_kib(mm);
    spin_unlock(&p->siglock);
    fdtable_put(files);
    mutex_lock(&p->fs_lock);
    path_put(&p->cwd);
    path_put(&p->root);
    p->cwd = p->root = (struct path){NULL, NULL};
    mutex_unlock(&p->fs_lock);
    mm_put(mm);
}

/* Who gets the children of (p): its nearest subreaper, or process 1. T held. */
static struct process *new_parent(struct process *p)
{
    for (struct process *q = p->parent; q; q = q->parent)
        if (q->child_subreaper && q->state == PROCESS_ALIVE &&
            !list_empty(&q->threads))
            return q;
    return init_process;
}

static void child_info(struct process *p, struct siginfo_k *info)
{
    nsec_t user, system;
    int status = p->exit_status;

    process_times(p, &user, &system);
    *info = (struct siginfo_k){
        .signo = p->exit_signal,
        .code = status & 0x7f ? CLD_KILLED : CLD_EXITED,
        .pid = p->pid,
        .uid = p->uid,
        .status = status & 0x7f ? status & 0x7f : status >> 8,
        .utime = user / (NSEC_PER_SEC / 100),
        .stime = system / (NSEC_PER_SEC / 100),
    };
}

/* Tell the parent of a zombie; true if nobody is going to wait for it. T held.
 */
static bool notify_exit(struct process *p)
{
    struct process *parent = p->parent;
    struct sigaction_k a;
    struct siginfo_k info;
    bool ignored = false, no_wait = false;

    if (p->exit_signal == SIGCHLD) {
        spin_lock(&parent->siglock);
        a = parent->sighand.action[SIGCHLD - 1];
        spin_unlock(&parent->siglock);
        ignored = a.handler == 1;
        no_wait = ignored || (a.flags & SA_NOCLDWAIT);
    }
    if (p->exit_signal && !ignored) {
        child_info(p, &info);
        signal_send_locked(parent, NULL, p->exit_signal, &info);
    }
    wait_report(p);
    wq_wake_all(&parent->child_exit, 0);
    return no_wait;
}

void process_reap(struct process *p)
{
    process_unlink(p);
    wq_wake_all(&p->parent->child_exit, 0); /* maybe the last one: ECHILD */
}

/* Give the children of (p) away. Those that vanish are collected in (gone). */
static void adopt_children(struct process *p, struct list *gone)
{
    struct process *heir = new_parent(p), *c, *n;

    list_for_each_safe (c, n, &p->children, sibling) {
        process_adopt(heir, c);
        if (c->pdeath_signal && c->state == PROCESS_ALIVE)
            signal_send_locked(c, NULL, c->pdeath_signal, NULL);
        if (c->state == PROCESS_ZOMBIE) {
            c->exit_signal = SIGCHLD;
            if (notify_exit(c)) {
                process_reap(c);
                list_add_tail(gone, &c->pid_link);
            }
        } else {
            c->exit_signal = SIGCHLD;
            pgrp_check_orphaned(c, p, p);
        }
    }
}

static void become_zombie(struct process *p)
{
    struct list gone = LIST_HEAD_INIT(gone);
    struct process *c;

    spin_lock(&proc_tree_lock);
    adopt_children(p, &gone);
    pgrp_check_orphaned(p, p->parent, p);
    p->state = PROCESS_ZOMBIE;
    wq_wake_all(&p->exit_wait, 1 /* EV_IN */);
    if (notify_exit(p)) {
        process_reap(p);
        list_add_tail(&gone, &p->pid_link);
    }
    spin_unlock(&proc_tree_lock);
    while ((c = list_first(&gone, struct process, pid_link))) {
        list_del_init(&c->pid_link);
        process_put(c); /* the tree's; our own thread still has one */
    }
}

static void end_process(struct process *p)
{
    int status = p->exit_status;

    let_go(p);
    session_leader_exit(p);
    if (p == init_process)
        process_init_exited(status & 0x7f ? 128 + (status & 0x7f)
                                          : status >> 8 & 0xff);
    become_zombie(p);
}

/* Process 1 is gone: so is the machine's purpose. */
void process_init_exited(int status)
{
    knote("process 1 ended with status %d", status);
    sys_sync();
    console_drain();
    console_flush();
    arch_power_off(status);
}

void process_exit_thread(int status)
{
    struct thread *t = current;
    struct process *p = t->process;
    bool stopped, last;

    /* From here on nothing interrupts it, and page faults are served. */
    atomic_fetch_and(&t->work, ~(TW_EXIT | TW_SIGNAL));
    t->exit_code = status;
    process_leave_words();
    vfork_release(t);
    leave_memory(t);
    if (t != p->leader)
        release_tid(t);
    last = leave_process(p, t, status, &stopped);
    if (stopped)
        process_notify_stop(p, CLD_STOPPED);
    if (last)
        end_process(p);
    thread_exit();
}

void process_exit_group(int wait_status)
{
    struct process *p = current_process();

    spin_lock(&p->siglock);
    if (!p->group_exit) {
        p->group_exit = true;
        p->exit_status = wait_status;
        p->group_stop = false;
        process_kill_threads(p, current);
    }
    spin_unlock(&p->siglock);
    process_exit_thread(p->exit_status);
}

/* TW_EXIT was found: the process ends, or another thread calls execve(). */
void process_exit_requested(void)
{
    struct process *p = current_process();
    int status;

    spin_lock(&p->siglock);
    status = p->group_exit ? p->exit_status : 0;
    spin_unlock(&p->siglock);
    process_exit_thread(status);
}

/* --- execve of a process with several threads ---------------------------- */

/* The caller takes over the number of the process, and the role of its first
 * thread. It is alone now. */
static void become_leader(struct process *p, struct thread *t)
{
    struct thread *old = p->leader;
    struct pid *pid, *own;

    spin_lock(&proc_tree_lock);
    own = pid_find(t->tid);
    own->thread = NULL;
    pid_release(own);
    pid = pid_find(p->pid);
    pid->thread = t;
    spin_lock(&p->siglock);
    t->tid = p->pid;
    p->leader = t;
    spin_unlock(&p->siglock);
    spin_unlock(&proc_tree_lock);
    thread_get(t);
    thread_put(old);
}

static bool alone(struct process *p)
{
    bool one;

    spin_lock(&p->siglock);
    one = p->nr_threads == 1;
    spin_unlock(&p->siglock);
    return one;
}

int process_be_single(void)
{
    struct process *p = current_process();
    struct thread *t = current;
    int rc = 0;

    spin_lock(&p->siglock);
    if (p->group_exit || p->exec_thread)
        rc = -EINTR;
    else if (p->nr_threads > 1)
        process_kill_threads(p, t);
    if (!rc)
        p->exec_thread = t;
    spin_unlock(&p->siglock);
    if (rc)
        return rc;
    while (!alone(p) && !rc) {
        sleep_prepare(SLEEP_KILLABLE);
        if (!alone(p))
            rc = sleep_until(NSEC_NEVER);
    }
    sleep_cancel();
    if (!rc && t != p->leader)
        become_leader(p, t);
    spin_lock(&p->siglock);
    p->exec_thread = NULL;
    spin_unlock(&p->siglock);
    return rc ? -EINTR : 0;
}

/* --- system calls -------------------------------------------------------- */

long sys_exit(int status)
{
    process_exit_thread((status & 0xff) << 8);
}

long sys_exit_group(int status)
{
    process_exit_group((status & 0xff) << 8);
}
