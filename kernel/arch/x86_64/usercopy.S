/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * usercopy.S - every instruction that touches user memory.
 *
 * Each is listed in ex_table with the place to go on at when it faults and the
 * fault cannot be resolved (trap.c); also for a general protection fault, which
 * is what a non-canonical address gives. STAC/CLAC are no-ops until
 * smap_patch() finds SMAP.
 */

.macro SMAP_SITE op
771:
    .byte 0x0f, 0x1f, 0x00
    .pushsection .smap_sites, "a"
    .long 771b - .
    .byte \op, 0, 0, 0
    .popsection
.endm
.macro STAC
    SMAP_SITE 0xcb
.endm
.macro CLAC
    SMAP_SITE 0xca
.endm
.macro EX insn, fixup
    .pushsection .ex_table, "a"
    .long \insn - .
    .long \fixup - .
    .popsection
.endm

#define USER_LAST 0x00007fffffffeffc /* last 32-bit word below USER_TOP */
#define EFAULT 14

    .section .text.hot.usercopy, "ax"

/* size_t arch_copy_user(dst rdi, src rsi, n rdx): whole words, then bytes. A
 * fault in the words goes on with bytes, so that the count is exact. */
    .globl arch_copy_user
    .balign 16
arch_copy_user:
    STAC
    movq %rdx, %rcx
    shrq $3, %rcx
    andl $7, %edx
1:  rep movsq
2:  movl %edx, %ecx
3:  rep movsb
4:  movq %rcx, %rax
    CLAC
    ret
5:  leaq (%rdx, %rcx, 8), %rcx
    jmp 3b
    EX 1b, 5b
    EX 3b, 4b

/* size_t arch_clear_user(dst rdi, n rsi) */
    .globl arch_clear_user
    .balign 16
arch_clear_user:
    STAC
    xorl %eax, %eax
    movq %rsi, %rcx
    shrq $3, %rcx
    andl $7, %esi
1:  rep stosq
    movl %esi, %ecx
3:  rep stosb
4:  movq %rcx, %rax
    CLAC
    ret
5:  leaq (%rsi, %rcx, 8), %rcx
    jmp 3b
    EX 1b, 5b
    EX 3b, 4b

/* int f(uint32_t *p rdi, v esi, uint32_t *old rdx) */
.macro USER_OP name
    .globl \name
    .balign 16
\name:
    movabsq $USER_LAST, %rax
    cmpq %rax, %rdi
    ja user_op_fault
    STAC
.endm

    USER_OP arch_user_xchg32
1:  xchgl %esi, (%rdi)
    CLAC
    movl %esi, (%rdx)
    xorl %eax, %eax
    ret
    EX 1b, user_op_fixup

    USER_OP arch_user_add32
1:  lock xaddl %esi, (%rdi)
    CLAC
    movl %esi, (%rdx)
    xorl %eax, %eax
    ret
    EX 1b, user_op_fixup

.macro USER_LOOP_OP name, insn
    USER_OP \name
1:  movl (%rdi), %eax
2:  movl %eax, %ecx
    \insn %esi, %ecx
3:  lock cmpxchgl %ecx, (%rdi)
    jne 2b
    CLAC
    movl %eax, (%rdx)
    xorl %eax, %eax
    ret
    EX 1b, user_op_fixup
    EX 3b, user_op_fixup
.endm
    USER_LOOP_OP arch_user_or32, orl
    USER_LOOP_OP arch_user_and32, andl
    USER_LOOP_OP arch_user_xor32, xorl

/* int arch_user_cmpxchg32(p rdi, expect esi, new edx, old rcx) */
    USER_OP arch_user_cmpxchg32
    movl %esi, %eax
1:  lock cmpxchgl %edx, (%rdi)
    CLAC
    movl %eax, (%rcx)
    xorl %eax, %eax
    ret
    EX 1b, user_op_fixup

user_op_fixup:
    CLAC
user_op_fault:
    movl $-EFAULT, %eax
    ret

    .section .note.GNU-stack, "", @progbits
