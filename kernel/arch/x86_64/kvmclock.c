/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * kvmclock.c - see Linux Documentation/virt/kvm/x86/{cpuid,msr}.rst.
 */
#include "arch/x86_64/kvmclock.h"
#include "arch/x86_64/arch_priv.h"
#include "lib/string.h"
#include "sched/time.h"

#define FEATURE_CLOCKSOURCE  (1u << 0)
#define FEATURE_CLOCKSOURCE2 (1u << 3)
#define FEATURE_STABLE_BIT   (1u << 24)

static uint32_t features(void)
{
    if (!cpu_features.kvm)
        return 0;
    return cpuid(cpu_features.hv_leaf + 1, 0).eax;
}

bool kvmclock_enable(struct pvclock *page)
{
    uint32_t f = features(), msr = 0x4b564d01;

    if (!(f & (FEATURE_CLOCKSOURCE | FEATURE_CLOCKSOURCE2)))
        return false;
    if (!(f & FEATURE_CLOCKSOURCE2))
        msr = 0x12;
    memset(page, 0, sizeof(*page));
    wrmsr(msr, image_paddr(page) | 1); /* bit 0: enable; filled in at once */
    return page->tsc_to_system_mul != 0;
}

bool kvmclock_stable(const struct pvclock *page)
{
    return (features() & FEATURE_STABLE_BIT) &&
           (page->flags & PVCLOCK_TSC_STABLE);
}

/* ns = (ticks << shift) * mul / 2^32, so hz = 10^9 * 2^32 / mul >> shift. */
uint64_t kvmclock_tsc_hz(const struct pvclock *page)
{
    uint64_t hz = (1000000000ul << 32) / page->tsc_to_system_mul;
    int shift = page->tsc_shift;

    return shift >= 0 ? hz >> shift : hz << -shift;
}

nsec_t kvmclock_wall_offset(void)
{
    static struct {
        uint32_t version, sec, nsec;
    } wall __aligned(16);

    wrmsr(features() & FEATURE_CLOCKSOURCE2 ? 0x4b564d00 : 0x11,
          image_paddr(&wall));
    barrier();
    return (nsec_t)wall.sec * NSEC_PER_SEC + wall.nsec;
}
