/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * ap_boot.S - where the other processors start (Intel SDM 3A 8.4).
 *
 * smp.c copies ap_boot..ap_boot_end to a page below 1 MiB, fills in the
 * parameters at its end and sends the start-up IPI: real mode, CS = page >> 4,
 * IP = 0. CR3 points to a table that maps this page at its own address and the
 * kernel where it belongs, and lies below 4 GiB.
 */
#include "asm_offsets.h"
#include "arch/x86_64/asm.h"

    .section .rodata.ap_boot, "a"
    .globl ap_boot, ap_boot_end
    .balign 16
    .code16
ap_boot:
    cli
    cld
    movw %cs, %ax
    movw %ax, %ds
    movzwl %ax, %ebx
    shll $4, %ebx /* where we are */
    /* Descriptors hold linear addresses: complete them. */
    leal (ap_gdt - ap_boot)(%ebx), %eax
    movl %eax, ap_gdt_ptr - ap_boot + 2
    leal (ap_long - ap_boot)(%ebx), %eax
    movl %eax, ap_far - ap_boot

    movl AP_PARAM_CR4, %eax
    movl %eax, %cr4
    movl AP_PARAM_CR3, %eax
    movl %eax, %cr3
    movl $0xc0000080, %ecx
    movl AP_PARAM_EFER, %eax
    xorl %edx, %edx
    wrmsr
    /* From real mode to long mode in one step: setting PE and PG together is
     * allowed (AMD APM 2 14.6.2 does it; SDM 3A 9.8.5 asks for PE before or
     * with PG). */
    movl $0x80050033, %eax
    lgdtl ap_gdt_ptr - ap_boot
    movl %eax, %cr0
    ljmpl *(ap_far - ap_boot)

    .code64
ap_long:
    movl $KERNEL_DS, %eax
    movl %eax, %ds
    movl %eax, %es
    movl %eax, %ss
    xorl %eax, %eax
    movl %eax, %fs
    movl %eax, %gs
    movl %ebx, %ebx
    movq AP_PARAM_STACK(%rbx), %rsp
    movq AP_PARAM_CPU(%rbx), %rdi
    movq %rdi, %rax
    movq %rdi, %rdx
    shrq $32, %rdx
    movl $MSR_GS_BASE, %ecx
    wrmsr
    xorl %ebp, %ebp
    pushq $0
    pushq $0
    movabs $ap_main, %rax
    call *%rax
1:  hlt
    jmp 1b

    .balign 8
ap_gdt:
    .quad 0
    .quad 0
    .quad 0x00af9b000000ffff
    .quad 0x00cf93000000ffff
ap_gdt_ptr:
    .word . - ap_gdt - 1
    .long 0
    .balign 4
ap_far:
    .long 0
    .word KERNEL_CS
ap_boot_end:

    .section .note.GNU-stack, "", @progbits
