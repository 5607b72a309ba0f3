/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * arch_cpu.h - the processor's part of struct cpu, and how to find it.
 */
#pragma once

#include "lib/types.h"

struct cpu;
struct thread;
struct mm;

struct arch_tss {
    uint32_t reserved0;
    uint64_t rsp[3];
    uint64_t reserved1;
    uint64_t ist[7];
    uint64_t reserved2;
    uint16_t reserved3, iomap;
} __packed;
_Static_assert(sizeof(struct arch_tss) == 104, "Intel SDM 3A 8.7");

struct arch_mmu;

/* o only its own CPU; I immutable once it runs */
struct arch_cpu {
    uint32_t apic_id;          /* I */
    uint64_t gdt[10];          /* I see gdt.c */
    struct arch_tss tss;       /* o */
    void *ist_stacks;          /* I KSTACK_SIZE bytes for four of them */
    struct arch_mmu *mmu;      /* o whose page tables are loaded; NULL = only
                                * the kernel's */
    bool mmu_lazy;             /* o a thread without address space runs */
    void *fpu_owner;           /* o XSAVE area whose content the FPU holds */
    uint64_t fs_base, gs_base; /* o what the MSRs hold (user's) */
};

/* struct cpu begins with its own address and the current thread. */
static inline struct cpu *arch_this_cpu(void)
{
    struct cpu *c;
    __asm__ volatile("mov %%gs:0, %0" : "=r"(c));
    return c;
}

static inline struct thread *arch_current(void)
{
    struct thread *t;
    __asm__ volatile("mov %%gs:8, %0" : "=r"(t));
    return t;
}

static inline void arch_pause(void)
{
    __asm__ volatile("pause" ::: "memory");
}
