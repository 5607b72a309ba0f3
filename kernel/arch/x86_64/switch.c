/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * switch.c - threads: their first stack frame, and going from one to another.
 */
#include "arch/x86_64/arch_priv.h"
#include "lib/string.h"
#include "sched/cpu.h"
#include "sched/thread.h"

static uint64_t kstack_top(const struct thread *t)
{
    return (uint64_t)(uintptr_t)t->kstack + KSTACK_SIZE;
}

/* What switch_stack() pops, lowest address first. */
struct switch_frame {
    uint64_t r15, r14, r13, r12, rbx, rbp, ret;
};

void arch_thread_init_kernel(struct thread *t, void (*fn)(void *), void *arg)
{
    /* 16 bytes to spare: a zero return address ends backtraces. */
    struct switch_frame *s = (void *)(kstack_top(t) - 16 - sizeof(*s));

    memset(s, 0, sizeof(*s) + 16);
    s->r12 = (uint64_t)(uintptr_t)fn;
    s->r13 = (uint64_t)(uintptr_t)arg;
    s->ret = (uint64_t)(uintptr_t)kernel_thread_start;
    t->arch.sp = (uint64_t)(uintptr_t)s;
}

void arch_thread_init_user(struct thread *t, const struct trapframe *frame)
{
    struct trapframe *f = (void *)(kstack_top(t) - sizeof(*f));
    struct switch_frame *s = (void *)((uint64_t)(uintptr_t)f - sizeof(*s));

    *f = *frame;
    memset(s, 0, sizeof(*s));
    s->ret = (uint64_t)(uintptr_t)user_thread_start;
    t->arch.sp = (uint64_t)(uintptr_t)s;
    t->arch.frame = f;
}

/* All entries from user mode begin at the same place of the kernel stack. */
struct trapframe *arch_user_frame(void)
{
    return (void *)(kstack_top(current) - sizeof(struct trapframe));
}

void arch_return_to_user(void)
{
    struct trapframe *f = arch_user_frame();
    struct thread *t = current;

    arch_irqs_disable();
    t->arch.frame = f;
    arch_fpu_reset_current();
    this_cpu()->kernel_sp = kstack_top(t);
    this_cpu()->arch.tss.rsp[0] = kstack_top(t);
    return_to_user_from(f);
}

/* The user's segment bases. A user may also load selectors, which changes the
 * base behind our back; 64-bit programs do not, and the values loaded here
 * win at the next switch. */
static void load_bases(struct cpu *c, const struct thread *next)
{
    if (c->arch.fs_base != next->arch.fs_base) {
        c->arch.fs_base = next->arch.fs_base;
        wrmsr(MSR_FS_BASE, next->arch.fs_base);
    }
    if (c->arch.gs_base != next->arch.gs_base) {
        c->arch.gs_base = next->arch.gs_base;
        wrmsr(MSR_KERNEL_GS_BASE, next->arch.gs_base);
    }
}

void arch_switch(struct thread *prev, struct thread *next)
{
    /* Interrupts off: a handler must not see half of two threads. */
    bool on = arch_irqs_disable();
    struct cpu *c = this_cpu();

    c->prev = prev;
    c->curr = next;
    fpu_switch(prev, next);
    mmu_switch(next);
    if (next->mm) { /* only these ever go to user mode */
        load_bases(c, next);
        c->kernel_sp = kstack_top(next);
        c->arch.tss.rsp[0] = kstack_top(next);
    }
    switch_stack(&prev->arch.sp, next->arch.sp);
    arch_irqs_restore(on);
}

void arch_set_tls(struct thread *t, uint64_t fs_base)
{
    bool on = arch_irqs_disable();

    t->arch.fs_base = fs_base;
    if (t == current) {
        this_cpu()->arch.fs_base = fs_base;
        wrmsr(MSR_FS_BASE, fs_base);
    }
    arch_irqs_restore(on);
}

void arch_set_gs(struct thread *t, uint64_t gs_base)
{
    bool on = arch_irqs_disable();

    t->arch.gs_base = gs_base;
    if (t == current) {
        this_cpu()->arch.gs_base = gs_base;
        wrmsr(MSR_KERNEL_GS_BASE, gs_base);
    }
    arch_irqs_restore(on);
}

void arch_frame_exec(struct trapframe *f, uint64_t entry, uint64_t sp)
{
    memset(f, 0, sizeof(*f));
    f->rip = entry < USER_TOP ? entry : 0; /* 0 faults in user mode */
    f->rsp = sp;
    f->cs = USER_CS;
    f->ss = USER_DS;
    f->rflags = RFLAGS_IF | RFLAGS_ONE;
}

bool arch_irqs_disable(void)
{
    uint64_t flags;

    __asm__ volatile("pushfq; popq %0; cli" : "=r"(flags) : : "memory");
    return flags & RFLAGS_IF;
}

bool arch_irqs_enable(void)
{
    uint64_t flags;

    __asm__ volatile("pushfq; popq %0; sti" : "=r"(flags) : : "memory");
    return flags & RFLAGS_IF;
}

void arch_irqs_restore(bool enabled)
{
    if (enabled)
        __asm__ volatile("sti" ::: "memory");
    else
        __asm__ volatile("cli" ::: "memory");
}

/* sti takes effect after the next instruction (SDM 2B, STI): an interrupt that
 * became pending while they were off ends the halt. */
void arch_idle_halt(void)
{
    __asm__ volatile("sti; hlt" ::: "memory");
}
