/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/* bios.h - calling the BIOS from the loader's protected mode. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#define BIOS_VIDEO   0x10
#define BIOS_DISK    0x13
#define BIOS_SYSTEM  0x15
#define BIOS_NO_BOOT 0x18

#define BIOS_CARRY 1 /* in flags */

/* In: register values (DS is 0).  Out: what the BIOS returned. */
struct bios_regs {
    uint32_t eax;
    uint32_t ebx;
    uint32_t ecx;
    uint32_t edx;
    uint32_t esi;
    uint32_t edi;
    uint16_t es;
    uint16_t flags;
};
_Static_assert(offsetof(struct bios_regs, es) == 24, "start.S");
_Static_assert(offsetof(struct bios_regs, flags) == 26, "start.S");

/* Executes software interrupt (vector); (regs) lies below 64 KiB. */
void bios_call(unsigned vector, struct bios_regs *regs);

/* Jumps to a PVH entry point. */
_Noreturn void enter_kernel(uint32_t entry, uint32_t start_info);

static inline uint8_t inb(uint16_t port)
{
    uint8_t v;

    __asm__ volatile("inb %1, %0" : "=a"(v) : "Nd"(port));
    return v;
}

static inline void outb(uint16_t port, uint8_t v)
{
    __asm__ volatile("outb %0, %1" : : "a"(v), "Nd"(port));
}

static inline void outw(uint16_t port, uint16_t v)
{
    __asm__ volatile("outw %0, %1" : : "a"(v), "Nd"(port));
}
