/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * thread.h - threads and the scheduler.
 *
 * States and who changes them (thread.c, sched.c, sleep.c):
 *
 *   NEW --thread_start--> READY --schedule--> RUNNING --schedule--> READY
 *   RUNNING --sleep_prepare--> PREPARED --schedule--> SLEEPING or STOPPED
 *   PREPARED --thread_wake, sleep_cancel--> RUNNING
 *   SLEEPING, STOPPED --thread_wake--> READY
 *   RUNNING --thread_exit--> DEAD (freed by SOFTIRQ_REAP)
 *
 * A thread runs on one CPU at a time: (on_cpu) is set until its context is
 * saved, and a waker on another CPU waits for it before queueing the thread.
 */
#pragma once

#include <stdatomic.h>

#include "arch/x86_64/arch_thread.h"
#include "lib/list.h"
#include "sched/lock.h"
#include "sched/time.h"
#include "sched/wait.h"

struct cpu;
struct mm;
struct process;

enum thread_state {
    THREAD_NEW,
    THREAD_READY,
    THREAD_RUNNING,
    THREAD_SLEEPING, /* with .sleep_kind */
    THREAD_STOPPED,  /* by a stop signal */
    THREAD_DEAD,
    THREAD_PREPARED, /* still running, but has called sleep_prepare() */
};

/* How restart_syscall(2) goes on with an interrupted call that counts time:
 * such a call fills this in and returns -ERESTART_RESTARTBLOCK, which becomes
 * -EINTR if a handler runs. */
#define ERESTART_RESTARTBLOCK 516
struct syscall_restart {
    long (*fn)(struct syscall_restart *r);
    uint64_t arg[4];
    nsec_t deadline;
};

#define KSTACK_SIZE (16 * 1024)

/* I immutable after creation; a atomic; o only the thread itself; q run queue
 * lock; s process->siglock */
struct thread {
    struct arch_thread arch;    /* o context, stack pointer, FPU, TLS bases */
    void *kstack;               /* I lowest address, KSTACK_SIZE bytes */
    _Atomic int state;          /* a enum thread_state */
    enum sleep_kind sleep_kind; /* o */
    _Atomic bool on_cpu;        /* a */
    bool sleep_stopped;         /* o the sleep is a stop by a signal */
    bool leaving;               /* o schedule() takes it off this CPU */
    int8_t nice;                /* a -20 .. 19: length of the time slice */
    _Atomic uint32_t refs;      /* a see thread_put() */
    struct cpu *cpu;            /* q where it runs or last ran */
    struct list run_link;       /* q */
    uint64_t affinity[4];       /* q allowed CPUs, bit n = CPU n */
    nsec_t slice_end;           /* o */
    nsec_t run_start;           /* o since when it runs, or q is queued */
    uint32_t samples_user, samples_system; /* o see account.c */
    _Atomic nsec_t cpu_user;               /* a time used, ns */
    _Atomic nsec_t cpu_system;             /* a */
    uint64_t switches_vol, switches_invol; /* o */

    /* Work to do before returning to user mode: TW_* bits. */
    _Atomic uint32_t work; /* a */
    uint32_t pf_disabled;  /* o >0: user faults fail at once (_nofault) */
    int held_locks;        /* o debug: number of spinlocks held */
#ifdef DEBUG
    uint32_t lock_ranks[16]; /* o */
    int lock_depth;          /* o */
#endif

    struct mm *mm;           /* o address space in use; NULL = kernel thread */
    struct process *process; /* I NULL = kernel thread */
    pid_t tid;               /* I */
    char name[16];           /* o but read by anyone */

    /* proc/: see proc/process.h for the meaning of these. */
    struct list process_link;     /* s process->threads */
    uint64_t sig_blocked;         /* o (changed under s) */
    uint64_t sig_saved;           /* o mask to restore after sigsuspend */
    bool sig_restore_saved;       /* o */
    struct list sig_pending_list; /* s struct sigpending entries */
    uint64_t sig_pending;         /* s */
    uint64_t altstack_sp, altstack_size; /* o */
    uint32_t altstack_flags;             /* o */
    int __user *clear_child_tid;         /* o */
    void __user *robust_list;            /* o */
    size_t robust_list_len;              /* o */
    void __user *rseq;              /* o proc/rseq.c; NULL: not registered */
    uint32_t rseq_len, rseq_sig;    /* o */
    uint32_t rseq_cpu;              /* o the CPU number in the area */
    int exit_code;                  /* o */
    struct wait_queue *vfork_done;  /* set while a vfork parent waits */
    void *vfork_flag;               /* struct vfork_wait, proc/clone.c */
    struct syscall_restart restart; /* o */
    unsigned fail_nth, fail_left;   /* o debugging: mem/inject.c */
};

#define TW_RESCHED 1u  /* another thread should run */
#define TW_SIGNAL  2u  /* a signal may be deliverable */
#define TW_EXIT    4u  /* the process is ending: this thread must */
#define TW_STOP    8u  /* group stop pending */
#define TW_RSEQ    16u /* look at the rseq area: proc/rseq.c */

/* Create a kernel thread running fn(arg), not yet started; NULL = no memory. */
struct thread *kthread_create(const char *name, void (*fn)(void *), void *arg);
/* Create the thread of a user process, mm etc. filled in by proc/clone.c. */
struct thread *thread_alloc(const char *name);
void thread_free(struct thread *t); /* of one that was never started */
void thread_start(struct thread *t);
__noreturn void thread_exit(void);
/* The structure (not the stack) stays while somebody holds a reference. */
void thread_get(struct thread *t);
void thread_put(struct thread *t);
/* First thing that runs in a new thread: the switch to it is over. Kernel
 * threads do it by themselves; arch code calls it before a new user thread's
 * first return to user mode. */
void sched_finish_switch(void);
/* What proc/ wants done when a dead thread is freed (deferred work). */
extern void (*thread_reaped)(struct thread *t);

/* Make a sleeping thread run. False if it was not sleeping (or the kind of its
 * sleep is not interrupted by this). Any context except hard interrupts. */
bool thread_wake(struct thread *t);
/* As above, but only if it sleeps in a way that a signal ends. */
bool thread_wake_signal(struct thread *t, bool fatal);
/* Set TW_* bits; kicks the CPU it runs on, so that it notices soon. */
void thread_set_work(struct thread *t, uint32_t bits);

/* TW_RESCHED is set: give up the CPU if the time slice is over. */
void sched_resched(void);
void schedule(void);    /* give up the CPU; state says whether to return */
void sched_yield(void); /* to equals */
/* Let others run if it is time; also runs deferred work. No locks held. */
void cond_resched(void);

/* True when a signal should end an interruptible sleep of the caller. */
bool signal_pending(void);
bool fatal_signal_pending(void);

void sched_init(void);     /* boot CPU: its caller is the first thread */
void sched_cpu_init(void); /* each other CPU: the caller is its idle thread */
/* What the caller does from now on. On the boot CPU this makes it the idle
 * thread: before that it must not sleep. */
__noreturn void sched_idle_loop(void);
/* On the way to user mode with work bits set; interrupts on. */
void sched_tick(void); /* hard timer interrupt */
int sched_set_affinity(struct thread *t, const uint64_t mask[4]);

/* The kernel is about to return to user mode because of an interrupt there
 * (user) or after a system call during which one came: see account.c. */
void sched_sample(bool user);
/* Processor time of a thread up to now, split. */
void thread_times(struct thread *t, nsec_t *user, nsec_t *system);
/* 'R' 'S' 'D' 'T' or 'Z', as /proc shows it. */
char thread_state_letter(struct thread *t);

/* For /proc/loadavg and /proc/stat. */
unsigned sched_nr_running(void);
unsigned sched_nr_threads(void);
void sched_loadavg(uint32_t out[3]); /* fixed point, 11 bits of fraction */
struct cpu_times {
    nsec_t user, system, idle, irq;
};
void sched_cpu_times(unsigned cpu, struct cpu_times *out);
uint64_t sched_context_switches(void);
