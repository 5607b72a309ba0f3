/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * apic.c - the local APIC: inter-processor interrupts, end of interrupt, timer
 * (Intel SDM 3A chapter 10).
 *
 * Registers are memory (xAPIC) or MSRs (x2APIC); the latter is used only where
 * an APIC id above 254 or the firmware demands it, or a hypervisor offers it,
 * where an MSR costs less than emulated memory.
 *
 * The timer counts TSC ticks to a deadline where the CPU can do that, else it
 * counts down in one-shot mode at a rate that clock.c has measured. The timer
 * interrupt may come early for far deadlines; the scheduler programs it anew.
 */
#include "arch/x86_64/arch_priv.h"
#include "lib/log.h"
#include "sched/cpu.h"
#include "sched/time.h"

#define REG_ID        0x20
#define REG_VERSION   0x30
#define REG_TPR       0x80
#define REG_EOI       0xb0
#define REG_LDR       0xd0
#define REG_DFR       0xe0
#define REG_SPURIOUS  0xf0
#define REG_ESR       0x280
#define REG_ICR_LOW   0x300
#define REG_ICR_HIGH  0x310
#define REG_LVT_TIMER 0x320
#define REG_LVT_THERM 0x330
#define REG_LVT_PERF  0x340
#define REG_LVT_LINT0 0x350
#define REG_LVT_LINT1 0x360
#define REG_LVT_ERROR 0x370
#define REG_COUNT     0x380
#define REG_CURRENT   0x390
#define REG_DIVIDE    0x3e0

#define LVT_MASKED     (1u << 16)
#define LVT_NMI        (4u << 8)
#define TIMER_ONE_SHOT 0u
#define TIMER_DEADLINE (2u << 17)
#define DIVIDE_BY_1    0xbu
#define ICR_PENDING    (1u << 12)
#define BASE_ENABLE    (1ul << 11)
#define BASE_X2APIC    (1ul << 10)
#define SVR_ENABLE     (1u << 8)

bool apic_present;
static volatile uint32_t *regs;
static bool x2apic;
static bool deadline_mode;
static uint64_t ticks_per_ns_32; /* timer ticks per ns, 32.32 fixed point */

static uint32_t apic_read(unsigned reg)
{
    return x2apic ? (uint32_t)rdmsr(0x800 + reg / 16) : regs[reg / 4];
}

static void apic_write(unsigned reg, uint32_t v)
{
    if (x2apic)
        wrmsr(0x800 + reg / 16, v);
    else
        regs[reg / 4] = v;
}

uint32_t apic_id(void)
{
    uint32_t id;

    if (!apic_present)
        return 0;
    id = apic_read(REG_ID);
    return x2apic ? id : id >> 24;
}

void apic_eoi(void)
{
    if (apic_present)
        apic_write(REG_EOI, 0);
}

/* Writing the x2APIC's ICR is not serializing (SDM 3A 10.12.3): the fences make
 * what was stored before visible to the CPU that is interrupted. */
void apic_send(uint32_t dest, uint32_t low)
{
    if (!apic_present)
        return;
    if (x2apic) {
        __asm__ volatile("mfence; lfence" ::: "memory");
        wrmsr(0x830, (uint64_t)dest << 32 | low);
        return;
    }
    bool on = arch_irqs_disable(); /* two registers make one command */
    while (regs[REG_ICR_LOW / 4] & ICR_PENDING)
        arch_pause();
    regs[REG_ICR_HIGH / 4] = dest << 24;
    regs[REG_ICR_LOW / 4] = low;
    arch_irqs_restore(on);
}

void apic_send_vector(struct cpu *c, unsigned vector)
{
    apic_send(c->arch.apic_id, ICR_ASSERT | vector);
}

void arch_send_reschedule(struct cpu *c)
{
    apic_send_vector(c, VECTOR_RESCHEDULE);
}

void apic_send_nmi_all_others(void)
{
    apic_send(0, ICR_ALL_BUT_SELF | ICR_ASSERT | ICR_NMI);
}

/* What the APIC itself found wrong, such as a vector that cannot be. */
void apic_error(void)
{
    static _Atomic unsigned told;

    apic_write(REG_ESR, 0); /* latches what came since the last time */
    if (atomic_fetch_add(&told, 1) < 10)
        kwarn("APIC of CPU %u: error 0x%x", this_cpu()->id, apic_read(REG_ESR));
    apic_eoi();
}

/* --- timer -------------------------------------------------------------- */

void apic_timer_stop(void)
{
    if (deadline_mode)
        wrmsr(MSR_TSC_DEADLINE, 0);
    else if (apic_present)
        apic_write(REG_COUNT, 0);
}

uint32_t apic_timer_read(void)
{
    return apic_read(REG_CURRENT);
}

/* For calibration: count down from (count). */
void apic_timer_count(uint32_t count, bool masked)
{
    apic_write(REG_DIVIDE, DIVIDE_BY_1);
    apic_write(REG_LVT_TIMER,
               TIMER_ONE_SHOT | VECTOR_TIMER | (masked ? LVT_MASKED : 0));
    apic_write(REG_COUNT, count);
}

void apic_timer_init_cpu(void)
{
    if (!apic_present)
        return;
    apic_write(REG_DIVIDE, DIVIDE_BY_1);
    apic_write(REG_LVT_TIMER, VECTOR_TIMER | (deadline_mode ? TIMER_DEADLINE
                                                            : TIMER_ONE_SHOT));
    /* The mode must be set before the deadline is (SDM 3A 10.5.4.1). */
    if (deadline_mode)
        __asm__ volatile("mfence" ::: "memory");
}

void apic_timer_calibrated(uint64_t hz)
{
    deadline_mode = hz == 0;
    ticks_per_ns_32 = mul_div(hz, 1ul << 32, 1000000000ul);
    apic_timer_init_cpu();
}

void arch_timer_program(nsec_t deadline)
{
    nsec_t delta;
    uint64_t ticks;

    /* A reference counter used as clock wraps: it must be read in time. */
    if (deadline == NSEC_NEVER && !clock_needs_ticks()) {
        apic_timer_stop();
        return;
    }
    if (deadline_mode) { /* 0 would disarm; a past deadline fires at once */
        wrmsr(MSR_TSC_DEADLINE, MAX(clock_ns_to_tsc(deadline), 1ul));
        return;
    }
    if (!apic_present)
        return;
    delta = deadline - arch_clock_monotonic();
    delta = MIN(MAX(delta, 0l), 2 * NSEC_PER_SEC);
    ticks = (((uint64_t)delta * ticks_per_ns_32) >> 32) + 1;
    apic_write(REG_COUNT, (uint32_t)MIN(ticks, 0xfffffffful));
}

/* --- start-up ----------------------------------------------------------- */

static void mask_lvts(void)
{
    unsigned max = apic_read(REG_VERSION) >> 16 & 255;

    apic_write(REG_LVT_TIMER, LVT_MASKED | VECTOR_TIMER);
    apic_write(REG_LVT_LINT0, LVT_MASKED);
    apic_write(REG_LVT_LINT1, LVT_NMI);
    apic_write(REG_LVT_ERROR, VECTOR_ERROR);
    if (max >= 4)
        apic_write(REG_LVT_PERF, LVT_MASKED);
    if (max >= 5)
        apic_write(REG_LVT_THERM, LVT_MASKED);
}

void apic_init_cpu(void)
{
    uint64_t base;

    if (!apic_present)
        return;
    base = rdmsr(MSR_APIC_BASE) | BASE_ENABLE;
    wrmsr(MSR_APIC_BASE, base);
    if (x2apic) /* not in one step from disabled (SDM 3A 10.12.5) */
        wrmsr(MSR_APIC_BASE, base | BASE_X2APIC);
    if (!x2apic) { /* flat logical destinations are not used, but be sane */
        apic_write(REG_DFR, 0xffffffff);
        apic_write(REG_LDR, 0);
    }
    apic_write(REG_TPR, 0);
    apic_write(REG_SPURIOUS, SVR_ENABLE | VECTOR_SPURIOUS);
    mask_lvts();
    apic_write(REG_ESR, 0);
    apic_timer_init_cpu();
    this_cpu()->arch.apic_id = apic_id();
}

static bool wide_ids(void)
{
    for (unsigned i = 0; i < platform.nr_cpus; i++)
        if (platform.apic_ids[i] >= 255)
            return true;
    return false;
}

void apic_init_boot(void)
{
    uint64_t base;

    if (!cpu_features.apic) {
        kwarn("no local APIC: no timer, no interrupts");
        return;
    }
    base = rdmsr(MSR_APIC_BASE);
    x2apic = cpu_features.x2apic &&
             ((base & BASE_X2APIC) || cpu_features.hypervisor || wide_ids());
    if (!x2apic)
        regs = arch_mmio_map(base & PTE_ADDR, PAGE_SIZE);
    if (!x2apic && !regs)
        panic("cannot map the local APIC");
    apic_present = true;
    apic_init_cpu();
}
