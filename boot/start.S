/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * Entry of the loader and the way to the BIOS and back.
 *
 * The loader is 32-bit protected-mode code without paging; each BIOS call
 * drops to real mode and comes back.  The other way to reach memory above
 * 1 MiB, "unreal mode" (real mode with 4 GiB segment limits), was not taken:
 * it rests on cached limits that no manual promises across a BIOS call, and
 * does not survive one where the BIOS itself switches modes (SeaBIOS does for
 * virtio), nor KVM on a processor without unrestricted guest support, which
 * must emulate such a state instruction by instruction.  The switch below is
 * the sequence of Intel SDM volume 3, 10.9.1 and 10.9.2 (AMD APM volume 2,
 * 14.4), costs some thirty instructions for 63.5 KiB, and runs the same on
 * processors, KVM, TCG and Bochs.
 *
 * All of this, stack included, lies below 64 KiB, so that an address is the
 * same number in both modes with segment bases of zero.
 */
#include "layout.h"

#define SEL_CODE32 0x08
#define SEL_DATA32 0x10
#define SEL_CODE16 0x18
#define SEL_DATA16 0x20
#define CR0_PE 1

/* Offsets in struct bios_regs, bios.h. */
#define REG_EAX 0
#define REG_EBX 4
#define REG_ECX 8
#define REG_EDX 12
#define REG_ESI 16
#define REG_EDI 20
#define REG_ES 24
#define REG_FLAGS 26

    .section .text.start, "ax"
    .code16
    .globl start
/* From the boot sector: real mode, CS 0, DL the drive. */
start:
    cli
    cld
    xorw %ax, %ax
    movw %ax, %ds
    movw %ax, %es
    movw %ax, %ss
    movzbl %dl, %ebx
    lgdtl gdt_pointer
    movl %cr0, %eax
    orb $CR0_PE, %al
    movl %eax, %cr0
    ljmpl $SEL_CODE32, $start32

    .code32
start32:
    movw $SEL_DATA32, %ax
    movw %ax, %ds
    movw %ax, %es
    movw %ax, %fs
    movw %ax, %gs
    movw %ax, %ss
    movl $LAYOUT_STACK, %esp
    movl $bss_start, %edi
    movl $bss_longs, %ecx
    xorl %eax, %eax
    rep stosl
    pushl %ebx
    call loader_main /* does not return */

/* void bios_call(unsigned vector, struct bios_regs *regs) */
    .text
    .globl bios_call
bios_call:
    pushl %ebp
    pushl %ebx
    pushl %esi
    pushl %edi
    movl 20(%esp), %eax
    movl (, %eax, 4), %eax /* interrupt vector table, SDM 3 20.1.4 */
    movl %eax, bios_target
    movl 24(%esp), %eax
    movl %eax, bios_frame
    movl %esp, bios_esp
    ljmp $SEL_CODE16, $1f

    .code16
1:  /* Segments with real mode's limits and attributes first: the caches keep
     * them when PE is cleared (SDM 3 10.9.2 step 4). */
    movw $SEL_DATA16, %ax
    movw %ax, %ds
    movw %ax, %es
    movw %ax, %fs
    movw %ax, %gs
    movw %ax, %ss
    lidtl ivt_pointer
    movl %cr0, %eax
    andb $~CR0_PE, %al
    movl %eax, %cr0
    ljmp $0, $2f
2:
    xorw %ax, %ax
    movw %ax, %ds
    movw %ax, %fs
    movw %ax, %gs
    movw %ax, %ss
    movw bios_frame, %bp
    movw REG_ES(%bp), %es
    movl REG_EBX(%bp), %ebx
    movl REG_ECX(%bp), %ecx
    movl REG_EDX(%bp), %edx
    movl REG_ESI(%bp), %esi
    movl REG_EDI(%bp), %edi
    movl REG_EAX(%bp), %eax
    /* What INT does: flags, then a far call with interrupts off. */
    sti
    pushfw
    cli
    lcallw *%cs:bios_target
    cli
    cld
    pushfw
    movw %cs:bios_frame, %bp
    movl %eax, REG_EAX(%bp)
    movl %ebx, REG_EBX(%bp)
    movl %ecx, REG_ECX(%bp)
    movl %edx, REG_EDX(%bp)
    movl %esi, REG_ESI(%bp)
    movl %edi, REG_EDI(%bp)
    movw %es, REG_ES(%bp)
    popw REG_FLAGS(%bp)

    xorw %ax, %ax
    movw %ax, %ds
    lgdtl gdt_pointer /* the BIOS may have loaded its own */
    movl %cr0, %eax
    orb $CR0_PE, %al
    movl %eax, %cr0
    ljmpl $SEL_CODE32, $3f
    .code32
3:
    movw $SEL_DATA32, %ax
    movw %ax, %ds
    movw %ax, %es
    movw %ax, %fs
    movw %ax, %gs
    movw %ax, %ss
    movl bios_esp, %esp
    popl %edi
    popl %esi
    popl %ebx
    popl %ebp
    ret

/*
 * void enter_kernel(uint32_t entry, uint32_t start_info)
 *
 * The state the PVH entry wants (Xen docs/misc/pvh): flat 32-bit segments,
 * paging and interrupts off, EBX the start info.  All of it holds already.
 */
    .globl enter_kernel
enter_kernel:
    movl 4(%esp), %eax
    movl 8(%esp), %ebx
    jmp *%eax

    .section .data
    .balign 8
gdt:
    .quad 0
    .quad 0x00cf9b000000ffff /* code, base 0, limit 4 GiB, 32-bit */
    .quad 0x00cf93000000ffff /* data, the same */
    .quad 0x00009b000000ffff /* code, base 0, limit 64 KiB, 16-bit */
    .quad 0x000093000000ffff /* data, the same */
gdt_end:
gdt_pointer:
    .word gdt_end - gdt - 1
    .long gdt
ivt_pointer:
    .word 0x3ff
    .long 0

    .balign 4
bios_target:
    .long 0
bios_frame:
    .long 0
bios_esp:
    .long 0

    .section .note.GNU-stack, "", @progbits
