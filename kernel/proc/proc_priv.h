/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * proc_priv.h - what the files of proc/ share.
 *
 * The tree lock (T in process.h) covers the pid table, parents and children,
 * groups and sessions. It is taken before a process's siglock.
 */
#pragma once

#include <linux/signal.h>

#include "arch/x86_64/arch.h"
#include "proc/process.h"
#include "proc/signal.h"
#include "proc/sigqueue.h"
#include "sched/cpu.h"

extern struct spinlock proc_tree_lock;

/* --- pid.c --------------------------------------------------------------- */

#define PID_MAX 32768

/* A number in use: as a thread, a process, a group or a session; T. It goes
 * when none of these is left, so no number is reused while it means anything.
 */
struct pid {
    pid_t nr;
    struct thread *thread;
    struct process *process;
    struct list group; /* process.pg_link of the members */
    unsigned sessions; /* processes whose sid it is */
};
struct pid *pid_alloc(void);       /* takes the tree lock; NULL: none left */
struct pid *pid_find(pid_t nr);    /* T held; NULL */
void pid_release(struct pid *pid); /* T held: free if unused */
pid_t pid_last(void);
/* Lowest process with pid >= from; T held. */
struct process *pid_next_process(pid_t from);

/* --- process.c ----------------------------------------------------------- */

struct process *process_alloc(void);
/* All T held: */
void process_link(struct process *p, struct process *parent, struct pid *pid);
/* wait.c: a child has something to report to its parent, or never will. */
void wait_report(struct process *p);
void wait_forget(struct process *p);
/* Make (p) the youngest child of (parent). */
void process_adopt(struct process *parent, struct process *p);
void process_unlink(struct process *p); /* the tree's reference is now yours */
/* Every thread of (p) and what it waits for: siglock held. */
void process_kill_threads(struct process *p, struct thread *except);

/* --- clone.c ------------------------------------------------------------- */

/* The parent of a vfork waits for this; freed with the last reference. */
struct vfork_wait {
    _Atomic uint32_t refs;
    _Atomic bool done;
    struct wait_queue queue;
};
void vfork_release(struct thread *t); /* exec or exit: let the parent go on */

/* --- exit.c, wait.c ------------------------------------------------------ */

/* The end of the calling thread; (status) in the form wait gives. */
__noreturn void process_exit_thread(int status);
/* The same because somebody set TW_EXIT. */
__noreturn void process_exit_requested(void);
/* Kill all other threads of the caller and wait until they are gone; the
 * caller then has the process's pid. -EINTR: it is being killed itself. */
int process_be_single(void);
/* The calling thread leaves its memory: robust mutexes, the word of
 * set_tid_address(). */
void process_leave_words(void);
/* Make a zombie disappear: T held; drop a reference after unlocking. */
void process_reap(struct process *p);
/* Tell the parent of a stop or a continuation (CLD_*); no locks held. */
void process_notify_stop(struct process *p, int code);

/* --- pgrp.c -------------------------------------------------------------- */

/* T held: */
void pgrp_join(struct process *p, pid_t pgid);
void session_join(struct process *p, pid_t sid);
void pgrp_leave(struct process *p); /* group and session */
bool pgrp_is_orphaned(pid_t pgid, const struct process *ignore);
/* (p) exits or loses its parent: hang up its group if that orphans it. */
void pgrp_check_orphaned(struct process *p, struct process *parent,
                         const struct process *ignore);
void session_leader_exit(struct process *p); /* no locks held */

/* --- signals ------------------------------------------------------------- */

/* Change the caller's blocked mask; newly blocked signals of the process go
 * to other threads. */
void signal_set_blocked(uint64_t mask);
/* The calling thread no longer takes process signals: siglock held. */
void signal_retarget(struct thread *t, uint64_t signals);
void signal_flush_thread(struct thread *t);   /* drop pending: siglock held */
void signal_flush_process(struct process *p); /* the same */
/* Let one thread know that the parent must be told of a continuation. */
uint64_t signal_pending_set(const struct thread *t); /* siglock held */
/* Take the first signal of (mask): siglock held. 0 = none. */
int signal_take(struct thread *t, uint64_t mask, struct siginfo_k *info);
void signal_exec(struct process *p); /* reset handlers: siglock held */
void signal_handlers_default(struct process *p);
bool signal_may_send(struct process *p, int signo); /* permission */
/* Is the stack pointer on the thread's alternate stack? */
bool signal_on_altstack(const struct thread *t, uint64_t sp);
int signal_send_locked(struct process *p, struct thread *t, int signo,
                       const struct siginfo_k *info); /* T held */

/* --- rseq.c -------------------------------------------------------------- */

/* TW_RSEQ is set: the thread was switched away from, or changed its CPU. */
void rseq_return(struct trapframe *f);
/* Before a signal frame is made from (f): leave the critical section it is in.
 * 0, or an error that calls for SIGSEGV. */
int rseq_signal(struct trapframe *f);
void rseq_fork(struct thread *child, const struct thread *parent);

/* --- timers -------------------------------------------------------------- */

void itimer_init(struct process *p);
void itimer_exit(struct process *p);

/* proc/cpu_timer.c; (which) is ITIMER_VIRTUAL or ITIMER_PROF */
void cpu_timer_init(struct process *p);
void cpu_timer_exit(struct process *p);
/* RLIMIT_CPU of (p) has changed, or (p) is new and has one. */
void cpu_timer_limit(struct process *p);
void cpu_timer_get(int which, nsec_t *value, nsec_t *interval);
void cpu_timer_set(int which, nsec_t value, nsec_t interval, nsec_t *old_value,
                   nsec_t *old_interval);
void posix_timers_exit(struct process *p); /* exit and exec */
/* A timer's signal was taken: its overrun count. */
void posix_timer_taken(struct process *p, struct siginfo_k *info);

/* --- exec.c -------------------------------------------------------------- */

/* First program of a process that is not running yet; kernel strings. */
struct exec_start {
    struct mm *mm;
    uint64_t entry, sp;
};
int exec_prepare_kernel(const char *path, char *const argv[],
                        char *const envp[], struct exec_start *out);

/* --- pidfd.c ------------------------------------------------------------- */

struct file *pidfd_create(struct process *p, unsigned flags); /* ERR_PTR */
struct process *pidfd_process(struct file *f); /* with reference, or NULL */

/* The machine ends because process 1 did. */
__noreturn void process_init_exited(int status);
