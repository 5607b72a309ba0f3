/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * irq.c - vectors and who handles them.
 *
 * A line (global system interrupt) or an MSI has one vector; a vector has a
 * list of handlers that only grows. Devices are never removed, so dispatching
 * walks the list without a lock: an entry is complete before it is linked.
 */
#include "arch/x86_64/arch_priv.h"
#include "dev/acpi.h"
#include "lib/errno.h"
#include "lib/log.h"
#include "mem/slab.h"
#include "sched/cpu.h"
#include "sched/thread.h"

#define MAX_GSI 256

struct irq_action {
    irq_handler *fn;
    void *arg;
    struct irq_action *_Atomic next;
};

static struct irq_action *_Atomic actions[256];
static uint8_t vector_of_gsi[MAX_GSI]; /* [lock] 0 = none yet */
static bool gsi_level[MAX_GSI];        /* [lock] */
static unsigned next_vector = VECTOR_DEVICE_FIRST;
static struct spinlock lock = SPINLOCK_INIT(RANK_NONE);

static void timer_interrupt(void)
{
    clock_refine();
    sched_tick();
}

void irq_dispatch(unsigned vector)
{
    struct cpu_counts *counts = &this_cpu()->counts;
    struct irq_action *a;

    switch (vector) {
    case VECTOR_TIMER:
        counts->timer++;
        apic_eoi();
        timer_interrupt();
        return;
    case VECTOR_TLB:
        counts->tlb++;
        tlb_ipi();
        apic_eoi();
        return;
    case VECTOR_RESCHEDULE: /* the return path looks at the work bits */
        counts->reschedule++;
        apic_eoi();
        return;
    case VECTOR_ERROR:
        apic_error();
        return;
    case VECTOR_SPURIOUS: /* SDM 3A 10.9: without end of interrupt */
        return;
    default:
        break;
    }
    counts->device++;
    /* Pairs with the release in add_action(). */
    a = atomic_load_explicit(&actions[vector], memory_order_acquire);
    for (; a; a = atomic_load_explicit(&a->next, memory_order_acquire))
        a->fn(a->arg);
    /* After the handlers: a level-triggered line is quiet by now. The vectors
     * of the 8259s (below VECTOR_DEVICE_FIRST) never come from an APIC. */
    if (vector >= VECTOR_DEVICE_FIRST)
        apic_eoi();
}

static void add_action(unsigned vector, struct irq_action *a)
{
    struct irq_action *_Atomic *p = &actions[vector];

    while (atomic_load_explicit(p, memory_order_relaxed))
        p = &atomic_load_explicit(p, memory_order_relaxed)->next;
    atomic_store_explicit(p, a, memory_order_release);
}

static struct irq_action *new_action(irq_handler *fn, void *arg)
{
    struct irq_action *a = kzalloc(sizeof(*a), 0);

    if (a) {
        a->fn = fn;
        a->arg = arg;
    }
    return a;
}

static unsigned take_vector(void)
{
    return next_vector <= VECTOR_DEVICE_LAST ? next_vector++ : 0;
}

static int register_gsi_locked(unsigned gsi, bool level, bool active_low,
                               struct irq_action *a)
{
    unsigned vector = vector_of_gsi[gsi];
    int err;

    if (vector) {
        /* Shared; a line has one trigger mode. */
        if (gsi_level[gsi] != level)
            return -EBUSY;
        add_action(vector, a);
        return 0;
    }
    vector = take_vector();
    if (!vector)
        return -EBUSY;
    add_action(vector, a); /* first, then let it interrupt */
    err = ioapic_route(gsi, vector, cpus[0].arch.apic_id, level, active_low);
    if (err) {
        atomic_store_explicit(&actions[vector], NULL, memory_order_relaxed);
        return err;
    }
    vector_of_gsi[gsi] = (uint8_t)vector;
    gsi_level[gsi] = level;
    return 0;
}

int irq_register_gsi(unsigned gsi, bool level, bool active_low, irq_handler *fn,
                     void *arg)
{
    struct irq_action *a;
    int err;

    if (gsi >= MAX_GSI)
        return -ENODEV;
    a = new_action(fn, arg);
    if (!a)
        return -ENOMEM;
    spin_lock(&lock);
    err = register_gsi_locked(gsi, level, active_low, a);
    spin_unlock(&lock);
    if (err)
        kfree(a);
    return err;
}

int irq_register_isa(unsigned isa_irq, irq_handler *fn, void *arg)
{
    if (isa_irq >= 16)
        return -ENODEV;
    return irq_register_gsi(platform.isa[isa_irq].gsi,
                            platform.isa[isa_irq].level,
                            platform.isa[isa_irq].active_low, fn, arg);
}

/* Address and data: SDM 3A 10.11; physical destination, fixed, edge. */
int irq_register_msi(unsigned cpu, irq_handler *fn, void *arg, uint64_t *addr,
                     uint32_t *data)
{
    struct irq_action *a;
    unsigned vector;

    if (!apic_present || cpu >= nr_cpus)
        return -ENODEV;
    if (cpus[cpu].arch.apic_id > 255) /* needs interrupt remapping */
        cpu = 0;
    a = new_action(fn, arg);
    if (!a)
        return -ENOMEM;
    spin_lock(&lock);
    vector = take_vector();
    if (vector)
        add_action(vector, a);
    spin_unlock(&lock);
    if (!vector) {
        kfree(a);
        return -EBUSY;
    }
    *addr = 0xfee00000 | cpus[cpu].arch.apic_id << 12;
    *data = vector;
    return 0;
}

void arch_interrupts_init(void)
{
    platform_detect();
    pic_disable();
    apic_init_boot();
    ioapic_init();
    fpu_init();
    arch_irqs_enable();
}
