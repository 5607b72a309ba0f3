/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * arch.h - what the machine-dependent code offers to the rest of the kernel.
 * Nothing outside arch/ names a control register, an MSR or a descriptor.
 *
 * Virtual memory layout (4-level paging):
 *   0 .. USER_TOP                     user
 *   PHYS_BASE + p                     all physical memory, no execute
 *   KSTACK_BASE ..                    kernel stacks with guard pages
 *   MMIO_BASE ..                      device registers (arch_mmio_map)
 *   KERNEL_BASE + p                   the kernel's own image
 */
#pragma once

#include <stdatomic.h>

#include "arch/x86_64/arch_cpu.h"
#include "arch/x86_64/arch_thread.h"
#include "lib/types.h"

#define USER_BASE   0x10000ul /* lowest mappable: NULL pointers always fault */
#define USER_TOP    0x00007ffffffff000ul
#define PHYS_BASE   0xffff888000000000ul
#define KSTACK_BASE 0xffffc90000000000ul
#define MMIO_BASE   0xffffd00000000000ul
#define KERNEL_BASE 0xffffffff80000000ul

static inline void *phys_to_virt(paddr_t p)
{
    return (void *)(p + PHYS_BASE);
}
/* Only for addresses of the PHYS_BASE window. */
static inline paddr_t virt_to_phys(const void *v)
{
    return (paddr_t)v - PHYS_BASE;
}

/* --- start-up, in the order main.c calls them --------------------------- */

/* What the boot protocol (PVH start info) told. Strings and tables stay valid
 * only until page_init() takes over memory, but cmdline is a copy. */
struct boot_memory {
    paddr_t start, end;
    bool usable;
};
#define BOOT_MEMORY_MAX 128
struct boot_info {
    struct boot_memory memory[BOOT_MEMORY_MAX]; /* sorted, not overlapping */
    unsigned nr_memory;
    char cmdline[4096];
    paddr_t rsdp;                     /* 0 = search for it */
    paddr_t kernel_start, kernel_end; /* the image in memory */
};
extern struct boot_info boot_info;

void arch_early_init(void); /* boot CPU: CPUID, GDT, IDT, FPU sizes, direct map
                             * of all memory (uses memory_early_alloc) */
void arch_interrupts_init(void);   /* APIC, IO-APIC from ACPI; needs kmalloc */
void arch_clock_init(void);        /* TSC/kvmclock and timer calibration */
void arch_smp_start(unsigned max); /* start the others; each ends in
                                    * sched_idle_loop() */
/* A physically contiguous, zeroed range taken before the page allocator runs;
 * provided by mem/page.c, size a multiple of PAGE_SIZE. Panics if there is
 * none. */
paddr_t memory_early_alloc(size_t size, size_t align);

/* --- threads ------------------------------------------------------------ */

/* Make (t)'s stack so that the first switch to it calls fn(arg). */
void arch_thread_init_kernel(struct thread *t, void (*fn)(void *), void *arg);
/* ... so that it returns to user mode with the registers (frame). */
void arch_thread_init_user(struct thread *t, const struct trapframe *frame);
/* Save prev, load next (stack, FPU, TLS, address space, TSS). Returns in next's
 * context; this_cpu()->prev then is the thread that was left. */
void arch_switch(struct thread *prev, struct thread *next);
/* The calling thread's register frame as user mode will see it. */
struct trapframe *arch_user_frame(void);
/* Return to user mode for the first time (after exec of process 1). */
__noreturn void arch_return_to_user(void);
void *arch_kstack_alloc(void); /* KSTACK_SIZE with a guard page, or NULL */
void arch_kstack_free(void *stack);

size_t arch_fpu_size(void);
void *arch_fpu_alloc(void); /* initial state; NULL = no memory */
void arch_fpu_free(void *);
void arch_fpu_save_current(void);    /* CPU -> current->arch.fpu */
void arch_fpu_restore_current(void); /* current->arch.fpu -> CPU */
void arch_fpu_reset_current(void);   /* initial state (exec) */
void arch_set_tls(struct thread *t, uint64_t fs_base); /* also if current */
void arch_set_gs(struct thread *t, uint64_t gs_base);  /* the same for GS */

/* Signal frames: build one for handler (sa_*), see proc/signal.c for who calls.
 * 0, or -EFAULT if the user stack cannot be written. */
struct signal_delivery {
    int signo;
    uint64_t handler, restorer, flags; /* of the sigaction */
    uint64_t mask;                     /* blocked mask to restore */
    const void *siginfo;               /* 128 bytes, kernel memory */
    bool on_altstack;                  /* switch to current's altstack */
};
int arch_signal_frame(const struct signal_delivery *d);
/* rt_sigreturn: restore registers and FPU; *(mask) = saved mask. */
int arch_signal_return(uint64_t *mask);
size_t arch_min_sigstack(void); /* AT_MINSIGSTKSZ */

/* Set up (frame) for a fresh program: entry, stack, all else zero. */
void arch_frame_exec(struct trapframe *f, uint64_t entry, uint64_t sp);
/* System-call registers. */
static inline void arch_set_return(struct trapframe *f, long v)
{
    f->rax = (uint64_t)v;
}

/* --- memory management -------------------------------------------------- */

enum map_prot {
    PROT_R = 1,
    PROT_W = 2,
    PROT_X = 4,
    PROT_USER = 8,
    PROT_NOCACHE = 16,
};

/* Page tables of one address space. Locking is the caller's (RANK_PTE), but
 * lookups by the hardware go on all the time. */
struct arch_mmu {
    paddr_t root;
    _Atomic uint64_t cpus;   /* [a] bit n: CPU n has it loaded */
    _Atomic uint64_t tables; /* [a] pages used for tables, the root too */
};
int mmu_init(struct arch_mmu *m); /* -ENOMEM */
/* Frees tables, not pages. No thread uses it any more; CPUs that still have it
 * loaded are made to leave it. Waits for them: no interrupts disabled. */
void mmu_destroy(struct arch_mmu *m);
/* Load it on this CPU, for the calling thread (exec). arch_switch() does this
 * for every other change. NULL = the kernel's own tables. */
void mmu_activate(struct arch_mmu *m);

/* Enter a mapping of PAGE_SIZE or HUGE_SIZE; va and pa aligned to it. Needed
 * tables are made: -ENOMEM. An existing entry is replaced without flush:
 * the caller flushes if it was present. */
int mmu_map(struct arch_mmu *m, vaddr_t va, paddr_t pa, size_t size,
            unsigned prot);

struct mmu_entry {
    paddr_t pa;
    size_t size; /* PAGE_SIZE or HUGE_SIZE */
    vaddr_t va;  /* start of the entry */
    unsigned prot;
    bool accessed, dirty;
};
/* Find the entry that maps (va); false if none. */
bool mmu_lookup(struct arch_mmu *m, vaddr_t va, struct mmu_entry *e);
/* First present entry at or after (va) and below (end); skips holes by whole
 * tables, so walking a sparse gigabyte is cheap. */
bool mmu_next(struct arch_mmu *m, vaddr_t va, vaddr_t end, struct mmu_entry *e);
/* Which of the (n) pages from (va) on have an entry: bit i for page i. They lie
 * in one aligned block of 32 pages. */
uint32_t mmu_present(struct arch_mmu *m, vaddr_t va, unsigned n);
/* Remove the entry at exactly (va), giving what it was. */
bool mmu_unmap(struct arch_mmu *m, vaddr_t va, struct mmu_entry *old);
/* In bulk, for a fraction of the cost. Enter (n) pages at (pa) from (va) on
 * with one protection; how many were. Fewer: no memory for a table, or a huge
 * entry is in the way. */
unsigned mmu_map_run(struct arch_mmu *m, vaddr_t va, const paddr_t *pa,
                     unsigned n, unsigned prot);
/* The first (max) entries at or after *(va) and below (end), in order; *(va)
 * advances behind the last, or to (end) when there are no more. How many. */
unsigned mmu_read_run(struct arch_mmu *m, vaddr_t *va, vaddr_t end,
                      struct mmu_entry *e, unsigned max);
/* The same, and they are removed. */
unsigned mmu_unmap_run(struct arch_mmu *m, vaddr_t *va, vaddr_t end,
                       struct mmu_entry *e, unsigned max);
/* Take the right to write from all entries in [start, end). */
void mmu_write_protect(struct arch_mmu *m, vaddr_t start, vaddr_t end);
/* Change protection of the entry at (va); keeps the frame. */
void mmu_protect(struct arch_mmu *m, vaddr_t va, unsigned prot);
void mmu_clear_accessed(struct arch_mmu *m, vaddr_t va);
/* Split the huge entry over (va) into small ones. -ENOMEM. */
int mmu_split(struct arch_mmu *m, vaddr_t va);
/* Free tables that hold no entry in [start, end); call after unmapping. */
void mmu_free_tables(struct arch_mmu *m, vaddr_t start, vaddr_t end);
/* After changing entries: no CPU uses stale ones for [start, end) when this
 * returns. Call without spinlocks that a CPU could spin on with interrupts
 * off (there are none). Frames may be freed only after it. */
void mmu_flush(struct arch_mmu *m, vaddr_t start, vaddr_t end);
size_t mmu_table_pages(struct arch_mmu *m); /* for statistics */

/* Map device registers, uncached; never unmapped. NULL = no memory. */
volatile void *arch_mmio_map(paddr_t pa, size_t size);
/* A full barrier between this processor and devices that share memory: what
 * was stored before is visible to them before what follows is loaded. */
void arch_device_barrier(void);

/* --- user memory (see mem/user.h for the checked interface) ------------- */

/* Bytes NOT copied; faults inside are resolved or end the copy. */
size_t arch_copy_user(void *dst, const void *src, size_t n);
size_t arch_clear_user(void *dst, size_t n);
/* Atomic operations on a user word; 0 or -EFAULT, *(old) the previous value. */
int arch_user_cmpxchg32(uint32_t __user *p, uint32_t expect, uint32_t new_,
                        uint32_t *old);
int arch_user_xchg32(uint32_t __user *p, uint32_t v, uint32_t *old);
int arch_user_add32(uint32_t __user *p, uint32_t v, uint32_t *old);
int arch_user_or32(uint32_t __user *p, uint32_t v, uint32_t *old);
int arch_user_and32(uint32_t __user *p, uint32_t v, uint32_t *old);
int arch_user_xor32(uint32_t __user *p, uint32_t v, uint32_t *old);

/* --- interrupts, other CPUs, power -------------------------------------- */

typedef void irq_handler(void *arg); /* hard interrupt: see sched/softirq.h */
/* Route an ISA interrupt or global system interrupt; level/polarity as ACPI
 * says. 0, -EBUSY, -ENODEV. Shared lines call all handlers. */
int irq_register_isa(unsigned isa_irq, irq_handler *fn, void *arg);
int irq_register_gsi(unsigned gsi, bool level, bool active_low, irq_handler *fn,
                     void *arg);
/* Allocate a vector for an MSI aimed at (cpu); gives message address/data. */
int irq_register_msi(unsigned cpu, irq_handler *fn, void *arg, uint64_t *addr,
                     uint32_t *data);

bool arch_irqs_enable(void); /* both return whether they were enabled */
bool arch_irqs_disable(void);
void arch_irqs_restore(bool enabled);
/* Enable interrupts and halt, atomically. Call with interrupts disabled. */
void arch_idle_halt(void);
void arch_send_reschedule(struct cpu *c);
/* Program this CPU's timer interrupt; NSEC_NEVER disables it. */
void arch_timer_program(nsec_t deadline);
nsec_t arch_clock_monotonic(void);
nsec_t arch_clock_wall_at_boot(void); /* realtime - monotonic, from RTC or
                                       * kvmclock */
uint64_t arch_random_seed(void);      /* RDSEED/RDRAND/TSC jitter, 64 bits */
bool arch_has_rdrand(void);

/* End the machine; see include/abi/machine.h. */
__noreturn void arch_power_off(int status);
__noreturn void arch_reboot(void);
/* An interrupted address in text for logs: name+offset. */
void arch_symbolize(vaddr_t pc, char *buf, size_t size);
/* A panic begins: interrupts off, the other CPUs are stopped. Returns how many
 * panics this CPU is in already; does not return on any other CPU. */
unsigned arch_panic_begin(void);
__noreturn void arch_panic_end(void); /* registers, backtrace, the end */
void crash_on_request(void);          /* crash=KIND of the command line */

/* The vDSO image, to be mapped read+execute, and its data page(s), mapped
 * read-only right below it. proc/exec.c maps them. */
extern const char vdso_image[], vdso_image_end[];
paddr_t arch_vdso_data(void); /* one page, kept up to date by arch_clock */
void arch_vdso_update_realtime(nsec_t wall_minus_monotonic);
uint64_t arch_hwcap(void); /* AT_HWCAP: CPUID.1:EDX */
uint64_t arch_hwcap2(void);
/* Where a processor is; numbers need not be without gaps. */
struct cpu_place {
    unsigned package, core, thread;
};
void arch_cpu_place(unsigned cpu, struct cpu_place *p);
/* A page of text for /proc/cpuinfo for one CPU; returns length. */
size_t arch_cpuinfo(unsigned cpu, char *buf, size_t size);

/* --- called by the trap code, implemented elsewhere --------------------- */

/* A page fault on a user address, from user mode or from arch_copy_user and
 * its like; interrupts enabled. 0 = retry the instruction, else a negative
 * errno: in user mode the trap code then calls user_exception() with SIGSEGV
 * (-EFAULT: SEGV_MAPERR, -EACCES: SEGV_ACCERR) or SIGBUS (-ENXIO: BUS_ADRERR);
 * in a copy the copy ends early. mem/fault.c; may sleep unless
 * current->pf_disabled. -EINTR: the process is being killed. */
int mm_fault(vaddr_t addr, unsigned prot); /* prot: PROT_R/W/X needed */
/* Send the calling thread a signal that cannot be ignored; proc/signal.c. */
void user_exception(int signo, int code, vaddr_t addr);
void syscall_dispatch(struct trapframe *f); /* sys/dispatch.c */
/* Called with interrupts on before each return to user mode while work bits
 * or softirqs are pending: proc/signal.c. */
void return_to_user_work(struct trapframe *f);
