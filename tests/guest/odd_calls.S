/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * odd_calls.S - system calls that no Linux has. Exits with 0 if each answers
 * -ENOSYS, else with the number of the first that does not, counted from 1.
 */
#define ENOSYS 38

    .globl _start
_start:
    xor %ebx, %ebx
next:
    lea numbers(%rip), %rcx
    mov (%rcx, %rbx, 8), %rax
    inc %ebx
    syscall
    cmp $-ENOSYS, %rax
    jne done
    cmp $3, %ebx
    jb next
    xor %ebx, %ebx
done:
    mov %ebx, %edi
    mov $231, %eax /* exit_group */
    syscall

    .balign 8
numbers:
    .quad 999, 0x7fffffff, -1
