/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * vdso_data.h - the page from which the kernel and the vDSO tell the time.
 *
 * Protected by (seq): odd while the kernel changes the page. The same code
 * reads it on both sides, so user and kernel agree to the nanosecond.
 */
#pragma once

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

enum vdso_mode {
    VDSO_NONE,    /* no clock yet, or not one that user mode can read */
    VDSO_TSC,     /* TSC times a constant */
    VDSO_PVCLOCK, /* kvmclock, one page for all CPUs (its stable bit is set) */
};

/* Filled in by the hypervisor; Linux Documentation/virt/kvm/x86/msr.rst,
 * MSR_KVM_SYSTEM_TIME_NEW. (version) is odd during an update. */
struct pvclock {
    _Atomic uint32_t version;
    uint32_t pad0;
    uint64_t tsc_timestamp;
    uint64_t system_time;
    uint32_t tsc_to_system_mul;
    int8_t tsc_shift;
    uint8_t flags;
    uint8_t pad[2];
};
#define PVCLOCK_TSC_STABLE 1u

struct vdso_data {
    _Atomic uint32_t seq;
    uint32_t mode;       /* enum vdso_mode */
    uint64_t tsc_base;   /* TSC when monotonic time was (mono_base) */
    uint64_t mult;       /* nanoseconds per tick, 32.32 fixed point */
    int64_t mono_base;   /* VDSO_PVCLOCK: monotonic minus kvmclock */
    int64_t wall_offset; /* realtime minus monotonic */
    struct pvclock pvclock __attribute__((aligned(64)));
};

/* lfence: the counter is not read before what precedes it in program order is
 * complete, in particular the load of (seq) (SDM 2B, RDTSC). */
static inline uint64_t vdso_rdtsc(void)
{
    uint32_t lo, hi;
    __asm__ volatile("lfence; rdtsc" : "=a"(lo), "=d"(hi) : : "memory");
    return lo | (uint64_t)hi << 32;
}

static inline uint64_t vdso_scale(uint64_t delta, uint64_t mult)
{
    return (uint64_t)((unsigned __int128)delta * mult >> 32);
}

static inline int64_t pvclock_read(const struct pvclock *p)
{
    uint32_t version;
    uint64_t ns;

    do {
        version = atomic_load_explicit(&p->version, memory_order_acquire);
        uint64_t tsc = vdso_rdtsc(), from = p->tsc_timestamp;
        /* Another CPU's TSC may be a little behind the time stamp. */
        uint64_t delta = (int64_t)(tsc - from) > 0 ? tsc - from : 0;
        int shift = p->tsc_shift;
        delta = shift >= 0 ? delta << shift : delta >> -shift;
        ns = p->system_time + vdso_scale(delta, p->tsc_to_system_mul);
        atomic_thread_fence(memory_order_acquire);
    } while ((version & 1) ||
             version !=
                 atomic_load_explicit(&p->version, memory_order_relaxed));
    return (int64_t)ns;
}

/* Monotonic time, plus wall_offset if (wall); false if only the kernel can
 * tell. */
static inline bool vdso_read(const struct vdso_data *d, bool wall, int64_t *out)
{
    uint32_t seq;
    int64_t ns;

    do {
        while ((seq = atomic_load_explicit(&d->seq, memory_order_acquire)) & 1)
            __asm__ volatile("pause");
        if (d->mode == VDSO_TSC) {
            uint64_t delta = vdso_rdtsc() - d->tsc_base;
            /* A CPU whose TSC lags a few ticks must not see 500 years. */
            if (__builtin_expect((int64_t)delta < 0, 0))
                delta = 0;
            ns = d->mono_base + (int64_t)vdso_scale(delta, d->mult);
        } else if (d->mode == VDSO_PVCLOCK) {
            ns = d->mono_base + pvclock_read(&d->pvclock);
        } else {
            return false;
        }
        if (wall)
            ns += d->wall_offset;
        atomic_thread_fence(memory_order_acquire);
    } while (seq != atomic_load_explicit(&d->seq, memory_order_relaxed));
    *out = ns;
    return true;
}
