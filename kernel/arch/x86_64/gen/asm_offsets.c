/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * asm_offsets.c - compiled to assembly text only; mk/arch.mk turns the strings
 * with "->" into build/kernel/arch/x86_64/asm_offsets.h.
 */
#include "arch/x86_64/arch.h"
#include "sched/cpu.h"
#include "sched/thread.h"

#define OFFSET(name, type, field)                                              \
    __asm__ volatile(".ascii \"->#define " #name " %c0\""                      \
                     :                                                         \
                     : "i"(offsetof(type, field)))

void asm_offsets(void);
void asm_offsets(void)
{
    OFFSET(CPU_CURRENT, struct cpu, curr);
    OFFSET(CPU_KERNEL_SP, struct cpu, kernel_sp);
    OFFSET(CPU_USER_SP, struct cpu, user_sp);
    OFFSET(CPU_SOFTIRQ, struct cpu, softirq);
    OFFSET(THREAD_WORK, struct thread, work);
    OFFSET(FRAME_R11, struct trapframe, r11);
    OFFSET(FRAME_RCX, struct trapframe, rcx);
    OFFSET(FRAME_VECTOR, struct trapframe, vector);
    OFFSET(FRAME_RIP, struct trapframe, rip);
    OFFSET(FRAME_CS, struct trapframe, cs);
    OFFSET(FRAME_RFLAGS, struct trapframe, rflags);
    OFFSET(FRAME_RSP, struct trapframe, rsp);
    __asm__ volatile(".ascii \"->#define FRAME_SIZE %c0\""
                     :
                     : "i"(sizeof(struct trapframe)));
}
