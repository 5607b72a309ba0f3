/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * gdt.c - segment descriptors and the task state of one processor.
 *
 * Long mode needs descriptors for little more than privilege levels (Intel SDM
 * 3A 3.4.5, 5.2.1). There is no 32-bit user code segment: programs are 64-bit.
 * The segment CPU_SEL exists for its limit: `lsl` in the vDSO reads the CPU
 * number from it.
 */
#include "arch/x86_64/arch_priv.h"
#include "sched/cpu.h"

#define IST_STACK_SIZE 4096

static void set_tss(struct arch_cpu *a)
{
    uint64_t base = (uint64_t)(uintptr_t)&a->tss, limit = sizeof(a->tss) - 1;

    a->gdt[TSS_SEL / 8] = limit | (base & 0xffffff) << 16 | 0x89ul << 40 |
                          (base >> 24 & 0xff) << 56;
    a->gdt[TSS_SEL / 8 + 1] = base >> 32;
}

void gdt_init(struct cpu *c, void *ist_stacks)
{
    struct arch_cpu *a = &c->arch;
    struct {
        uint16_t limit;
        uint64_t base;
    } __packed ptr = {sizeof(a->gdt) - 1, (uint64_t)(uintptr_t)a->gdt};

    a->gdt[KERNEL_CS / 8] = 0x00af9b000000ffff;
    a->gdt[KERNEL_DS / 8] = 0x00cf93000000ffff;
    a->gdt[USER_DS / 8] = 0x00cff3000000ffff;
    a->gdt[USER_CS / 8] = 0x00affb000000ffff;
    /* Read-only data, DPL 3, byte granular, limit = number. */
    a->gdt[CPU_SEL / 8] = 0x0040f10000000000 | c->id;
    for (unsigned i = 0; i < 4; i++)
        a->tss.ist[i] =
            (uint64_t)(uintptr_t)ist_stacks + (i + 1) * IST_STACK_SIZE;
    a->tss.iomap = sizeof(a->tss); /* no I/O ports for user mode */
    set_tss(a);
    __asm__ volatile("lgdt %0\n"
                     "pushq %1\n"
                     "leaq 1f(%%rip), %%rax\n"
                     "pushq %%rax\n"
                     "lretq\n"
                     "1: movl %2, %%eax\n"
                     "movl %%eax, %%ss\n"
                     "movl %3, %%eax\n"
                     "movl %%eax, %%ds\n"
                     "movl %%eax, %%es\n"
                     "ltr %w4"
                     :
                     : "m"(ptr), "i"(KERNEL_CS), "i"(KERNEL_DS), "i"(USER_DS),
                       "r"(TSS_SEL)
                     : "rax", "memory");
}
