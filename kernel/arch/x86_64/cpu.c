/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * cpu.c - what the processor can do, and switching it on.
 *
 * Leaves and bits: Intel SDM 2A, CPUID; AMD APM 3, appendix E. Every feature is
 * used only if the boot CPU has it; all CPUs of a machine are taken to be
 * equal.
 */
#include "sched/cpu.h"
#include "arch/x86_64/arch_priv.h"
#include "lib/log.h"
#include "lib/printf.h"
#include "lib/string.h"

struct cpu_features cpu_features;

static void detect_names(struct cpu_features *f)
{
    struct cpuid r = cpuid(0, 0);

    f->max_leaf = r.eax;
    memcpy(f->vendor, &r.ebx, 4);
    memcpy(f->vendor + 4, &r.edx, 4);
    memcpy(f->vendor + 8, &r.ecx, 4);
    f->max_ext_leaf = cpuid(0x80000000, 0).eax;
    if (f->max_ext_leaf >> 16 != 0x8000)
        f->max_ext_leaf = 0;
    for (uint32_t i = 0; i < 3 && f->max_ext_leaf >= 0x80000004; i++) {
        r = cpuid(0x80000002 + i, 0);
        memcpy(f->model_name + 16 * i, &r, 16);
    }
}

static void detect_leaf1(struct cpu_features *f)
{
    struct cpuid r = cpuid(1, 0);

    f->leaf1_ecx = r.ecx;
    f->leaf1_edx = r.edx;
    f->stepping = r.eax & 15;
    f->family = r.eax >> 8 & 15;
    f->model = r.eax >> 4 & 15;
    if (f->family == 6 || f->family == 15)
        f->model |= (r.eax >> 16 & 15) << 4;
    if (f->family == 15)
        f->family += r.eax >> 20 & 255;
    f->tsc = r.edx >> 4 & 1;
    f->mce = r.edx >> 7 & 1;
    f->apic = r.edx >> 9 & 1;
    f->sep = r.edx >> 11 & 1;
    f->pge = r.edx >> 13 & 1;
    f->mca = r.edx >> 14 & 1;
    f->pat = r.edx >> 16 & 1;
    f->x2apic = r.ecx >> 21 & 1;
    f->tsc_deadline = r.ecx >> 24 & 1;
    f->xsave = r.ecx >> 26 & 1;
    f->rdrand = r.ecx >> 30 & 1;
    f->hypervisor = r.ecx >> 31;
}

static void detect_extended(struct cpu_features *f)
{
    struct cpuid r;

    f->phys_bits = 36;
    if (f->max_leaf >= 7) {
        r = cpuid(7, 0);
        f->leaf7_ebx = r.ebx;
        f->leaf7_ecx = r.ecx;
        f->smep = r.ebx >> 7 & 1;
        f->smap = r.ebx >> 20 & 1;
        f->rdseed = r.ebx >> 18 & 1;
        f->umip = r.ecx >> 2 & 1;
    }
    if (f->xsave && f->max_leaf >= 0xd)
        f->xsaveopt = cpuid(0xd, 1).eax & 1;
    if (f->max_ext_leaf >= 0x80000001) {
        r = cpuid(0x80000001, 0);
        f->ext1_ecx = r.ecx;
        f->ext1_edx = r.edx;
        f->nx = r.edx >> 20 & 1;
        f->gb_pages = r.edx >> 26 & 1;
    }
    if (f->max_ext_leaf >= 0x80000007)
        f->invariant_tsc = cpuid(0x80000007, 0).edx >> 8 & 1;
    if (f->max_ext_leaf >= 0x80000008)
        f->phys_bits = cpuid(0x80000008, 0).eax & 255;
}

/* Hypervisors answer from 0x40000000; one that imitates another moves its own
 * leaves up by multiples of 0x100. */
static void detect_hypervisor(struct cpu_features *f)
{
    struct cpuid r = cpuid(0x40000000, 0);

    f->hv_leaf = 0x40000000;
    f->max_hv_leaf = r.eax;
    f->tcg = r.ebx == 0x54474354 && r.ecx == 0x43544743 && /* "TCGTCGTCGTCG" */
             r.edx == 0x47435447;
    for (uint32_t base = 0x40000000; base < 0x40000400; base += 0x100) {
        r = cpuid(base, 0);
        if (r.ebx == 0x4b4d564b && r.ecx == 0x564b4d56 && r.edx == 0x4d) {
            f->kvm = true; /* "KVMKVMKVM" */
            f->hv_leaf = base;
            f->max_hv_leaf = r.eax;
            return;
        }
    }
}

void cpu_detect(void)
{
    struct cpu_features *f = &cpu_features;

    detect_names(f);
    detect_leaf1(f);
    detect_extended(f);
    if (f->hypervisor)
        detect_hypervisor(f);
}

/* QEMU's emulation, before version 8, drops barriers and atomics from a machine
 * of one processor, but plays devices in another thread of the host: a load
 * may pass the store before it, and a device that looks in between goes to
 * sleep as we do. A write of the task priority takes a lock in QEMU, which is
 * the barrier. (Writing 0 changes nothing: we never raise it.) */
void arch_device_barrier(void)
{
    atomic_thread_fence(memory_order_seq_cst);
    if (unlikely(cpu_features.tcg && nr_cpus == 1))
        __asm__ volatile("movq %0, %%cr8" : : "r"(0ul) : "memory");
}

uint64_t cpu_cr4(void)
{
    const struct cpu_features *f = &cpu_features;

    return CR4_PAE | CR4_OSFXSR | CR4_OSXMMEXCPT | (f->pge ? CR4_PGE : 0) |
           (f->mce ? CR4_MCE : 0) | (f->umip ? CR4_UMIP : 0) |
           (f->xsave ? CR4_OSXSAVE : 0) | (f->smep ? CR4_SMEP : 0) |
           (f->smap ? CR4_SMAP : 0);
}

uint64_t cpu_efer(void)
{
    return EFER_SCE | EFER_LME | (cpu_features.nx ? EFER_NXE : 0);
}

/* --- machine checks (SDM 3B, chapter 16) -------------------------------- */

static unsigned mc_banks(void)
{
    if (!cpu_features.mce || !cpu_features.mca)
        return 0; /* CR4.MCE still makes it an exception, not a reset */
    return (unsigned)rdmsr(MSR_MCG_CAP) & 255;
}

/* On Intel's before Nehalem the first bank is the firmware's (SDM 3B 16.5). */
static bool first_bank_is_ours(void)
{
    const struct cpu_features *f = &cpu_features;

    return strcmp(f->vendor, "GenuineIntel") || f->family != 6 ||
           f->model >= 0x1a;
}

/* All errors are to be signalled. The banks may hold what was before a reset:
 * not ours. */
void cpu_machine_check_init(void)
{
    uint64_t cap;
    unsigned n;

    if (cpu_features.mca && !rdmsr_safe(MSR_MCG_CAP, &cap))
        cpu_features.mca = false;
    n = mc_banks();
    if (n && (cap & 0x100)) /* MCG_CTL_P */
        wrmsr(MSR_MCG_CTL, UINT64_MAX);
    for (unsigned i = 0; i < n; i++) {
        if (i || first_bank_is_ours())
            wrmsr(MSR_MC0_CTL + 4 * i, UINT64_MAX);
        wrmsr(MSR_MC0_STATUS + 4 * i, 0);
    }
}

void cpu_machine_check(void)
{
    for (unsigned i = 0, n = mc_banks(); i < n; i++) {
        uint64_t status = rdmsr(MSR_MC0_STATUS + 4 * i);
        bool has_address = status >> 58 & 1;
        if (status >> 63)
            kerr("machine check: bank %u status 0x%016lx address 0x%lx", i,
                 status, has_address ? rdmsr(MSR_MC0_ADDR + 4 * i) : 0);
    }
}

/* --- start-up ----------------------------------------------------------- */

void cpu_control_init(void)
{
    write_cr4(cpu_cr4());
    /* Nothing that firmware left: AMD's FFXSR, say, would have FXSAVE leave out
     * the SSE registers (APM 2, 3.1.7). */
    wrmsr(MSR_EFER, cpu_efer() | EFER_LMA);
    wrmsr(MSR_STAR, (uint64_t)(USER_DS - 8) << 48 | (uint64_t)KERNEL_CS << 32);
    wrmsr(MSR_LSTAR, (uint64_t)(uintptr_t)syscall_entry);
    if (cpu_features.sep) /* sysenter is a #GP (SDM 2B, SYSENTER) */
        wrmsr(MSR_SYSENTER_CS, 0);
    /* syscall enters with these cleared; AC so that SMAP holds, NT so that
     * iretq works, TF so that no trap comes on the user's stack. */
    wrmsr(MSR_SYSCALL_MASK, RFLAGS_TF | RFLAGS_IF | RFLAGS_DF | RFLAGS_IOPL |
                                RFLAGS_NT | RFLAGS_RF | RFLAGS_AC);
    wrmsr(MSR_FS_BASE, 0);
    wrmsr(MSR_KERNEL_GS_BASE, 0);
}

uint64_t arch_hwcap(void)
{
    return cpu_features.leaf1_edx;
}

/* HWCAP2_RING3MWAIT, HWCAP2_FSGSBASE: neither is enabled. */
uint64_t arch_hwcap2(void)
{
    return 0;
}

bool arch_has_rdrand(void)
{
    return cpu_features.rdrand || cpu_features.rdseed;
}

static bool rdseed_step(uint64_t *v)
{
    uint8_t ok;
    __asm__ volatile("rdseed %0; setc %1" : "=r"(*v), "=qm"(ok) : : "cc");
    return ok;
}

static bool rdrand_step(uint64_t *v)
{
    uint8_t ok;
    __asm__ volatile("rdrand %0; setc %1" : "=r"(*v), "=qm"(ok) : : "cc");
    return ok;
}

/* Both instructions may fail for a moment (SDM 1, 7.3.17). All zeroes or ones
 * is what some broken AMD firmware gives: not counted. */
static bool hardware_random(uint64_t *v)
{
    for (int i = 0; i < 10; i++) {
        if ((cpu_features.rdseed && rdseed_step(v)) ||
            (cpu_features.rdrand && rdrand_step(v)))
            return *v != 0 && *v != UINT64_MAX;
        arch_pause();
    }
    return false;
}

uint64_t arch_random_seed(void)
{
    static uint64_t mix = 0x9e3779b97f4a7c15;
    uint64_t v = 0;

    if (arch_has_rdrand() && hardware_random(&v))
        return v;
    /* Jitter of the time-stamp counter; weak, the caller mixes in more. */
    for (int i = 0; i < 16 && cpu_features.tsc; i++)
        mix = (mix ^ rdtsc()) * 0xff51afd7ed558ccd + (mix >> 29);
    return mix ^ mix >> 32;
}

/* --- /proc/cpuinfo ------------------------------------------------------ */

struct flag_names {
    const uint32_t *word;
    const char *names; /* 32 words, "-" = not shown */
};

static const struct flag_names flag_names[] = {
    {&cpu_features.leaf1_edx,
     "fpu vme de pse tsc msr pae mce cx8 apic - sep mtrr pge mca cmov pat "
     "pse36 pn clflush - dts acpi mmx fxsr sse sse2 ss ht tm ia64 pbe"},
    {&cpu_features.ext1_edx,
     "- - - - - - - - - - - syscall - - - - - - - mp nx - mmxext - - fxsr_opt "
     "pdpe1gb rdtscp - lm 3dnowext 3dnow"},
    {&cpu_features.leaf1_ecx,
     "pni pclmulqdq dtes64 monitor ds_cpl vmx smx est tm2 ssse3 cid sdbg fma "
     "cx16 xtpr pdcm - pcid dca sse4_1 sse4_2 x2apic movbe popcnt "
     "tsc_deadline_timer aes xsave - avx f16c rdrand hypervisor"},
    {&cpu_features.ext1_ecx,
     "lahf_lm cmp_legacy svm extapic cr8_legacy abm sse4a misalignsse "
     "3dnowprefetch osvw ibs xop skinit wdt - lwp fma4 tce - nodeid_msr - tbm "
     "topoext perfctr_core perfctr_nb - bpext ptsc perfctr_llc mwaitx - -"},
    {&cpu_features.leaf7_ebx,
     "- tsc_adjust sgx bmi1 hle avx2 - smep bmi2 erms invpcid rtm - - mpx - "
     "avx512f avx512dq rdseed adx smap avx512ifma - clflushopt clwb - avx512pf "
     "avx512er avx512cd sha_ni avx512bw avx512vl"},
};

static size_t append_flags(char *buf, size_t size, const struct flag_names *f)
{
    const char *p = f->names;
    size_t n = 0;

    for (unsigned bit = 0; *p; bit++) {
        const char *end = strchr(p, ' ');
        size_t len = end ? (size_t)(end - p) : strlen(p);
        if (*p != '-' && (*f->word >> bit & 1) && n + len + 2 < size) {
            buf[n++] = ' ';
            memcpy(buf + n, p, len);
            n += len;
        }
        p += len + (end ? 1 : 0);
    }
    buf[n] = '\0';
    return n;
}

size_t arch_cpuinfo(unsigned cpu, char *buf, size_t size)
{
    const struct cpu_features *f = &cpu_features;
    const char *name = f->model_name;
    unsigned siblings = 0, cores = 0;
    struct cpu_place own, other;
    size_t n;

    arch_cpu_place(cpu, &own);
    for (unsigned i = 0; i < nr_cpus; i++) {
        arch_cpu_place(i, &other);
        siblings += other.package == own.package;
        cores += other.package == own.package && other.thread == own.thread;
    }

    while (*name == ' ')
        name++;
    n = (size_t)ksnprintf(
        buf, size,
        "processor\t: %u\nvendor_id\t: %s\ncpu family\t: %u\nmodel\t\t: %u\n"
        "model name\t: %s\nstepping\t: %u\nphysical id\t: %u\nsiblings\t: %u\n"
        "core id\t\t: %u\ncpu cores\t: %u\napicid\t\t: %u\nfpu\t\t: yes\n"
        "cpuid level\t: %u\nwp\t\t: yes\nflags\t\t:",
        cpu, f->vendor, f->family, f->model, name[0] ? name : "unknown",
        f->stepping, own.package, siblings, own.core, cores,
        cpus[cpu].arch.apic_id, f->max_leaf);
    for (size_t i = 0; i < ARRAY_SIZE(flag_names) && n + 2 < size; i++)
        n += append_flags(buf + n, size - n, &flag_names[i]);
    if (n < size)
        n += (size_t)ksnprintf(buf + n, size - n,
                               "\naddress sizes\t: %u bits physical, 48 bits "
                               "virtual\n\n",
                               f->phys_bits);
    return MIN(n, size - 1);
}
