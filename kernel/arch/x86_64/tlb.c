/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * tlb.c - loading address spaces, and flushing translations on other CPUs.
 *
 * arch_mmu.cpus names the CPUs that may hold translations of an address space.
 * A CPU sets its bit, a full barrier, before it loads the root; a flusher
 * changes entries, a full barrier, then reads the bits. So either the flusher
 * sees the CPU, or the CPU's first walk sees the new entries.
 *
 * A thread without an address space runs on the one loaded before ("lazy").
 * The first flush that reaches such a CPU makes it leave for the kernel's own
 * tables, so an idle CPU is interrupted at most once per address space.
 *
 * One request at a time, guarded by a lock; the targets act in their interrupt
 * handler and take no lock. A CPU that waits for the lock or for answers also
 * answers requests by polling: it may have interrupts disabled.
 */
#include "arch/x86_64/arch_priv.h"
#include "lib/log.h"
#include "mem/mm.h"
#include "sched/cpu.h"

/* Above this, reloading CR3 is cheaper than invalidating page by page. */
#define FLUSH_ALL_PAGES 32

static struct tlb_request {
    struct arch_mmu *mmu; /* NULL: kernel addresses */
    vaddr_t start, end;
    bool leave;            /* the address space is going away */
    _Atomic uint64_t todo; /* CPUs that have not acted yet */
} request;
static _Atomic uint32_t request_lock;

static void invlpg(vaddr_t va)
{
    __asm__ volatile("invlpg (%0)" : : "r"(va) : "memory");
}

static void load_root(struct cpu *c, struct arch_mmu *m)
{
    struct arch_mmu *old = c->arch.mmu;

    if (m)
        atomic_fetch_or(&m->cpus, 1ul << c->id);
    write_cr3(m ? m->root : mmu_kernel_root);
    c->arch.mmu = m;
    /* After the load: no walk of the old tables begins from here on. */
    if (old && old != m)
        atomic_fetch_and(&old->cpus, ~(1ul << c->id));
}

void mmu_activate(struct arch_mmu *m)
{
    bool on = arch_irqs_disable();
    struct cpu *c = this_cpu();

    c->arch.mmu_lazy = false;
    if (c->arch.mmu != m)
        load_root(c, m);
    arch_irqs_restore(on);
}

void mmu_switch(struct thread *next)
{
    struct cpu *c = this_cpu();

    if (!next->mm) {
        c->arch.mmu_lazy = true;
        return;
    }
    c->arch.mmu_lazy = false;
    if (c->arch.mmu != &next->mm->mmu)
        load_root(c, &next->mm->mmu);
}

static void flush_user_here(struct cpu *c, const struct tlb_request *r)
{
    if (c->arch.mmu != r->mmu)
        return;
    if (c->arch.mmu_lazy || r->leave) {
        load_root(c, NULL);
        return;
    }
    if (r->end - r->start > FLUSH_ALL_PAGES * PAGE_SIZE) {
        write_cr3(r->mmu->root);
        return;
    }
    for (vaddr_t va = r->start; va < r->end; va += PAGE_SIZE)
        invlpg(va);
}

static void flush_here(struct cpu *c, const struct tlb_request *r)
{
    if (r->mmu) {
        flush_user_here(c, r);
    } else if (r->end - r->start <= 512 * PAGE_SIZE || !cpu_features.pge) {
        for (vaddr_t va = r->start; va < r->end; va += PAGE_SIZE)
            invlpg(va);
    } else { /* toggling PGE drops everything (SDM 3A 4.10.4.1) */
        write_cr4(cpu_cr4() & ~CR4_PGE);
        write_cr4(cpu_cr4());
    }
}

/* Interrupts off. The acquire pairs with the release store of (todo): the
 * request is complete; our release tells that we have acted. */
void tlb_ipi(void)
{
    struct cpu *c = this_cpu();
    uint64_t bit = 1ul << c->id;

    if (!(atomic_load_explicit(&request.todo, memory_order_acquire) & bit))
        return;
    flush_here(c, &request);
    atomic_fetch_and_explicit(&request.todo, ~bit, memory_order_release);
}

static void poll(void)
{
    bool on = arch_irqs_disable();

    tlb_ipi();
    arch_irqs_restore(on);
    arch_pause();
}

static void send_request(const struct tlb_request *r, uint64_t targets)
{
    uint32_t free = 0;

    while (!atomic_compare_exchange_weak_explicit(
        &request_lock, &free, 1, memory_order_acquire, memory_order_relaxed)) {
        poll();
        free = 0;
    }
    request.mmu = r->mmu;
    request.start = r->start;
    request.end = r->end;
    request.leave = r->leave;
    atomic_store_explicit(&request.todo, targets, memory_order_release);
    for (uint64_t left = targets; left; left &= left - 1)
        apic_send_vector(&cpus[__builtin_ctzl(left)], VECTOR_TLB);
    while (atomic_load_explicit(&request.todo, memory_order_acquire) &&
           !panic_stopping())
        arch_pause();
    atomic_store_explicit(&request_lock, 0, memory_order_release);
}

static void flush(const struct tlb_request *r, uint64_t targets)
{
    bool on = arch_irqs_disable(); /* stay on this CPU's data */
    struct cpu *c = this_cpu();

    targets &= ~(1ul << c->id);
    flush_here(c, r);
    arch_irqs_restore(on);
    if (targets)
        send_request(r, targets);
}

/* Kernel code is not preempted, so this stays on one CPU throughout. */
void mmu_flush(struct arch_mmu *m, vaddr_t start, vaddr_t end)
{
    struct tlb_request r = {.mmu = m, .start = start & PAGE_MASK, .end = end};

    /* Entries first, then who has them; pairs with load_root(). */
    atomic_thread_fence(memory_order_seq_cst);
    flush(&r, atomic_load_explicit(&m->cpus, memory_order_relaxed));
}

void tlb_flush_kernel(vaddr_t start, vaddr_t end)
{
    struct tlb_request r = {.start = start, .end = end};
    uint64_t all = nr_cpus >= 64 ? UINT64_MAX : (1ul << nr_cpus) - 1;

    atomic_thread_fence(memory_order_seq_cst);
    flush(&r, all);
}

void tlb_leave(struct arch_mmu *m)
{
    struct tlb_request r = {.mmu = m, .leave = true};

    atomic_thread_fence(memory_order_seq_cst);
    flush(&r, atomic_load_explicit(&m->cpus, memory_order_relaxed));
    ASSERT(!atomic_load(&m->cpus));
}
