/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * arch_thread.h - the processor's part of a thread, and the register frame.
 */
#pragma once

#include "lib/types.h"

/* Registers of interrupted or calling code, at the top of the thread's kernel
 * stack for entries from user mode. trap.S builds it; order is its ABI. */
struct trapframe {
    uint64_t r15, r14, r13, r12, rbp, rbx;
    uint64_t r11, r10, r9, r8, rax, rcx, rdx, rsi, rdi;
    uint64_t vector; /* exception vector, or TRAP_SYSCALL */
    uint64_t error;  /* exception error code, or system call number */
    uint64_t rip, cs, rflags, rsp, ss;
};
#define TRAP_SYSCALL 0x100

/* All fields are touched only by the thread itself or while it is off CPU. */
struct arch_thread {
    uint64_t sp;      /* saved kernel stack pointer */
    uint64_t fs_base; /* user's */
    uint64_t gs_base; /* user's */
    void *fpu;        /* XSAVE area, arch_fpu_size() bytes, 64-aligned; NULL for
                       * kernel threads */
    struct cpu *fpu_cpu;    /* whose FPU was loaded from (fpu) last */
    uint64_t fault_address; /* CR2 of the last fault in user mode */
    uint64_t fault_error;   /* and what else a signal frame tells of it */
    uint64_t fault_vector;
    struct trapframe *frame; /* of the last entry from user mode */
};
