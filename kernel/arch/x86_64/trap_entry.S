/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * trap_entry.S - every way into the kernel and out of it.
 *
 * All build a struct trapframe and run C code with it. GS: in the kernel GS
 * points to struct cpu and MSR_KERNEL_GS_BASE holds the user's; in user mode
 * the other way round. An exception or interrupt tells by its saved CS which
 * it was, except for those that can hit between `syscall` and swapgs or
 * between swapgs and sysret/iretq: NMI, #MC, #DF and #DB (after `mov ss`).
 * They run on stacks of their own (IST) and look at GS_BASE itself: the
 * kernel's is negative, a user cannot make it so (CR4.FSGSBASE is off and
 * arch_prctl checks).
 *
 * Interrupts are off on every entry until C code enables them.
 */
#include "asm_offsets.h"
#include "arch/x86_64/asm.h"

#define TRAP_SYSCALL 0x100

/* Three bytes that trap.c turns into `clac` where the CPU has SMAP: kernel code
 * must not run with AC set because a user access was interrupted. */
.macro CLAC
771:
    .byte 0x0f, 0x1f, 0x00
    .pushsection .smap_sites, "a"
    .long 771b - .
    .byte 0xca, 0, 0, 0
    .popsection
.endm

/* Everything of the frame below `error` and `vector`. */
.macro PUSH_REGS
    pushq %rdi
    pushq %rsi
    pushq %rdx
    pushq %rcx
    pushq %rax
    pushq %r8
    pushq %r9
    pushq %r10
    pushq %r11
    pushq %rbx
    pushq %rbp
    pushq %r12
    pushq %r13
    pushq %r14
    pushq %r15
.endm

.macro POP_REGS
    popq %r15
    popq %r14
    popq %r13
    popq %r12
    popq %rbp
    popq %rbx
    popq %r11
    popq %r10
    popq %r9
    popq %r8
    popq %rax
    popq %rcx
    popq %rdx
    popq %rsi
    popq %rdi
.endm

/* --- system calls ------------------------------------------------------- */

    .section .text.hot.entry, "ax"
    .globl syscall_entry
    .balign 16
syscall_entry:
    swapgs
    movq %rsp, %gs:CPU_USER_SP
    movq %gs:CPU_KERNEL_SP, %rsp
    pushq $USER_DS
    pushq %gs:CPU_USER_SP
    pushq %r11
    pushq $USER_CS
    pushq %rcx
    pushq %rax
    pushq $TRAP_SYSCALL
    PUSH_REGS
    movq %rsp, %rdi
    xorl %ebp, %ebp /* the backtrace ends here */
    sti
    call syscall_dispatch
    cli
    movq %gs:CPU_CURRENT, %rax
    movl THREAD_WORK(%rax), %ecx
    orl %gs:CPU_SOFTIRQ, %ecx
    jnz return_work
sysret_or_iret:
    /* sysret takes RIP from RCX and RFLAGS from R11, so those must be equal in
     * the frame (they are not when a signal frame or a fresh program is
     * entered). On Intel a non-canonical RIP faults in ring 0 on the user's
     * stack (SDM 2B, SYSRET); TF and RF are not restored faithfully. */
    movq FRAME_RCX(%rsp), %rcx
    movq FRAME_R11(%rsp), %r11
    cmpl $TRAP_SYSCALL, FRAME_VECTOR(%rsp)
    jne return_iret
    cmpq FRAME_RIP(%rsp), %rcx
    jne return_iret
    cmpq FRAME_RFLAGS(%rsp), %r11
    jne return_iret
    testl $0x10100, %r11d /* RF, TF */
    jnz return_iret
    movq %rcx, %rax
    shrq $47, %rax
    jnz return_iret
    popq %r15
    popq %r14
    popq %r13
    popq %r12
    popq %rbp
    popq %rbx
    addq $8, %rsp /* r11 */
    popq %r10
    popq %r9
    popq %r8
    popq %rax
    addq $8, %rsp /* rcx */
    popq %rdx
    popq %rsi
    popq %rdi
    movq FRAME_RSP - FRAME_VECTOR(%rsp), %rsp
    swapgs
    sysretq

return_work:
    sti
    movq %rsp, %rdi
    call return_to_user_work
    /* Fall through. Entered with RSP = frame: look again, interrupts off, so
     * that nothing raised since is overlooked. */
    .globl return_to_user
return_to_user:
    cli
    movq %gs:CPU_CURRENT, %rax
    movl THREAD_WORK(%rax), %ecx
    orl %gs:CPU_SOFTIRQ, %ecx
    jnz return_work
    jmp sysret_or_iret

return_iret:
    POP_REGS
    addq $16, %rsp
    swapgs
    iretq

/* --- exceptions and interrupts ------------------------------------------ */

    .section .text.entry, "ax"
    .balign 16
trap_common: /* error code and vector are pushed */
    PUSH_REGS
    cld
    CLAC
    testb $3, FRAME_CS(%rsp)
    jz 1f
    swapgs
    lfence /* no speculation with the user's GS */
    movq %rsp, %rdi
    xorl %ebp, %ebp
    call trap_from_user
    jmp return_to_user
1:  lfence
    movq %rsp, %rdi
    call trap_from_kernel
    POP_REGS
    addq $16, %rsp
    iretq

/* NMI, #DF, #MC, #DB: on an interrupt stack. From user mode (#DB): go on as an
 * ordinary exception on the thread's kernel stack. */
    .balign 16
trap_paranoid:
    PUSH_REGS
    cld
    CLAC
    testb $3, FRAME_CS(%rsp)
    jnz 2f
    movl $MSR_GS_BASE, %ecx
    rdmsr
    xorl %ebx, %ebx /* preserved by C */
    testl %edx, %edx
    js 1f
    swapgs
    incl %ebx
1:  lfence
    movq %rsp, %rdi
    call trap_from_kernel
    testl %ebx, %ebx
    jz 3f
    swapgs
3:  POP_REGS
    addq $16, %rsp
    iretq

2:  swapgs
    lfence
    movq %rsp, %rsi
    movq %gs:CPU_KERNEL_SP, %rdi
    subq $FRAME_SIZE, %rdi
    movl $FRAME_SIZE / 8, %ecx
    movq %rdi, %rsp
    rep movsq
    movq %rsp, %rdi
    xorl %ebp, %ebp
    call trap_from_user
    jmp return_to_user

/* 256 stubs of 16 bytes, so that the table of gates needs no table of
 * addresses. These exceptions push an error code themselves (SDM 3A 6.15). */
    .globl trap_stubs
    .balign 16
trap_stubs:
    vector = 0
    .rept 256
    .balign 16
    .if !(vector == 8 || (vector >= 10 && vector <= 14) || vector == 17 || \
          vector == 21 || vector == 29 || vector == 30)
    pushq $0
    .endif
    pushq $vector
    .if vector == 1 || vector == 2 || vector == 8 || vector == 18
    jmp trap_paranoid
    .else
    jmp trap_common
    .endif
    vector = vector + 1
    .endr

/* --- context switch ----------------------------------------------------- */

/* void switch_stack(uint64_t *save_sp, uint64_t load_sp): callee-saved
 * registers (System V ABI 3.2.1) on the stack; the rest is dead here. */
    .section .text.hot.switch, "ax"
    .globl switch_stack
    .balign 16
switch_stack:
    pushq %rbp
    pushq %rbx
    pushq %r12
    pushq %r13
    pushq %r14
    pushq %r15
    movq %rsp, (%rdi)
    movq %rsi, %rsp
    popq %r15
    popq %r14
    popq %r13
    popq %r12
    popq %rbx
    popq %rbp
    ret

/* First activation of a kernel thread: r12 = fn, r13 = arg. */
    .globl kernel_thread_start
kernel_thread_start:
    xorl %ebp, %ebp
    sti
    movq %r13, %rdi
    call *%r12
    ud2

/* First activation of a user thread; the frame is what is above. */
    .globl user_thread_start
user_thread_start:
    xorl %ebp, %ebp
    sti
    call sched_finish_switch
    jmp return_to_user

/* void return_to_user_from(struct trapframe *): leave the calling context. */
    .globl return_to_user_from
return_to_user_from:
    movq %rdi, %rsp
    jmp return_to_user

    .section .note.GNU-stack, "", @progbits
