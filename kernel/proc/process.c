/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * process.c - processes as objects: making, finding, counting, freeing.
 *
 * References: one for being in the tree (until it is reaped), one for each
 * thread that still has a stack, and those of whoever found it. What a process
 * holds (memory, files, directories) is let go when its last thread ends; the
 * structure itself with the last reference.
 */
#include <linux/resource.h>

#include "lib/log.h"
#include "lib/string.h"
#include "mem/mm.h"
#include "mem/slab.h"
#include "proc/proc_priv.h"

struct process *init_process;
static unsigned nr_processes; /* T */

static struct slab_kind process_kind = SLAB_KIND("process", struct process);

struct process *process_alloc(void)
{
    struct process *p = slab_kind_alloc(&process_kind, 0);

    if (!p)
        return NULL;
    atomic_init(&p->refs, 1);
    RB_INIT(&p->reports);
    list_init(&p->children);
    list_init(&p->sibling);
    list_init(&p->pg_link);
    list_init(&p->pid_link);
    spin_init(&p->siglock, RANK_SIGNAL);
    list_init(&p->threads);
    list_init(&p->sig_pending_list);
    wq_init(&p->child_exit);
    wq_init(&p->signal_wait);
    wq_init(&p->exit_wait);
    mutex_init(&p->fs_lock, RANK_NONE);
    mutex_init(&p->timers_lock, RANK_NONE);
    p->start_time = time_monotonic();
    p->dumpable = true;
    p->timer_slack = 50000;
    return p;
}

void process_get(struct process *p)
{
    atomic_fetch_add_explicit(&p->refs, 1, memory_order_relaxed);
}

void process_put(struct process *p)
{
    if (atomic_fetch_sub_explicit(&p->refs, 1, memory_order_acq_rel) != 1)
        return;
    if (p->leader)
        thread_put(p->leader);
    kfree(p);
}

void process_adopt(struct process *parent, struct process *p)
{
    static uint64_t births; /* T */
    bool reporting = p->reporting;

    wait_forget(p);
    list_del_init(&p->sibling);
    list_add_tail(&parent->children, &p->sibling);
    p->parent = parent;
    p->birth = ++births;
    if (reporting)
        wait_report(p);
}

void process_link(struct process *p, struct process *parent, struct pid *pid)
{
    pid->process = p;
    p->pid = pid->nr;
    p->parent = parent;
    if (parent)
        process_adopt(parent, p);
    nr_processes++;
}

void process_unlink(struct process *p)
{
    struct pid *pid = pid_find(p->pid);

    p->state = PROCESS_DEAD;
    wait_forget(p);
    list_del_init(&p->sibling);
    pgrp_leave(p);
    if (pid->thread && pid->thread->process == p)
        pid->thread = NULL;
    pid->process = NULL;
    pid_release(pid);
    nr_processes--;
}

struct process *process_find(pid_t nr)
{
    struct process *p = NULL;
    struct pid *pid;

    spin_lock(&proc_tree_lock);
    pid = pid_find(nr);
    if (pid && pid->process) {
        p = pid->process;
        process_get(p);
    }
    spin_unlock(&proc_tree_lock);
    return p;
}

struct thread *thread_find(pid_t tid)
{
    struct thread *t = NULL;
    struct pid *pid;

    spin_lock(&proc_tree_lock);
    pid = pid_find(tid);
    if (pid && pid->thread) {
        t = pid->thread;
        thread_get(t);
        process_get(t->process);
    }
    spin_unlock(&proc_tree_lock);
    return t;
}

struct process *process_next(pid_t from)
{
    struct process *p;

    spin_lock(&proc_tree_lock);
    p = pid_next_process(from);
    if (p)
        process_get(p);
    spin_unlock(&proc_tree_lock);
    return p;
}

struct mm *process_get_mm(struct process *p)
{
    struct mm *mm;

    spin_lock(&p->siglock);
    mm = p->mm;
    if (mm)
        mm_get(mm);
    spin_unlock(&p->siglock);
    return mm;
}

void process_for_each_thread(struct process *p,
                             void (*fn)(struct thread *, void *), void *arg)
{
    struct thread *t;

    spin_lock(&p->siglock);
    list_for_each (t, &p->threads, process_link)
        fn(t, arg);
    spin_unlock(&p->siglock);
}

void process_kill_threads(struct process *p, struct thread *except)
{
    struct thread *t;

    list_for_each (t, &p->threads, process_link) {
        if (t == except)
            continue;
        thread_set_work(t, TW_EXIT);
        thread_wake_signal(t, true);
    }
}

unsigned process_count(void)
{
    return nr_processes;
}

pid_t process_last_pid(void)
{
    return pid_last();
}

uint64_t process_rlimit(unsigned which)
{
    return which < RLIM_NLIMITS ? current_process()->rlimits[which].rlim_cur
                                : 0;
}

/* Deferred work: a thread of (t)'s process has been taken apart. */
static void reaped(struct thread *t)
{
    process_put(t->process);
}

void process_init(void)
{
    time_init(); /* files have times, and programs ask for them */
    thread_reaped = reaped;
}
