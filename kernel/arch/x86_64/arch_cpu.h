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

struct arch_cpu {
    uint32_t apic_id;
    uint64_t gdt[8];
    struct arch_tss tss;
    struct mm *active_mm; /* whose page tables are loaded */
    uint64_t tsc_deadline_period; /* TSC ticks per ms, or 0: LAPIC count mode */
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
