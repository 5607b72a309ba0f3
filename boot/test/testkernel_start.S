/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
    .section .note.Xen, "a", @note
    .long 4, 4, 18
    .asciz "Xen"
    .long entry

    .text
    .code32
    .globl entry
entry:
    movl $stack_end, %esp
    pushl %ebx
    pushl $0
    jmp kernel_main

    .section .rodata
    .balign 4
    .globl pattern, pattern_end, far_pattern, far_pattern_end
pattern:
    .set i, 0
    .rept 70001
    .long (i * 2654435761) & 0xffffffff
    .set i, i + 1
    .endr
pattern_end:
    .byte 1, 2, 3 /* so that bss does not begin at a whole word */

    .section .far, "aw"
far_pattern:
    .set i, 0
    .rept 1000
    .long (i * 2654435761) & 0xffffffff
    .set i, i + 1
    .endr
far_pattern_end:

    .section .stack, "aw", @nobits
    .skip 4096
stack_end:

    .section .note.GNU-stack, "", @progbits
