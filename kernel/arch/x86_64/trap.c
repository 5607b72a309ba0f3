/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * trap.c - exceptions and interrupts, after trap_entry.S has saved the
 * registers (Intel SDM 3A, chapter 6).
 *
 * From user mode an exception becomes a page fault or a signal. From the
 * kernel only three are expected: a fault at an instruction of usercopy.S, an
 * NMI, and #DB or #MC at awkward moments; anything else is a panic.
 */
#include <asm/siginfo.h>
#include <asm/signal.h>

#include "arch/x86_64/arch_priv.h"
#include "lib/errno.h"
#include "lib/log.h"
#include "sched/cpu.h"
#include "sched/thread.h"

// clang-format off
enum {
    TRAP_DE = 0, TRAP_DB = 1, TRAP_NMI = 2, TRAP_BP = 3, TRAP_OF = 4,
    TRAP_BR = 5, TRAP_UD = 6, TRAP_NM = 7, TRAP_DF = 8, TRAP_TS = 10,
    TRAP_NP = 11, TRAP_SS = 12, TRAP_GP = 13, TRAP_PF = 14, TRAP_MF = 16,
    TRAP_AC = 17, TRAP_MC = 18, TRAP_XF = 19,
};
// clang-format on
#define EXCEPTIONS 32

#define PF_PRESENT  1u
#define PF_WRITE    2u
#define PF_USER     4u
#define PF_RESERVED 8u
#define PF_FETCH    16u

/* --- the gates ---------------------------------------------------------- */

struct idt_gate {
    uint16_t offset_low, selector;
    uint8_t ist, type;
    uint16_t offset_mid;
    uint32_t offset_high, reserved;
};
_Static_assert(sizeof(struct idt_gate) == 16, "SDM 3A 6.14.1");
#define GATE_INTERRUPT 0x8e
#define GATE_DPL3      0x60
#define STUB_SIZE      16

static struct idt_gate idt[256] __aligned(16);

static unsigned ist_of(unsigned vector)
{
    switch (vector) {
    case TRAP_NMI:
        return IST_NMI;
    case TRAP_DF:
        return IST_DF;
    case TRAP_MC:
        return IST_MC;
    case TRAP_DB:
        return IST_DB;
    default:
        return 0;
    }
}

void idt_init(void)
{
    for (unsigned i = 0; i < 256; i++) {
        uint64_t at = (uint64_t)(uintptr_t)trap_stubs + i * STUB_SIZE;
        bool user = i == TRAP_BP || i == TRAP_OF;
        idt[i] = (struct idt_gate){
            .offset_low = (uint16_t)at,
            .selector = KERNEL_CS,
            .ist = (uint8_t)ist_of(i),
            .type = GATE_INTERRUPT | (user ? GATE_DPL3 : 0),
            .offset_mid = (uint16_t)(at >> 16),
            .offset_high = (uint32_t)(at >> 32),
        };
    }
}

void idt_load(void)
{
    struct {
        uint16_t limit;
        uint64_t base;
    } __packed ptr = {sizeof(idt) - 1, (uint64_t)(uintptr_t)idt};

    __asm__ volatile("lidt %0" : : "m"(ptr));
}

/* --- SMAP --------------------------------------------------------------- */

/* Places of three bytes that become stac or clac, 0f 01 cb / 0f 01 ca. */
struct smap_site {
    int32_t offset;
    uint8_t op, pad[3];
};
extern const struct smap_site smap_sites_start[], smap_sites_end[];

void smap_patch(void)
{
    if (!cpu_features.smap)
        return;
    for (const struct smap_site *s = smap_sites_start; s < smap_sites_end;
         s++) {
        uint8_t *p = (uint8_t *)(uintptr_t)&s->offset + s->offset;
        p[0] = 0x0f;
        p[1] = 0x01;
        p[2] = s->op;
    }
}

/* --- faults of usercopy.S ----------------------------------------------- */

struct ex_entry {
    int32_t insn, fixup; /* relative to themselves */
};
extern const struct ex_entry ex_table_start[], ex_table_end[];

static uint64_t find_fixup(uint64_t rip)
{
    for (const struct ex_entry *e = ex_table_start; e < ex_table_end; e++)
        if ((uint64_t)(uintptr_t)&e->insn + (uint64_t)(int64_t)e->insn == rip)
            return (uint64_t)(uintptr_t)&e->fixup + (uint64_t)(int64_t)e->fixup;
    return 0;
}

/* --- page faults -------------------------------------------------------- */

static unsigned needed_prot(uint64_t error)
{
    if (error & PF_FETCH)
        return PROT_X;
    return error & PF_WRITE ? PROT_W : PROT_R;
}

static void remember_fault(const struct trapframe *f, uint64_t addr)
{
    struct arch_thread *a = &current->arch;

    a->fault_vector = f->vector;
    a->fault_error = f->error;
    a->fault_address = addr;
}

static void user_page_fault(struct trapframe *f, vaddr_t addr)
{
    int err = -EFAULT;

    arch_irqs_enable();
    if (f->error & PF_RESERVED)
        panic("page tables of process %d are damaged at 0x%lx", current->tid,
              addr);
    /* A fault in user mode of an access that is not the user's is one of the
     * processor's own, to a descriptor say. (QEMU's lret reads the stack so,
     * which SMAP forbids: repeating it would not end.) */
    if (likely(addr < USER_TOP && (f->error & PF_USER)))
        err = mm_fault(addr, needed_prot(f->error));
    if (likely(err == 0) || err == -EINTR)
        return;
    if (addr >= USER_TOP) /* do not tell what the kernel has mapped where */
        f->error |= PF_PRESENT;
    remember_fault(f, addr);
    if (err == -EFAULT)
        user_exception(SIGSEGV, SEGV_MAPERR, addr);
    else if (err == -EACCES)
        user_exception(SIGSEGV, SEGV_ACCERR, addr);
    else
        user_exception(SIGBUS, BUS_ADRERR, addr);
}

static __noreturn void kernel_fault(struct trapframe *f, vaddr_t addr);

static void kernel_page_fault(struct trapframe *f, vaddr_t addr)
{
    uint64_t fixup = find_fixup(f->rip);
    struct thread *t = current;

    if (!fixup || addr >= USER_TOP || (f->error & PF_RESERVED))
        kernel_fault(f, addr);
    if (t && t->mm && !t->pf_disabled && (f->rflags & RFLAGS_IF)) {
        arch_irqs_enable();
        int err = mm_fault(addr, needed_prot(f->error));
        arch_irqs_disable();
        if (likely(err == 0))
            return;
    }
    f->rip = fixup;
}

/* --- exceptions --------------------------------------------------------- */

static const struct {
    uint8_t signo, code;
    bool at_rip; /* si_addr is the instruction */
} signals[EXCEPTIONS] = {
    [TRAP_DE] = {SIGFPE, FPE_INTDIV, true},
    [TRAP_DB] = {SIGTRAP, TRAP_TRACE, true},
    [TRAP_BP] = {SIGTRAP, SI_KERNEL, false},
    [TRAP_OF] = {SIGSEGV, SI_KERNEL, false},
    [TRAP_BR] = {SIGSEGV, SI_KERNEL, false},
    [TRAP_UD] = {SIGILL, ILL_ILLOPN, true},
    [TRAP_TS] = {SIGSEGV, SI_KERNEL, false},
    [TRAP_NP] = {SIGBUS, SI_KERNEL, false},
    [TRAP_SS] = {SIGBUS, SI_KERNEL, false},
    [TRAP_GP] = {SIGSEGV, SI_KERNEL, false},
    [TRAP_MF] = {SIGFPE, 0, true},
    [TRAP_AC] = {SIGBUS, BUS_ADRALN, false},
    [TRAP_XF] = {SIGFPE, 0, true},
};

static const char *exception_name(uint64_t vector)
{
    // clang-format off
    static const char *const names[EXCEPTIONS] = {
        "divide error", "debug", "NMI", "breakpoint", "overflow",
        "bound range", "invalid opcode", "device not available",
        "double fault", NULL, "invalid TSS", "segment not present",
        "stack fault", "general protection", "page fault", NULL,
        "x87 error", "alignment check", "machine check", "SIMD error",
        "virtualization", "control protection",
    };
    // clang-format on
    return vector < EXCEPTIONS && names[vector] ? names[vector] : "exception";
}

static __noreturn void kernel_fault(struct trapframe *f, vaddr_t addr)
{
    panic_frame = f;
    if (f->vector == TRAP_MC)
        cpu_machine_check();
    if (f->vector == TRAP_PF)
        panic("%s fault at 0x%lx in the kernel, error 0x%lx, rip 0x%lx",
              f->error & PF_FETCH   ? "execute"
              : f->error & PF_WRITE ? "write"
                                    : "read",
              addr, f->error, f->rip);
    if (f->vector == TRAP_DF && current &&
        addr - (vaddr_t)current->kstack + PAGE_SIZE < PAGE_SIZE)
        panic("kernel stack overflow in %s[%d]", current->name, current->tid);
    panic("%s in %s, error 0x%lx, rip 0x%lx", exception_name(f->vector),
          f->cs & 3 ? "a program" : "the kernel", f->error, f->rip);
}

static void user_exception_trap(struct trapframe *f)
{
    uint64_t v = f->vector;
    int signo = signals[v].signo, code = signals[v].code;

    if (v == TRAP_MC)
        kernel_fault(f, 0);
    if (!signo) {
        if (v == TRAP_NMI) {
            panic_stop_here();
            return;
        }
        signo = SIGSEGV;
        code = SI_KERNEL;
    }
    if (v == TRAP_MF || v == TRAP_XF)
        code = fpu_exception_code(v == TRAP_XF);
    arch_irqs_enable();
    remember_fault(f, 0);
    user_exception(signo, code, signals[v].at_rip ? f->rip : 0);
}

/* Interrupts off. Returns with them on or off. */
void trap_from_user(struct trapframe *f)
{
    if (f->vector == TRAP_PF)
        user_page_fault(f, read_cr2());
    else if (f->vector >= EXCEPTIONS)
        irq_dispatch((unsigned)f->vector);
    else
        user_exception_trap(f);
}

/* Interrupts off, and off again on return. */
void trap_from_kernel(struct trapframe *f)
{
    uint64_t fixup;

    switch (f->vector) {
    case TRAP_PF:
        kernel_page_fault(f, read_cr2());
        return;
    case TRAP_GP: /* a non-canonical user address */
        fixup = find_fixup(f->rip);
        if (!fixup)
            kernel_fault(f, 0);
        f->rip = fixup;
        return;
    case TRAP_NMI:
        panic_stop_here();
        return;
    case TRAP_DB:
        /* `mov ss` with a pending single step just before `syscall`: the step
         * is reported here. The program set TF; it learns nothing new. */
        f->rflags &= ~RFLAGS_TF;
        return;
    default:
        if (f->vector < EXCEPTIONS)
            kernel_fault(f, read_cr2());
        irq_dispatch((unsigned)f->vector);
    }
}
