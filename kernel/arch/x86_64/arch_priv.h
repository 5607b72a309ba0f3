/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * arch_priv.h - what the files of this folder tell each other.
 */
#pragma once

#include "arch/x86_64/arch.h"
#include "arch/x86_64/asm.h"
#include "dev/port_io.h"

struct cpu;

/* --- instructions ------------------------------------------------------- */

#define MSR_APIC_BASE      0x1b
#define MSR_SYSENTER_CS    0x174
#define MSR_MCG_CAP        0x179
#define MSR_MCG_CTL        0x17b
#define MSR_MC0_CTL        0x400
#define MSR_MC0_STATUS     0x401
#define MSR_MC0_ADDR       0x402
#define MSR_TSC_DEADLINE   0x6e0
#define MSR_EFER           0xc0000080
#define MSR_STAR           0xc0000081
#define MSR_LSTAR          0xc0000082
#define MSR_CSTAR          0xc0000083
#define MSR_SYSCALL_MASK   0xc0000084
#define MSR_FS_BASE        0xc0000100
#define MSR_KERNEL_GS_BASE 0xc0000102

#define EFER_SCE 0x1
#define EFER_LME 0x100
#define EFER_LMA 0x400
#define EFER_NXE 0x800

#define CR4_PSE        (1ul << 4)
#define CR4_PAE        (1ul << 5)
#define CR4_MCE        (1ul << 6)
#define CR4_PGE        (1ul << 7)
#define CR4_OSFXSR     (1ul << 9)
#define CR4_OSXMMEXCPT (1ul << 10)
#define CR4_UMIP       (1ul << 11)
#define CR4_OSXSAVE    (1ul << 18)
#define CR4_SMEP       (1ul << 20)
#define CR4_SMAP       (1ul << 21)

#define RFLAGS_CF   (1ul << 0)
#define RFLAGS_ONE  (1ul << 1)
#define RFLAGS_TF   (1ul << 8)
#define RFLAGS_IF   (1ul << 9)
#define RFLAGS_DF   (1ul << 10)
#define RFLAGS_IOPL (3ul << 12)
#define RFLAGS_NT   (1ul << 14)
#define RFLAGS_RF   (1ul << 16)
#define RFLAGS_AC   (1ul << 18)
/* What a program may choose: CF PF AF ZF SF TF DF OF RF AC. */
#define RFLAGS_USER 0x50dd5ul

static inline uint64_t rdmsr(uint32_t msr)
{
    uint32_t lo, hi;
    __asm__ volatile("rdmsr" : "=a"(lo), "=d"(hi) : "c"(msr));
    return lo | (uint64_t)hi << 32;
}

/* For a register that CPUID promises and a hypervisor may still lack: false if
 * reading it faults (trap.c goes on behind it). Only once the IDT is loaded. */
static inline bool rdmsr_safe(uint32_t msr, uint64_t *v)
{
    uint32_t lo = 0, hi = 0, ok = 0;
    __asm__ volatile("1: rdmsr; movl $1, %2; 2:\n"
                     ".pushsection .ex_table, \"a\"\n"
                     ".long 1b - ., 2b - .\n"
                     ".popsection"
                     : "+a"(lo), "+d"(hi), "+r"(ok)
                     : "c"(msr));
    *v = lo | (uint64_t)hi << 32;
    return ok;
}

static inline void wrmsr(uint32_t msr, uint64_t v)
{
    __asm__ volatile("wrmsr"
                     :
                     : "c"(msr), "a"((uint32_t)v), "d"((uint32_t)(v >> 32))
                     : "memory");
}

static inline uint64_t read_cr2(void)
{
    uint64_t v;
    __asm__ volatile("mov %%cr2, %0" : "=r"(v));
    return v;
}

static inline uint64_t read_cr3(void)
{
    uint64_t v;
    __asm__ volatile("mov %%cr3, %0" : "=r"(v));
    return v;
}

static inline void write_cr3(uint64_t v)
{
    __asm__ volatile("mov %0, %%cr3" : : "r"(v) : "memory");
}

static inline uint64_t read_cr4(void)
{
    uint64_t v;
    __asm__ volatile("mov %%cr4, %0" : "=r"(v));
    return v;
}

static inline void write_cr4(uint64_t v)
{
    __asm__ volatile("mov %0, %%cr4" : : "r"(v) : "memory");
}

/* Ordered: nothing before it is still unfinished, nothing after has begun
 * (SDM 2B, RDTSC: lfence before; the reads after it depend on its value). */
static inline uint64_t rdtsc(void)
{
    uint32_t lo, hi;
    __asm__ volatile("lfence; rdtsc" : "=a"(lo), "=d"(hi) : : "memory");
    return lo | (uint64_t)hi << 32;
}

/* a * b / c with 128 bits in between; the result must fit in 64. */
static inline uint64_t mul_div(uint64_t a, uint64_t b, uint64_t c)
{
    uint64_t hi;

    __asm__("mulq %2; divq %3" : "+&a"(a), "=&d"(hi) : "r"(b), "r"(c) : "cc");
    return a;
}

struct cpuid {
    uint32_t eax, ebx, ecx, edx;
};
static inline struct cpuid cpuid(uint32_t leaf, uint32_t sub)
{
    struct cpuid r;
    __asm__ volatile("cpuid"
                     : "=a"(r.eax), "=b"(r.ebx), "=c"(r.ecx), "=d"(r.edx)
                     : "a"(leaf), "c"(sub));
    return r;
}

/* --- cpu.c: what this processor can do ---------------------------------- */

struct cpu_features {
    char vendor[13];
    char model_name[49];
    uint32_t family, model, stepping;
    uint32_t max_leaf, max_ext_leaf, hv_leaf, max_hv_leaf;
    uint32_t leaf1_ecx, leaf1_edx, leaf7_ebx, leaf7_ecx, ext1_ecx, ext1_edx;
    unsigned phys_bits;
    bool nx, pge, smep, smap, umip, gb_pages, xsave, xsaveopt, x2apic,
        tsc_deadline, invariant_tsc, rdrand, rdseed, hypervisor, tsc, apic, pat,
        mce, mca, sep, kvm, tcg;
};
extern struct cpu_features cpu_features;

void cpu_detect(void);             /* boot CPU */
void cpu_control_init(void);       /* each CPU: CR0, CR4, EFER, syscall MSRs */
void cpu_machine_check_init(void); /* each CPU, with the IDT loaded */
void cpu_machine_check(void);      /* log what the banks of this CPU hold */
uint64_t cpu_cr4(void);            /* the value all CPUs use */
uint64_t cpu_efer(void);

/* --- gdt.c, trap.c, switch.c -------------------------------------------- */

void gdt_init(struct cpu *c, void *ist_stacks); /* this CPU: GDT, TSS */
void idt_init(void);                            /* boot CPU: build it */
void idt_load(void);
void smap_patch(void); /* before kernel text becomes read-only */
void trap_from_user(struct trapframe *f);
void trap_from_kernel(struct trapframe *f);

extern const char trap_stubs[];
void syscall_entry(void);
void switch_stack(uint64_t *save_sp, uint64_t load_sp);
void kernel_thread_start(void);
void user_thread_start(void);
void return_to_user(void);
__noreturn void return_to_user_from(struct trapframe *f);

/* --- fpu.c -------------------------------------------------------------- */

void fpu_detect(void);   /* boot CPU: which registers, how large */
void fpu_init_cpu(void); /* each CPU */
void fpu_init(void);     /* boot CPU, allocator available */
void fpu_switch(struct thread *prev, struct thread *next);
/* The user's XSAVE image of a signal frame, made safe to load: 0 or -EINVAL.
 * (features): which components it claims. */
int fpu_sanitize(void *image, uint64_t features);
uint64_t fpu_features(void); /* XCR0, or 3 for FXSAVE */
bool fpu_uses_xsave(void);
/* signo/code of #MF or #XF from the state of the current thread. */
int fpu_exception_code(bool simd);

/* --- mmu*.c ------------------------------------------------------------- */

#define PTE_P    (1ul << 0)
#define PTE_W    (1ul << 1)
#define PTE_U    (1ul << 2)
#define PTE_PWT  (1ul << 3)
#define PTE_PCD  (1ul << 4)
#define PTE_A    (1ul << 5)
#define PTE_D    (1ul << 6)
#define PTE_PS   (1ul << 7)
#define PTE_G    (1ul << 8)
#define PTE_NX   (1ul << 63)
#define PTE_ADDR 0x000ffffffffff000ul

void mmu_boot_init(void); /* the kernel's tables; memory_early_alloc */
extern paddr_t mmu_kernel_root;
/* Kernel addresses; range page aligned. -ENOMEM. */
int mmu_map_kernel(vaddr_t va, paddr_t pa, size_t size, uint64_t flags);
void mmu_unmap_kernel(vaddr_t va, size_t size); /* no flush */
uint64_t pte_from_prot(unsigned prot);
void mmu_switch(struct thread *next); /* interrupts off */
/* tlb.c */
void tlb_flush_kernel(vaddr_t start, vaddr_t end); /* on every CPU */
void tlb_leave(struct arch_mmu *m);
void tlb_ipi(void);

/* --- apic.c, ioapic.c, irq.c, smp.c ------------------------------------- */

#define VECTOR_DEVICE_FIRST 0x30
#define VECTOR_DEVICE_LAST  0xef
#define VECTOR_RESCHEDULE   0xf0
#define VECTOR_TLB          0xf1
#define VECTOR_TIMER        0xf2
#define VECTOR_ERROR        0xfe
#define VECTOR_SPURIOUS     0xff

extern bool apic_present;
void apic_init_boot(void); /* map it, enable it on the boot CPU */
void apic_init_cpu(void);
uint32_t apic_id(void);
void apic_eoi(void);
void apic_error(void); /* VECTOR_ERROR */
void apic_send(uint32_t dest, uint32_t icr_low);
void apic_send_vector(struct cpu *c, unsigned vector);
void apic_send_nmi_all_others(void);
void apic_timer_stop(void);
uint32_t apic_timer_read(void);
void apic_timer_count(uint32_t count, bool masked);
void apic_timer_calibrated(uint64_t hz); /* 0: use the TSC deadline */
void apic_timer_init_cpu(void);

#define ICR_INIT         0x500u
#define ICR_STARTUP      0x600u
#define ICR_NMI          0x400u
#define ICR_ASSERT       0x4000u
#define ICR_ALL_BUT_SELF 0xc0000u

/* What MADT or the MP tables say. */
#define MAX_IOAPICS 8
struct platform {
    paddr_t apic_base;
    unsigned nr_cpus; /* usable ones, the boot CPU among them */
    uint32_t apic_ids[64];
    unsigned nr_ioapics;
    struct {
        paddr_t base;
        uint32_t gsi_base;
    } ioapics[MAX_IOAPICS];
    struct {
        uint32_t gsi;
        bool level, active_low;
    } isa[16];
    uint32_t cpus_ignored;
};
extern struct platform platform;
void platform_detect(void);
bool mp_tables_parse(struct platform *p);
bool madt_parse(struct platform *p, const void *madt);

void pic_disable(void);
void ioapic_init(void);
/* Point the line at (vector) on the CPU with (apic_id). -ENODEV. */
int ioapic_route(uint32_t gsi, unsigned vector, uint32_t apic_id, bool level,
                 bool active_low);
void irq_dispatch(unsigned vector);
void ap_main(struct cpu *c);

/* --- clock.c, kvmclock.c, rtc.c ----------------------------------------- */

uint64_t clock_ns_to_tsc(nsec_t deadline); /* monotonic time to TSC count */
bool clock_needs_ticks(void); /* it must be read every few seconds */
void clock_init_cpu(void);    /* per-CPU part (kvmclock) */
void clock_refine(void);      /* in the timer interrupt */
void clock_delay_us(unsigned us);
bool tsc_sync_boot(void); /* boot CPU: test against the one being started */
void tsc_sync_ap(void);   /* its counterpart */
void clock_tsc_unusable(const char *why);
nsec_t rtc_read(void); /* since 1970, 0 = no clock */

/* --- kernel image ------------------------------------------------------- */

extern char kernel_image[], text_end[], rodata_start[], rodata_end[],
    data_start[], kernel_image_end[];
extern char boot_stack_guard[], boot_stack_top[];
extern uint64_t boot_pml4[512];
extern uint64_t boot_start_info;
void boot_info_init(void);
extern paddr_t ap_boot_page; /* below 1 MiB; 0 = none */
void backtrace(uint64_t rip, uint64_t rbp);
bool panic_stopping(void);
void panic_stop_here(void); /* in an NMI: if another CPU panics, stop */
/* Registers for the report of a panic that a trap leads to. */
extern const struct trapframe *panic_frame;

static inline paddr_t image_paddr(const void *p)
{
    return (paddr_t)p - KERNEL_BASE;
}
