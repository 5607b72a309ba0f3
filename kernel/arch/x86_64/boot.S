/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * boot.S - from the PVH entry point to kernel_main().
 *
 * PVH (xen/include/public/arch-x86/hvm/start_info.h): 32-bit protected mode,
 * flat segments, paging off, interrupts off, EBX = physical address of struct
 * hvm_start_info. We build tables that map the first 4 GiB three times (at 0,
 * at PHYS_BASE, and its first GiB at KERNEL_BASE), go to long mode and jump to
 * the linked address. arch_early_init() replaces the tables.
 */
#include "asm_offsets.h"
#include "arch/x86_64/asm.h"

#define PHYS(x)   ((x) - KERNEL_BASE)
#define PML4_PHYS 273 /* (PHYS_BASE >> 39) & 511 */
#define PTE_TABLE 0x63 /* present, writable, accessed, dirty */
#define PTE_2M    0xe3 /* the same, 2 MiB */

#define CR0_BOOT 0x80050033 /* PG AM WP NE ET MP PE */
#define CR4_BOOT 0x620      /* OSXMMEXCPT OSFXSR PAE */
#define EFER_LME 0x100

    .section .note.Xen, "a"
    .align 4
    .long 4, 8, 18 /* XEN_ELFNOTE_PHYS32_ENTRY */
    .asciz "Xen"
    .quad PHYS(pvh_start)

    .section .text.boot, "ax"
    .code32
    .globl pvh_start
pvh_start:
    cld
    cli
    movl $PHYS(boot_stack_top), %esp
    movl %ebx, PHYS(boot_start_info)

    movl $PHYS(boot_pml4), %edi
    movl $PHYS(boot_pdpt) + PTE_TABLE, (%edi)
    movl $PHYS(boot_pdpt) + PTE_TABLE, 8 * PML4_PHYS(%edi)
    movl $PHYS(boot_pdpt_high) + PTE_TABLE, 8 * 511(%edi)
    movl $PHYS(boot_pd) + PTE_TABLE, PHYS(boot_pdpt_high) + 8 * 510
    movl $PHYS(boot_pd) + PTE_TABLE, %eax
    movl %eax, PHYS(boot_pdpt)
    addl $0x1000, %eax
    movl %eax, PHYS(boot_pdpt) + 8
    addl $0x1000, %eax
    movl %eax, PHYS(boot_pdpt) + 16
    addl $0x1000, %eax
    movl %eax, PHYS(boot_pdpt) + 24

    movl $PTE_2M, %eax
    movl $PHYS(boot_pd), %edi
1:  movl %eax, (%edi)
    addl $8, %edi
    addl $0x200000, %eax
    jnc 1b

    /* Long mode, SDM 3A 9.8.5: PAE, CR3, EFER.LME, then paging. */
    movl $CR4_BOOT, %eax
    movl %eax, %cr4
    movl $PHYS(boot_pml4), %eax
    movl %eax, %cr3
    movl $0xc0000080, %ecx
    rdmsr
    orl $EFER_LME, %eax
    wrmsr
    movl $CR0_BOOT, %eax
    movl %eax, %cr0
    lgdt PHYS(boot_gdt_ptr)
    ljmp $KERNEL_CS, $PHYS(1f)

    .code64
1:  movabs $2f, %rax
    jmp *%rax
2:  movl $KERNEL_DS, %eax
    movl %eax, %ds
    movl %eax, %es
    movl %eax, %ss
    xorl %eax, %eax
    movl %eax, %fs
    movl %eax, %gs
    movabs $boot_stack_top, %rsp
    /* GS base: this CPU's struct cpu, which begins with its own address. */
    leaq cpus(%rip), %rax
    movq %rax, (%rax)
    movq %rax, %rdx
    shrq $32, %rdx
    movl $MSR_GS_BASE, %ecx
    wrmsr
    xorl %ebp, %ebp
    pushq $0 /* end of the backtrace */
    pushq $0
    call kernel_main
3:  hlt
    jmp 3b

    .section .rodata.boot, "a"
    .align 8
boot_gdt:
    .quad 0
    .quad 0
    .quad 0x00af9b000000ffff /* KERNEL_CS: 64-bit code */
    .quad 0x00cf93000000ffff /* KERNEL_DS */
boot_gdt_end:
boot_gdt_ptr:
    .word boot_gdt_end - boot_gdt - 1
    .long PHYS(boot_gdt)

    .section .data.boot_start_info, "aw"
    .globl boot_start_info
    .align 8
boot_start_info:
    .quad 0

    .section .bss.page_aligned, "aw", @nobits
    .align 4096
    .globl boot_pml4
boot_pml4:
    .skip 4096
boot_pdpt:
    .skip 4096
boot_pdpt_high:
    .skip 4096
boot_pd:
    .skip 4 * 4096
    .globl boot_stack_guard, boot_stack_top
boot_stack_guard: /* unmapped by mmu_boot.c */
    .skip 4096
    .skip 16384
boot_stack_top:

    .section .note.GNU-stack, "", @progbits
