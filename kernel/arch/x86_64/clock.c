/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * clock.c - monotonic time, and the rates of TSC and APIC timer.
 *
 * Sources, best first:
 *   kvmclock whose pages are the same for all CPUs (stable bit); the TSC;
 *   kvmclock per CPU; HPET or the ACPI PM timer.
 * The first two are read by the vDSO too.
 *
 * The TSC is used if it does not go back from one CPU to another, which is
 * tested when a CPU is started (tsc_sync_*). The invariant bit is not asked
 * for: emulators run the TSC off the host's clock and do not set it; a
 * hypervisor without it offers kvmclock, which ranks before; and processors
 * whose TSC changes speed have not been made since long mode is common.
 * So nothing watches it later.
 *
 * Its rate comes from CPUID or the hypervisor. Else it is measured against a
 * reference counter, while the CPU halts for a moment: a busy wait would cost
 * emulators and -icount runs dearly. That is good to some 0.1 %; samples taken
 * a second and half a minute later, in a timer interrupt, make it a few
 * millionths. Time goes on from where it is, at the better rate.
 */
#include "arch/x86_64/arch_priv.h"
#include "arch/x86_64/clock_ref.h"
#include "arch/x86_64/kvmclock.h"
#include "arch/x86_64/vdso/vdso_data.h"
#include "lib/log.h"
#include "sched/cpu.h"
#include "sched/time.h"

#define NSEC_HZ 1000000000ul

/* When the rate is measured again, over all the time since start-up. */
#define REFINE_FIRST (1 * NSEC_PER_SEC)
#define REFINE_AGAIN (30 * NSEC_PER_SEC)

static union {
    struct vdso_data data;
    char page[PAGE_SIZE];
} vdso __aligned(PAGE_SIZE) __attribute__((section(".bss.page_aligned")));

/* What to ask when vdso.data.mode is VDSO_NONE. */
static enum { SLOW_NONE, SLOW_KVMCLOCK, SLOW_REFERENCE } slow;

static uint64_t tsc_hz;
static uint64_t tsc_per_ns_32; /* 32.32 */
static const struct clock_ref *ref;
static struct pvclock cpu_pvclock[MAX_CPUS] __aligned(64);

/* --- the data page ------------------------------------------------------ */

/* Writers exclude each other by the odd number itself, with interrupts off: a
 * handler on this CPU would wait for ever. */
static bool data_write_begin(void)
{
    bool on = arch_irqs_disable();
    uint32_t seq;

    for (;;) {
        seq = atomic_load_explicit(&vdso.data.seq, memory_order_relaxed);
        if (!(seq & 1) && atomic_compare_exchange_weak_explicit(
                              &vdso.data.seq, &seq, seq + 1,
                              memory_order_acquire, memory_order_relaxed))
            break;
        arch_pause();
    }
    /* The odd number is visible before any new field; on x86 stores are not
     * reordered, this is for the compiler. */
    atomic_thread_fence(memory_order_release);
    return on;
}

static void data_write_end(bool on)
{
    atomic_fetch_add_explicit(&vdso.data.seq, 1, memory_order_release);
    arch_irqs_restore(on);
}

paddr_t arch_vdso_data(void)
{
    return image_paddr(&vdso);
}

void arch_vdso_update_realtime(nsec_t wall_minus_monotonic)
{
    bool on = data_write_begin();

    vdso.data.wall_offset = wall_minus_monotonic;
    data_write_end(on);
}

static uint64_t mult_of(uint64_t hz)
{
    return (NSEC_HZ << 32) / hz;
}

static void set_tsc_rate(uint64_t hz)
{
    tsc_hz = hz;
    tsc_per_ns_32 = mul_div(hz, 1ul << 32, NSEC_HZ);
}

/* --- slow sources ------------------------------------------------------- */

/* The reference counter without its wrap-around. A reading up to half the range
 * behind the newest one seen is late, not a wrap. */
static uint64_t ref_extended(void)
{
    static _Atomic uint64_t newest;
    uint64_t old = atomic_load(&newest);

    for (;;) {
        uint32_t delta = (ref->read() - (uint32_t)old) & ref->mask;
        if (delta > ref->mask / 2)
            return old;
        if (atomic_compare_exchange_weak(&newest, &old, old + delta))
            return old + delta;
    }
}

static nsec_t slow_read(void)
{
    static _Atomic nsec_t newest;
    nsec_t now = 0, old;

    if (slow == SLOW_KVMCLOCK)
        now = pvclock_read(&cpu_pvclock[this_cpu()->id]);
    else if (slow == SLOW_REFERENCE)
        now = (nsec_t)mul_div(ref_extended(), NSEC_HZ, ref->hz);
    now += vdso.data.mono_base;
    /* Never back, whichever CPU asks. */
    old = atomic_load_explicit(&newest, memory_order_relaxed);
    while (now > old && !atomic_compare_exchange_weak(&newest, &old, now))
        ;
    return MAX(now, old);
}

nsec_t arch_clock_monotonic(void)
{
    nsec_t ns;

    if (likely(vdso_read(&vdso.data, false, &ns)))
        return ns;
    return slow ? slow_read() : 0;
}

uint64_t clock_ns_to_tsc(nsec_t deadline)
{
    uint64_t now = vdso_rdtsc();
    nsec_t delta = deadline - arch_clock_monotonic();

    if (delta <= 0)
        return now;
    /* Not beyond an hour: the scheduler asks again. */
    return now +
           vdso_scale((uint64_t)MIN(delta, 3600 * NSEC_PER_SEC), tsc_per_ns_32);
}

void clock_delay_us(unsigned us)
{
    nsec_t end = arch_clock_monotonic() + us * NSEC_PER_USEC;

    while (arch_clock_monotonic() < end)
        arch_pause();
}

/* --- measuring ---------------------------------------------------------- */

struct sample {
    uint64_t tsc;
    uint32_t ref, timer;
};

/* The three counters at one moment, as near as can be: the closest of some
 * readings, since the host may take the CPU away in between. */
static struct sample take_sample(bool timer)
{
    struct sample best = {0};
    uint64_t width = UINT64_MAX;

    for (int i = 0; i < 4; i++) {
        uint64_t before = vdso_rdtsc();
        uint32_t r = ref ? ref->read() : 0;
        uint32_t t = timer ? apic_timer_read() : 0;
        uint64_t after = vdso_rdtsc();
        if (after - before >= width)
            continue;
        width = after - before;
        best = (struct sample){before + width / 2, r, t};
    }
    return best;
}

static struct sample first_sample; /* the start of the long measurement */
static nsec_t refine_after;        /* 0 = nothing to refine */

static uint64_t rate(uint64_t ticks, uint64_t ref_ticks)
{
    return mul_div(ticks, ref->hz, ref_ticks);
}

/* Halt for about 300000 ticks of the APIC timer: 0.3 ms under QEMU, 12 ms with
 * the slowest crystal. */
static void halt_a_moment(void)
{
    arch_irqs_disable();
    apic_timer_count(300000, false);
    while (apic_timer_read()) {
        arch_idle_halt();
        arch_irqs_disable();
    }
    arch_irqs_enable();
}

static void spin_a_moment(unsigned us)
{
    uint32_t start = ref->read();
    uint64_t ticks = us * ref->hz / 1000000;

    while (((ref->read() - start) & ref->mask) < ticks)
        arch_pause();
}

static void measure_tsc(void)
{
    struct sample s;

    first_sample = take_sample(false);
    if (apic_present)
        halt_a_moment();
    else
        spin_a_moment(500);
    s = take_sample(false);
    set_tsc_rate(rate(s.tsc - first_sample.tsc,
                      ((s.ref - first_sample.ref) & ref->mask) ?: 1));
    refine_after = REFINE_FIRST;
}

/* The APIC timer against the TSC: 20 us are good to a part in a thousand or
 * two, and deadlines are checked against the clock when it fires. */
static uint64_t measure_timer(void)
{
    struct sample a, b;

    apic_timer_count(UINT32_MAX, true);
    a = take_sample(true);
    while (vdso_rdtsc() - a.tsc < tsc_hz / 50000)
        arch_pause();
    b = take_sample(true);
    apic_timer_stop();
    return mul_div(a.timer - b.timer, tsc_hz, b.tsc - a.tsc);
}

/* In a timer interrupt. The reference counter may have wrapped many times: the
 * rate known so far says how often. */
void clock_refine(void)
{
    struct sample s;
    uint64_t ticks, wraps, expect, hz;
    nsec_t now;

    if (likely(!refine_after) || this_cpu()->id)
        return;
    now = arch_clock_monotonic();
    if (now < refine_after || vdso.data.mode != VDSO_TSC)
        return;
    refine_after = now < REFINE_AGAIN ? REFINE_AGAIN : 0;
    s = take_sample(false);
    ticks = (s.ref - first_sample.ref) & ref->mask;
    expect = mul_div(s.tsc - first_sample.tsc, ref->hz, tsc_hz);
    wraps = (expect - ticks + ref->mask / 2) / ((uint64_t)ref->mask + 1);
    if (expect < ticks)
        wraps = 0;
    hz = rate(s.tsc - first_sample.tsc,
              ticks + wraps * ((uint64_t)ref->mask + 1));
    if (hz > tsc_hz + tsc_hz / 20 || hz < tsc_hz - tsc_hz / 20) {
        refine_after = 0;
        kwarn("clock: the TSC's rate is not constant against the %s",
              ref->name);
        return;
    }
    bool on = data_write_begin();
    uint64_t tsc = vdso_rdtsc();
    vdso.data.mono_base +=
        (nsec_t)vdso_scale(tsc - vdso.data.tsc_base, vdso.data.mult);
    vdso.data.tsc_base = tsc;
    vdso.data.mult = mult_of(hz);
    set_tsc_rate(hz);
    data_write_end(on);
}

/* --- what CPUID tells --------------------------------------------------- */

/* Leaf 0x15: TSC = crystal * ebx / eax; the APIC timer runs off the crystal
 * (SDM 3B 19.7.3, 3A 10.5.4). Leaf hv + 0x10: kHz of TSC and APIC bus, as
 * VMware defined it and KVM and QEMU took it over; another hypervisor may mean
 * something else by it, so the numbers must be such as clocks have. */
static void rates_from_cpuid(uint64_t *timer_hz)
{
    struct cpuid r;

    if (cpu_features.max_leaf >= 0x15) {
        r = cpuid(0x15, 0);
        if (r.eax && r.ebx && r.ecx) {
            set_tsc_rate((uint64_t)r.ecx * r.ebx / r.eax);
            *timer_hz = r.ecx;
        }
    }
    if (cpu_features.hypervisor &&
        cpu_features.max_hv_leaf >= cpu_features.hv_leaf + 0x10) {
        r = cpuid(cpu_features.hv_leaf + 0x10, 0);
        if (r.eax < 100000 || r.eax > 20000000)
            return;
        set_tsc_rate(r.eax * 1000ul);
        if (r.ebx)
            *timer_hz = r.ebx * 1000ul;
    }
}

/* --- start-up ----------------------------------------------------------- */

static void start_clock(enum vdso_mode mode, nsec_t base)
{
    bool on = data_write_begin();

    vdso.data.tsc_base = vdso_rdtsc();
    vdso.data.mult = tsc_hz ? mult_of(tsc_hz) : 0;
    vdso.data.mono_base = base;
    vdso.data.mode = mode;
    data_write_end(on);
}

static void start_kvmclock(void)
{
    if (!tsc_hz)
        set_tsc_rate(kvmclock_tsc_hz(&vdso.data.pvclock));
    if (kvmclock_stable(&vdso.data.pvclock)) {
        start_clock(VDSO_PVCLOCK, -pvclock_read(&vdso.data.pvclock));
    } else if (cpu_features.invariant_tsc) {
        start_clock(VDSO_TSC, 0);
    } else {
        kvmclock_enable(&cpu_pvclock[0]);
        vdso.data.mono_base = -pvclock_read(&cpu_pvclock[0]);
        slow = SLOW_KVMCLOCK;
    }
}

void arch_clock_init(void)
{
    uint64_t timer_hz = 0;

    rates_from_cpuid(&timer_hz);
    if (kvmclock_enable(&vdso.data.pvclock)) {
        start_kvmclock();
    } else {
        ref = clock_ref_find();
        if (!tsc_hz && ref)
            measure_tsc();
        if (!tsc_hz) {
            kwarn("clock: nothing to measure the TSC by: assuming 1 GHz");
            set_tsc_rate(NSEC_HZ);
        }
        start_clock(VDSO_TSC, 0);
    }
    if (cpu_features.tsc_deadline)
        apic_timer_calibrated(0);
    else if (apic_present)
        apic_timer_calibrated(timer_hz ? timer_hz : measure_timer());
    kinfo("clock: TSC %lu kHz", tsc_hz / 1000);
}

void clock_init_cpu(void)
{
    if (slow == SLOW_KVMCLOCK)
        kvmclock_enable(&cpu_pvclock[this_cpu()->id]);
}

nsec_t arch_clock_wall_at_boot(void)
{
    if (vdso.data.mode == VDSO_PVCLOCK || slow == SLOW_KVMCLOCK) {
        nsec_t wall = kvmclock_wall_offset();
        if (wall)
            return wall - vdso.data.mono_base;
    }
    nsec_t rtc = rtc_read();
    return rtc ? rtc - arch_clock_monotonic() : 0;
}

/* Go on with another source, at the time reached. */
void clock_tsc_unusable(const char *why)
{
    nsec_t now;

    if (vdso.data.mode != VDSO_TSC)
        return;
    if (!ref)
        ref = clock_ref_find();
    if (!ref || !ref->always) {
        kwarn("clock: %s, and there is no other clock", why);
        return;
    }
    kwarn("clock: %s; using the %s", why, ref->name);
    now = arch_clock_monotonic();
    refine_after = 0;
    bool on = data_write_begin();
    slow = SLOW_REFERENCE;
    vdso.data.mono_base = 0;
    vdso.data.mode = VDSO_NONE;
    vdso.data.mono_base = now - slow_read();
    data_write_end(on);
}

bool clock_needs_ticks(void)
{
    return slow == SLOW_REFERENCE;
}
