/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * backtrace.c - names of addresses, and the end of a panic.
 *
 * The kernel is compiled with frame pointers, so a backtrace is a walk of the
 * saved RBPs. Names come from a table that mk/arch.mk makes from the linked
 * kernel: addresses as offsets from the image's start, sorted, and names.
 *
 * The table is weak: the first of the two links is done without it.
 */
#include "abi/machine.h"
#include "arch/x86_64/arch_priv.h"
#include "dev/console.h"
#include "lib/log.h"
#include "lib/printf.h"
#include "lib/string.h"
#include "sched/cpu.h"
#include "sched/thread.h"

extern const uint32_t ksyms_count[] __attribute__((weak));
extern const uint32_t ksyms_offsets[] __attribute__((weak));
extern const uint32_t ksyms_names[] __attribute__((weak));
extern const char ksyms_text[] __attribute__((weak));

#define MAX_FRAMES 24

const struct trapframe *panic_frame;
static _Atomic int panic_cpu = -1;

static bool is_text(vaddr_t pc)
{
    return pc >= (vaddr_t)kernel_image && pc < (vaddr_t)text_end;
}

/* Index of the last symbol at or before (offset), or -1. */
static long find_symbol(uint32_t offset)
{
    long lo = -1, hi = ksyms_count ? (long)*ksyms_count : 0;

    while (hi - lo > 1) {
        long mid = (lo + hi) / 2;
        if (ksyms_offsets[mid] <= offset)
            lo = mid;
        else
            hi = mid;
    }
    return lo;
}

void arch_symbolize(vaddr_t pc, char *buf, size_t size)
{
    uint32_t offset = (uint32_t)(pc - (vaddr_t)kernel_image);
    long i = is_text(pc) ? find_symbol(offset) : -1;

    if (i < 0)
        ksnprintf(buf, size, "0x%lx", pc);
    else
        ksnprintf(buf, size, "%s+0x%x", ksyms_text + ksyms_names[i],
                  offset - ksyms_offsets[i]);
}

static void say(const char *fmt, ...) __printf(1, 2);
static void say(const char *fmt, ...)
{
    char line[200];
    va_list ap;

    va_start(ap, fmt);
    int n = kvsnprintf(line, sizeof(line), fmt, ap);
    va_end(ap);
    console_write(line, MIN((size_t)n, sizeof(line) - 1));
}

static void print_registers(const struct trapframe *f)
{
    say("rip %016lx rsp %016lx rflags %08lx cs %lx\n", f->rip, f->rsp,
        f->rflags, f->cs);
    say("rax %016lx rbx %016lx rcx %016lx rdx %016lx\n", f->rax, f->rbx, f->rcx,
        f->rdx);
    say("rsi %016lx rdi %016lx rbp %016lx r8  %016lx\n", f->rsi, f->rdi, f->rbp,
        f->r8);
    say("r9  %016lx r10 %016lx r11 %016lx r12 %016lx\n", f->r9, f->r10, f->r11,
        f->r12);
    say("r13 %016lx r14 %016lx r15 %016lx cr2 %016lx\n", f->r13, f->r14, f->r15,
        read_cr2());
    say("vector %lu error %lx cr3 %lx\n", f->vector, f->error, read_cr3());
}

/* Is [rbp, rbp + 16) kernel memory that is mapped? Asked of the page tables, as
 * a damaged chain leads anywhere. */
static bool frame_readable(uint64_t rbp)
{
    struct arch_mmu kernel = {.root = mmu_kernel_root};
    struct mmu_entry e;

    return !(rbp & 7) && rbp >= PHYS_BASE && rbp < UINT64_MAX - 16 &&
           mmu_kernel_root && mmu_lookup(&kernel, rbp, &e) &&
           mmu_lookup(&kernel, rbp + 8, &e);
}

/* To the caller's frame; false at the end of the chain. */
static bool step_up(uint64_t *rip, uint64_t *rbp)
{
    const uint64_t *frame = (const uint64_t *)*rbp;

    if (!frame_readable(*rbp) || !is_text(frame[1]))
        return false;
    *rip = frame[1];
    *rbp = frame[0] > *rbp ? frame[0] : 0; /* 0 ends it */
    return true;
}

/* A recursion is shown once. The stack's size limits the walk. */
void backtrace(uint64_t rip, uint64_t rbp)
{
    char name[80];

    for (int i = 0; i < MAX_FRAMES; i++) {
        uint64_t next = rip;
        unsigned repeated = 0;
        bool more;
        while ((more = step_up(&next, &rbp)) && next == rip)
            repeated++;
        arch_symbolize(rip, name, sizeof(name));
        say("  %016lx %s\n", rip, name);
        if (repeated)
            say("  ... and %u times more\n", repeated);
        if (!more)
            return;
        rip = next;
    }
}

bool panic_stopping(void)
{
    return atomic_load_explicit(&panic_cpu, memory_order_relaxed) >= 0;
}

static __noreturn void stop(void)
{
    for (;;)
        __asm__ volatile("cli; hlt");
}

void panic_stop_here(void)
{
    int cpu = atomic_load_explicit(&panic_cpu, memory_order_relaxed);

    if (cpu >= 0 && cpu != (int)this_cpu()->id)
        stop();
}

/* The first CPU to panic is the one that reports. The others stop at once, so
 * that the report is not mixed with theirs and shows what was, not what they
 * went on to do: by NMI, as they may have interrupts disabled. */
unsigned arch_panic_begin(void)
{
    static unsigned nested;
    int nobody = -1;

    arch_irqs_disable();
    if (atomic_compare_exchange_strong(&panic_cpu, &nobody,
                                       (int)this_cpu()->id)) {
        apic_send_nmi_all_others();
        return 0;
    }
    panic_stop_here();
    return ++nested;
}

/* After a call of a wild pointer the caller is only on top of the stack. */
static void backtrace_frame(const struct trapframe *f)
{
    char name[80];

    backtrace(f->rip, f->rbp);
    if (is_text(f->rip) || !frame_readable(f->rsp))
        return;
    arch_symbolize(*(const uint64_t *)f->rsp, name, sizeof(name));
    say("top of the stack: %s\n", name);
}

void arch_panic_end(void)
{
    const struct trapframe *f = panic_frame;

    say("cpu %u", this_cpu()->id);
    if (current)
        say(", thread %s[%d]", current->name, current->tid);
    say("\n");
    if (f)
        print_registers(f);
    say("backtrace:\n");
    if (f)
        backtrace_frame(f);
    else
        backtrace((uint64_t)(uintptr_t)__builtin_return_address(0),
                  *(uint64_t *)__builtin_frame_address(0));
    console_flush();
    arch_power_off(MACHINE_PANIC_STATUS);
}
