/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * clock.c - monotonic and realtime clocks.
 *
 * Realtime is monotonic time plus an offset, so that setting the clock is one
 * store. The vDSO computes it the same way from its own copy.
 */
#include "arch/x86_64/arch.h"
#include "sched/time.h"
#include "sched/wait.h"

static _Atomic nsec_t realtime_offset;
static _Atomic uint64_t steps;

struct wait_queue time_step_queue = WAIT_QUEUE_INIT(time_step_queue);

nsec_t time_monotonic(void)
{
    return arch_clock_monotonic();
}

nsec_t time_realtime(void)
{
    return arch_clock_monotonic() +
           atomic_load_explicit(&realtime_offset, memory_order_relaxed);
}

static void set_offset(nsec_t offset)
{
    atomic_store_explicit(&realtime_offset, offset, memory_order_relaxed);
    arch_vdso_update_realtime(offset);
}

void time_init(void)
{
    set_offset(arch_clock_wall_at_boot());
}

void time_set_realtime(nsec_t now)
{
    set_offset(now - arch_clock_monotonic());
    atomic_fetch_add(&steps, 1);
    wq_wake_all(&time_step_queue, 0);
}

uint64_t time_step_count(void)
{
    return atomic_load(&steps);
}
