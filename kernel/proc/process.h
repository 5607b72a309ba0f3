/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * process.h - processes: what threads share.
 *
 *   ALIVE --last thread exits / exit_group--> ZOMBIE --wait4--> gone
 *   (parent ignores SIGCHLD, or the like: ALIVE -> gone)
 *
 * Locks: (T) the process-tree lock covers parent, children, groups, sessions
 * and state; (s) siglock covers threads, pending signals and handlers.
 */
#pragma once

#include <asm/siginfo.h>
#include <asm/signal.h>
#include <linux/resource.h>
#include <stdatomic.h>

#include "fs/path.h"
#include "lib/list.h"
#include "lib/types.h"
#include "proc/fdtable.h"
#include "sched/lock.h"
#include "sched/thread.h"

struct mm;
struct tty;

#define NSIG_MAX 64
struct sigaction_k { /* the kernel's struct sigaction, x86-64 ABI */
    uint64_t handler, flags, restorer, mask;
};
struct sighand { /* shared with CLONE_SIGHAND: only inside one process here */
    struct sigaction_k action[NSIG_MAX]; /* s [signo - 1] */
};

/* Of ITIMER_VIRTUAL and ITIMER_PROF: in processor time; expires 0: not set. */
struct cpu_timers {
    struct timer timer;
    nsec_t expires[2], interval[2];
    nsec_t seen; /* processor time at the last look */
    nsec_t idle; /* between looks while it uses none */
    bool off;    /* the process ends */
};

enum process_state { PROCESS_ALIVE, PROCESS_ZOMBIE, PROCESS_DEAD };

struct process {
    pid_t pid;                     /* I = tid of the first thread */
    _Atomic uint32_t refs;         /* a */
    enum process_state state;      /* T */
    struct process *parent;        /* T */
    struct list children, sibling; /* T */
    RB_HEAD(report_tree, process)
    reports;                       /* T children with something to
                                    * report: wait.c */
    RB_ENTRY(process) report_link; /* T in the parent's reports */
    uint64_t birth;                /* T order among siblings */
    bool reporting;                /* T in that tree */
    struct list pid_link;          /* T hash or list of all */
    pid_t pgid, sid;               /* T */
    struct list pg_link;           /* T */
    struct tty *tty;               /* T controlling terminal of the session */

    struct spinlock siglock;       /* RANK_SIGNAL */
    struct list threads;           /* s */
    unsigned nr_threads;           /* s */
    struct thread *leader;         /* s first thread, maybe dead */
    struct sighand sighand;        /* s */
    uint64_t sig_pending;          /* s process-directed */
    struct list sig_pending_list;  /* s queued siginfo */
    bool group_exit;               /* s */
    int exit_status;               /* s wait status */
    bool stopped, continued;       /* s to be reported by wait */
    int stop_signo;                /* s */
    bool group_stop;               /* s threads stop, or have */
    unsigned stop_count;           /* s threads yet to stop */
    bool stop_dequeued;            /* s a stop signal was taken, no SIGCONT
                                    * since */
    bool tell_continued;           /* s parent not yet told */
    struct thread *exec_thread;    /* s waits to be the only thread */
    int exit_signal;               /* I sent to the parent, SIGCHLD or 0 */
    struct wait_queue child_exit;  /* wait4 sleeps here */
    struct wait_queue signal_wait; /* signalfd, sigtimedwait */
    struct wait_queue exit_wait;   /* pidfd: woken when it is a zombie */

    struct mm *mm;          /* s own reference; NULL once dead */
    struct fdtable *files;  /* s NULL once dead; changed only by exec
                             * and unshare of the only thread */
    struct mutex fs_lock;   /* cwd, root, umask */
    struct path cwd, root;  /* fs_lock */
    _Atomic uint32_t umask; /* a */

    uint32_t uid, euid, suid, fsuid, gid, egid, sgid, fsgid; /* s */
    uint32_t groups[32];                                     /* s */
    unsigned ngroups;                                        /* s */
    struct rlimit64 rlimits[RLIM_NLIMITS];                   /* s */
    nsec_t start_time;                                       /* I monotonic */
    _Atomic nsec_t dead_user, dead_system; /* a of exited threads */
    nsec_t child_user, child_system;       /* T of reaped children */
    uint64_t maxrss, child_maxrss;         /* T KiB; maxrss: once dead */
    uint64_t dead_vol, dead_invol;         /* s switches of exited threads */
    uint64_t child_vol, child_invol, child_min_faults, child_maj_faults; /* T */
    nsec_t shown_user, shown_system;         /* s see process_times() */
    _Atomic uint64_t min_faults, maj_faults; /* a */
    struct timer itimer;                     /* ITIMER_REAL / alarm */
    nsec_t itimer_interval;
    struct cpu_timers cpu_timers; /* proc/cpu_timer.c */
    void *posix_timers;           /* proc/posix_timer.c */
    struct mutex timers_lock;     /* itimer, posix_timers */
    char comm[16];                /* o */
    int oom_score_adj;
    bool did_exec; /* for setpgid's EACCES */
    bool dumpable, no_new_privs, child_subreaper;
    int pdeath_signal;
    uint64_t personality;
    bool keep_caps;       /* prctl(PR_SET_KEEPCAPS) */
    uint64_t timer_slack; /* prctl(PR_SET_TIMERSLACK) */
};
#define current_process() (current->process)

void process_init(void);
/* Start process 1 from an ELF file: argv[0] = path, the given environment.
 * 0 or -errno; nothing is logged. */
int process_start_init(const char *path, char *const argv[],
                       char *const envp[]);
struct process *process_find(pid_t pid); /* with a reference, or NULL */
/* A user thread, or NULL; with a reference to it (thread_put) and to its
 * process (process_put). */
struct thread *thread_find(pid_t tid);
/* The address space, with a reference (mm_put), or NULL if it is dead. */
struct mm *process_get_mm(struct process *p);
/* Processor time of all its threads, dead ones included; never goes back. */
void process_times(struct process *p, nsec_t *user, nsec_t *system);
extern struct process *init_process; /* process 1 */
void process_get(struct process *p);
void process_put(struct process *p);
/* Next process with pid >= from, for /proc; with a reference, or NULL. */
struct process *process_next(pid_t from);
/* Call fn for each thread of p, siglock held: fn must not sleep. */
void process_for_each_thread(struct process *p,
                             void (*fn)(struct thread *, void *), void *arg);
unsigned process_count(void);
pid_t process_last_pid(void);
__noreturn void process_exit_group(int wait_status); /* of the caller */
bool process_is_session_leader(struct process *p);
/* Terminal job control (dev/tty.c). */
int process_set_tty(struct process *p, struct tty *t);
void process_clear_tty(struct tty *t);
/* The machine's name (sethostname), as uname(2) gives it; copied. */
void uts_get_hostname(char *out, size_t size);
int uts_set_hostname(const char *name, size_t len); /* 0 or -EINVAL */
extern const char uts_release[], uts_version[];     /* uname(2) */
uint64_t process_rlimit(unsigned which); /* soft limit of the caller */
