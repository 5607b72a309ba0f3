/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * A PVH kernel that says on COM1 what it was given and ends the machine.  Its
 * data are large enough to be read in several pieces, and two segments lie far
 * apart.
 */
#include "bios.h"
#include "pvh.h"

#define COM1 0x3f8

extern const uint32_t pattern[], pattern_end[];
extern const uint32_t far_pattern[], far_pattern_end[];
extern uint8_t bss_begin[], bss_end[];

_Noreturn void kernel_main(const struct pvh_start_info *info);

static void put(char c)
{
    while (!(inb(COM1 + 5) & 0x20))
        ;
    outb(COM1, (uint8_t)c);
}

static void puts(const char *s)
{
    for (; *s; s++)
        put(*s);
}

static void hex(uint64_t n)
{
    uint32_t half[2] = {(uint32_t)(n >> 32), (uint32_t)n};

    for (int i = 0; i < 2; i++)
        for (int shift = 28; shift >= 0; shift -= 4)
            put("0123456789abcdef"[half[i] >> shift & 15]);
}

static int check_pattern(const uint32_t *p, const uint32_t *end)
{
    for (uint32_t i = 0; p < end; i++, p++)
        if (*p != i * 2654435761u)
            return 0;
    return 1;
}

static uint32_t flags(void)
{
    uint32_t f;

    __asm__ volatile("pushfl; popl %0" : "=r"(f));
    return f;
}

static uint32_t cr0(void)
{
    uint32_t v;

    __asm__ volatile("movl %%cr0, %0" : "=r"(v));
    return v;
}

static const char *check(const struct pvh_start_info *info)
{
    if (info->magic != PVH_MAGIC || info->version != PVH_VERSION)
        return "magic";
    if (!check_pattern(pattern, pattern_end) ||
        !check_pattern(far_pattern, far_pattern_end))
        return "pattern";
    for (const uint8_t *p = bss_begin; p < bss_end; p++)
        if (*p)
            return "bss";
    if (flags() & 0x200)
        return "interrupts are on";
    if ((cr0() & 0x80000001) != 1)
        return "cr0";
    return 0;
}

_Noreturn void kernel_main(const struct pvh_start_info *info)
{
    const struct pvh_memmap_entry *map =
        (const void *)(uint32_t)info->memmap_paddr;
    const char *wrong = check(info);

    outb(COM1 + 3, 3); /* 8 bits; a UART starts with 5 */
    puts("testkernel\ncmdline [");
    puts((const char *)(uint32_t)info->cmdline_paddr);
    puts("]\nrsdp ");
    hex(info->rsdp_paddr);
    for (uint32_t i = 0; i < info->memmap_entries; i++) {
        puts("\nmap ");
        hex(map[i].addr);
        put(' ');
        hex(map[i].size);
        put(' ');
        hex(map[i].type);
    }
    puts("\nresult ");
    puts(wrong ? wrong : "ok");
    puts("\n");
    while (!(inb(COM1 + 5) & 0x40)) /* until the last bit has left */
        ;
    /* Bochs first: to it 0x501 is where its video BIOS reports a panic. */
    for (const char *s = "Shutdown"; *s; s++)
        outb(0x8900, (uint8_t)*s);
    outb(0x501, wrong ? 1 : 0x10); /* QEMU's isa-debug-exit: 3 or 33 */
    for (;;)
        __asm__ volatile("cli; hlt");
}
