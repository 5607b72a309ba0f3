/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * fpu.c - x87, SSE and AVX registers of user threads (Intel SDM 1, chapter 13).
 *
 * The kernel itself never uses them. They are saved when a user thread leaves
 * the CPU and loaded when one comes to it, unless the CPU still holds exactly
 * this thread's (it left for a kernel thread and came back): cpu.fpu_owner and
 * thread.fpu_cpu must then name each other.
 *
 * XSAVEOPT leaves out what has not changed since the XRSTOR from the same
 * place, so the area in memory is always complete after a save. The standard,
 * not the compacted, format: it is what a signal frame holds.
 *
 * Enabled: x87, SSE, AVX, AVX-512. Not enabled, hence hidden from programs by
 * CPUID and XGETBV: MPX (withdrawn), PKRU (no pkey calls here), AMX (8 KiB that
 * Linux, too, gives only on request).
 */
#include <asm/sigcontext.h>
#include <asm/siginfo.h>

#include "arch/x86_64/arch_priv.h"
#include "lib/errno.h"
#include "lib/log.h"
#include "lib/string.h"
#include "mem/slab.h"
#include "sched/cpu.h"
#include "sched/thread.h"

#define XF_X87    (1ul << 0)
#define XF_SSE    (1ul << 1)
#define XF_AVX    (1ul << 2)
#define XF_AVX512 (7ul << 5) /* opmask, upper halves, upper registers */

#define FXSAVE_SIZE   512
#define XSAVE_HEADER  64
#define MXCSR_DEFAULT 0x1f80
#define FCW_DEFAULT   0x37f

static uint64_t features = XF_X87 | XF_SSE;
static size_t area_size = FXSAVE_SIZE;
static uint32_t mxcsr_mask = 0xffbf; /* SDM 1, 11.6.6: default of FXSAVE */
static struct slab_cache *cache;

static void xsetbv(uint64_t v)
{
    __asm__ volatile("xsetbv"
                     :
                     : "c"(0), "a"((uint32_t)v), "d"((uint32_t)(v >> 32)));
}

bool fpu_uses_xsave(void)
{
    return cpu_features.xsave;
}

uint64_t fpu_features(void)
{
    return features;
}

static void save(void *area)
{
    uint32_t lo = (uint32_t)features, hi = (uint32_t)(features >> 32);

    if (cpu_features.xsaveopt)
        __asm__ volatile("xsaveopt64 (%0)"
                         :
                         : "r"(area), "a"(lo), "d"(hi)
                         : "memory");
    else if (cpu_features.xsave)
        __asm__ volatile("xsave64 (%0)"
                         :
                         : "r"(area), "a"(lo), "d"(hi)
                         : "memory");
    else
        __asm__ volatile("fxsave64 (%0)" : : "r"(area) : "memory");
}

static void restore(const void *area)
{
    uint32_t lo = (uint32_t)features, hi = (uint32_t)(features >> 32);

    if (cpu_features.xsave)
        __asm__ volatile("xrstor64 (%0)"
                         :
                         : "r"(area), "a"(lo), "d"(hi)
                         : "memory");
    else
        __asm__ volatile("fxrstor64 (%0)" : : "r"(area) : "memory");
}

/* The area is zero: as XSAVE's header that means everything initial, but
 * XRSTOR takes MXCSR from the area whenever SSE or AVX is asked for. */
static void area_init(void *area)
{
    struct _fpstate_64 *fx = area;

    memset(area, 0, area_size);
    fx->cwd = FCW_DEFAULT;
    fx->mxcsr = MXCSR_DEFAULT;
}

void fpu_detect(void)
{
    if (cpu_features.xsave && cpu_features.max_leaf < 0xd)
        cpu_features.xsave = cpu_features.xsaveopt = false;
    if (!cpu_features.xsave)
        return;
    struct cpuid r = cpuid(0xd, 0);
    uint64_t offered = r.eax | (uint64_t)r.edx << 32;
    features |= offered & XF_AVX;
    if ((features & XF_AVX) && (offered & XF_AVX512) == XF_AVX512)
        features |= XF_AVX512;
}

void fpu_init_cpu(void)
{
    if (cpu_features.xsave)
        xsetbv(features);
    this_cpu()->arch.fpu_owner = NULL;
}

void fpu_init(void)
{
    static struct _fpstate_64 probe __aligned(64);

    if (cpu_features.xsave) /* for what XCR0 enables now: SDM 2A, CPUID 0DH */
        area_size = ALIGN_UP(cpuid(0xd, 0).ebx, 64);
    __asm__ volatile("fxsave64 %0" : "=m"(probe));
    if (probe.mxcsr_mask)
        mxcsr_mask = probe.mxcsr_mask;
    cache = slab_cache_create("fpu", area_size, 64);
}

size_t arch_fpu_size(void)
{
    return area_size;
}

void *arch_fpu_alloc(void)
{
    void *area = slab_alloc(cache, 0);

    if (area)
        area_init(area);
    return area;
}

void arch_fpu_free(void *area)
{
    if (area)
        slab_free(cache, area);
}

static void load(struct cpu *c, struct thread *t)
{
    restore(t->arch.fpu);
    c->arch.fpu_owner = t->arch.fpu;
    t->arch.fpu_cpu = c;
}

/* Interrupts off. */
void fpu_switch(struct thread *prev, struct thread *next)
{
    struct cpu *c = this_cpu();

    if (prev->arch.fpu)
        save(prev->arch.fpu);
    if (next->arch.fpu &&
        (c->arch.fpu_owner != next->arch.fpu || next->arch.fpu_cpu != c))
        load(c, next);
}

void arch_fpu_save_current(void)
{
    bool on = arch_irqs_disable();

    if (current->arch.fpu)
        save(current->arch.fpu);
    arch_irqs_restore(on);
}

void arch_fpu_restore_current(void)
{
    bool on = arch_irqs_disable();

    if (current->arch.fpu)
        load(this_cpu(), current);
    arch_irqs_restore(on);
}

void arch_fpu_reset_current(void)
{
    bool on = arch_irqs_disable();

    if (current->arch.fpu) {
        area_init(current->arch.fpu);
        load(this_cpu(), current);
    }
    arch_irqs_restore(on);
}

/* XRSTOR faults on reserved bits of MXCSR and of the header, and on components
 * that XCR0 does not enable (SDM 1, 13.8.1). */
int fpu_sanitize(void *image, uint64_t claimed)
{
    struct _xstate *x = image;

    if (x->fpstate.mxcsr & ~mxcsr_mask)
        return -EINVAL;
    if (!cpu_features.xsave)
        return 0;
    if (!claimed) { /* an FXSAVE image only: the rest is initial */
        memset((char *)image + FXSAVE_SIZE, 0, area_size - FXSAVE_SIZE);
        x->xstate_hdr.xfeatures = XF_X87 | XF_SSE;
        return 0;
    }
    if (x->xstate_hdr.xfeatures & ~(claimed & features))
        return -EINVAL;
    memset(x->xstate_hdr.reserved1, 0,
           sizeof(x->xstate_hdr) - offsetof(struct _header, reserved1));
    return 0;
}

/* First unmasked exception, in the order of the status bits: invalid, (denormal
 * is reported as underflow,) divide, overflow, underflow, precision. */
int fpu_exception_code(bool simd)
{
    const struct _fpstate_64 *fx = current->arch.fpu;
    uint32_t bits;

    if (!fx)
        return FPE_FLTINV;
    arch_fpu_save_current();
    if (simd)
        bits = fx->mxcsr & ~(fx->mxcsr >> 7);
    else
        bits = fx->swd & ~(uint32_t)fx->cwd;
    if (bits & 1)
        return FPE_FLTINV;
    if (bits & 4)
        return FPE_FLTDIV;
    if (bits & 8)
        return FPE_FLTOVF;
    if (bits & (2 | 16))
        return FPE_FLTUND;
    return bits & 32 ? FPE_FLTRES : FPE_FLTINV;
}
