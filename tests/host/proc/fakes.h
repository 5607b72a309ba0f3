/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * fakes.h - what host-run tests of sched/ and proc/ stand on.
 *
 * Each host thread plays a CPU with one kernel thread on it: its GS base points
 * at a struct cpu, as in the kernel. The real sleep.c runs on it; schedule()
 * waits for a semaphore, and serves the CPU's timers meanwhile.
 */
#pragma once

#include "sched/cpu.h"
#include "sched/thread.h"

/* Make the calling host thread a CPU; once per host thread. */
void host_cpu_init(unsigned id);
/* Time: real by default; host_time_set() stops it at a value. */
void host_time_set(nsec_t now);

extern nsec_t host_programmed; /* last arch_timer_program() */
extern unsigned host_program_count;
extern unsigned host_reschedules; /* arch_send_reschedule() calls */
extern long host_allocated;       /* live kmalloc blocks */
extern int host_fail_alloc;       /* >0: the n-th allocation fails */
