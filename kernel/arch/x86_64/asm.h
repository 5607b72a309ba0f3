/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * asm.h - numbers that C and assembly share. The order of the descriptors is
 * the one `syscall` and `sysret` prescribe (Intel SDM 3A 5.8.8): kernel code,
 * kernel data; (32-bit user code: absent), user data, user code.
 */
#pragma once

#define KERNEL_CS 0x10
#define KERNEL_DS 0x18
#define USER_DS   0x2b
#define USER_CS   0x33
#define CPU_SEL   0x3b /* its limit is the CPU number, for the vDSO */
#define TSS_SEL   0x40

/* Interrupt stacks (TSS), 1-based. */
#define IST_NMI 1
#define IST_DF  2
#define IST_MC  3
#define IST_DB  4

#define MSR_GS_BASE 0xc0000101

/* Where the AP start code keeps its parameters, from the page's start. */
#define AP_PARAM_CR3   0xf00
#define AP_PARAM_CR4   0xf08
#define AP_PARAM_EFER  0xf10
#define AP_PARAM_STACK 0xf18
#define AP_PARAM_CPU   0xf20

#ifdef __ASSEMBLER__
#define KERNEL_BASE 0xffffffff80000000 /* as in arch.h */
#endif
