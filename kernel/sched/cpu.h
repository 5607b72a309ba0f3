/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * cpu.h - per-processor data.
 */
#pragma once

#include <stdatomic.h>

#include "arch/x86_64/arch_cpu.h"
#include "sched/thread.h"
#include "sched/time.h"

#define MAX_CPUS 64

/* o only its own CPU; q run queue lock; t timer lock; a atomic; I immutable */
/* How often, since the start. */
struct cpu_counts {
    uint32_t timer, reschedule, tlb, device; /* interrupts, by cause */
    uint32_t halts;
};

struct cpu {
    struct cpu *self;         /* I must be first: gs:0 */
    struct thread *curr;      /* o must be second: gs:8 */
    uint64_t kernel_sp;       /* o third: top of current's kernel stack */
    uint64_t user_sp;         /* o fourth: scratch of the system-call entry */
    unsigned id;              /* I 0 .. */
    _Atomic uint32_t softirq; /* a pending bits */
    bool in_softirq;          /* o */
    _Atomic bool idle;        /* a halting or about to */
    _Atomic bool online;      /* a */
    struct arch_cpu arch;     /* o APIC id, TSS, GDT, active mm */

    struct spinlock runq_lock;
    struct list runq;           /* q READY threads that were woken */
    struct list runq_batch;     /* q READY threads that used their slice */
    _Atomic unsigned nr_ready;  /* q in both; read by anyone */
    bool batch_turn;            /* q the last one taken had waited too long */
    struct thread *running;     /* q = curr, for other CPUs */
    struct thread *idle_thread; /* I */
    struct thread *prev;        /* o handed through a context switch */

    struct spinlock timer_lock;
    RB_HEAD(timer_tree, timer) timers; /* t */
    struct timer *timer_first;         /* t */
    struct timer *timer_running;       /* t */
    nsec_t timer_programmed;           /* o hardware deadline */
    _Atomic nsec_t slice_deadline;     /* o read by anyone; NSEC_NEVER: nobody
                                        * waits for this CPU */
    struct list dead;                  /* o threads to free */

    struct cpu_times times;   /* o */
    uint64_t switches;        /* o */
    struct cpu_counts counts; /* o read by anyone */
    nsec_t last_account;      /* o */
    void *page_cache;         /* o mem/: per-CPU free pages */
    void *slab_cache;         /* o mem/: per-CPU magazines */
};

/* CPUs that halt or are about to: bit n = CPU n. */
extern _Atomic uint64_t cpus_idle;

extern struct cpu cpus[MAX_CPUS];
extern unsigned nr_cpus; /* online; fixed after boot */

static inline struct cpu *this_cpu(void)
{
    return arch_this_cpu();
}
/* The calling thread. Constant for a thread even when it changes CPU. */
static inline struct thread *current_thread(void)
{
    return arch_current();
}
#define current current_thread()
