/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * softirq.c - deferred work.
 */
#include "sched/softirq.h"
#include "arch/x86_64/arch.h"
#include "lib/log.h"
#include "sched/cpu.h"

/* Under a flood of interrupts, let the interrupted code have a turn. */
#define MAX_ROUNDS 10

static void (*handlers[SOFTIRQ_COUNT])(void);

void softirq_register(enum softirq nr, void (*fn)(void))
{
    handlers[nr] = fn;
}

void softirq_raise(enum softirq nr)
{
    /* The handler reads what the interrupt wrote after taking the bit. */
    atomic_fetch_or_explicit(&this_cpu()->softirq, 1u << nr,
                             memory_order_release);
}

bool softirq_pending(void)
{
    return atomic_load_explicit(&this_cpu()->softirq, memory_order_relaxed);
}

void softirq_run(void)
{
    struct cpu *c = this_cpu(); /* handlers do not sleep: it stays */

    if (c->in_softirq)
        return;
    DASSERT(!c->curr || c->curr->held_locks == 0);
    c->in_softirq = true;
    for (int round = 0; round < MAX_ROUNDS && softirq_pending(); round++) {
        uint32_t bits =
            atomic_exchange_explicit(&c->softirq, 0, memory_order_acquire);
        while (bits) {
            unsigned nr = (unsigned)__builtin_ctz(bits);
            bits &= bits - 1;
            if (handlers[nr])
                handlers[nr]();
        }
    }
    c->in_softirq = false;
}
