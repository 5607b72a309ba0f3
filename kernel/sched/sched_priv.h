/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * sched_priv.h - what the files of the scheduler tell each other.
 */
#pragma once

#include "arch/x86_64/arch.h"
#include "sched/cpu.h"
#include "sched/thread.h"

/* How long a thread may run while others wait: woken ones (they sleep a lot
 * and want to run soon), or ones that used up a slice themselves. */
#define SLICE_WOKEN (1 * NSEC_PER_MSEC)
#define SLICE       (5 * NSEC_PER_MSEC)

/* Queue a READY thread on the CPU it should run on and tell that CPU. */
void runq_place(struct thread *t);
/* Put a preempted thread at the end. Call with the run queue lock held. */
void runq_add_batch(struct cpu *c, struct thread *t, nsec_t now);
/* Take the next thread off the queue; NULL if empty. Lock held. */
struct thread *runq_take(struct cpu *c, nsec_t now);
/* Take a thread off another CPU's queue for this one; NULL. No locks held. */
struct thread *runq_steal(struct cpu *c);
/* Whether runq_steal() may find something. */
bool runq_worth_stealing(struct cpu *c);
void runq_init(struct cpu *c);

/* Charge the time since the last call to the thread that used it. */
void account_switch(struct cpu *c, struct thread *prev, nsec_t now);
void account_idle(struct cpu *c, nsec_t from, nsec_t to);
void loadavg_update(nsec_t now);

/* Make the hardware interrupt at the next timer or end of slice. */
void timer_update_hardware(struct cpu *c);
void timer_init_cpu(struct cpu *c);

void thread_init(struct thread *t, const char *name);
void thread_queue_dead(struct thread *t);
void thread_reap(void);
void sched_count_threads(int change);
/* Leave this CPU for one in the affinity mask. */
void sched_migrate_self(void);
