/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * softirq.h - deferred work: everything an interrupt wants done.
 *
 * Hard interrupt handlers run with interrupts off and do three things only:
 * quiet the device, set a bit with softirq_raise(), end the interrupt. They
 * take no lock. The bits are served by softirq_run() at points where the CPU
 * holds no lock: on the way back to user mode (from an interrupt or a system
 * call), in schedule() and in the idle loop. So all other code may take any
 * lock without disabling interrupts. Long loops in the kernel call
 * cond_resched() where they hold no lock.
 *
 * A handler runs with interrupts enabled, may take spinlocks, and must not
 * sleep. It runs on the CPU that raised it.
 */
#pragma once

#include "lib/types.h"

enum softirq {
    SOFTIRQ_TIMER,
    SOFTIRQ_BLOCK,   /* disk completions */
    SOFTIRQ_NET,     /* received packets, transmit completions, lwIP timers */
    SOFTIRQ_CONSOLE, /* serial input and output */
    SOFTIRQ_RNG,
    SOFTIRQ_POWER, /* power button */
    SOFTIRQ_REAP,  /* free dead threads */
    SOFTIRQ_COUNT,
};

void softirq_register(enum softirq nr, void (*fn)(void));
void softirq_raise(enum softirq nr); /* any context */
bool softirq_pending(void);
void softirq_run(void);
