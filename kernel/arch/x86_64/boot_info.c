/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * boot_info.c - what the PVH loader tells: memory, command line, RSDP.
 *
 * Layout: xen/include/public/arch-x86/hvm/start_info.h. The early tables map
 * the first 4 GiB at PHYS_BASE; the structures lie there (they are reached by
 * 32-bit code too).
 *
 * boot_info.memory lists exactly what the direct map will cover above 1 MiB:
 * RAM, the ACPI types, and reserved ranges small enough to be firmware's tables
 * rather than device windows (SeaBIOS puts its ACPI tables into such a range at
 * the end of RAM).
 */
#include "arch/x86_64/arch_priv.h"
#include "lib/log.h"
#include "lib/string.h"

#define START_MAGIC 0x336ec578
#define EARLY_TOP   (1ul << 32)

struct hvm_start_info {
    uint32_t magic, version, flags, nr_modules;
    uint64_t modlist, cmdline, rsdp;
    uint64_t memmap; /* version 1 */
    uint32_t memmap_entries, reserved;
};
struct hvm_memmap_entry {
    uint64_t addr, size;
    uint32_t type, reserved;
};
enum { MEM_RAM = 1, MEM_RESERVED = 2, MEM_ACPI = 3, MEM_NVS = 4 };
#define RESERVED_MAX (64ul << 20)

struct boot_info boot_info;
paddr_t ap_boot_page;

static void memory_insert(struct boot_memory m)
{
    struct boot_memory *list = boot_info.memory;
    unsigned i = boot_info.nr_memory;

    if (i == BOOT_MEMORY_MAX)
        return;
    for (; i > 0 && list[i - 1].start > m.start; i--)
        list[i] = list[i - 1];
    list[i] = m;
    boot_info.nr_memory++;
}

static void memory_add(const struct hvm_memmap_entry *e)
{
    paddr_t limit = 1ul << MIN(cpu_features.phys_bits, 46u);
    paddr_t end = e->addr + e->size;

    if (end < e->addr || end > limit)
        end = limit;
    if (e->addr >= end || e->type < MEM_RAM || e->type > MEM_NVS ||
        (e->type == MEM_RESERVED && e->size > RESERVED_MAX))
        return;
    memory_insert((struct boot_memory){e->addr, end, e->type == MEM_RAM});
}

/* Firmware is not to be trusted with overlaps: what an unusable range covers is
 * not memory, and nothing is listed twice. */
static void memory_remove_overlaps(void)
{
    struct boot_memory *m = boot_info.memory;

    for (unsigned i = 0; i + 1 < boot_info.nr_memory;) {
        if (m[i].end <= m[i + 1].start) {
            i++;
            continue;
        }
        if (m[i].usable && m[i].end > m[i + 1].end &&
            boot_info.nr_memory < BOOT_MEMORY_MAX) {
            struct boot_memory rest = {m[i + 1].end, m[i].end, true};
            m[i].end = m[i + 1].start;
            memory_insert(rest);
        } else if (m[i].usable) {
            m[i].end = m[i + 1].start;
        } else {
            m[i + 1].start = MIN(m[i].end, m[i + 1].end);
        }
        if (m[i].start >= m[i].end || m[i + 1].start >= m[i + 1].end) {
            unsigned gone = m[i].start >= m[i].end ? i : i + 1;
            boot_info.nr_memory--;
            memmove(&m[gone], &m[gone + 1],
                    (boot_info.nr_memory - gone) * sizeof(*m));
            i = i ? i - 1 : 0;
        }
    }
}

/* A page below 640 KiB for the other processors' first instructions. Page 0
 * holds the BIOS's vectors and data. The page allocator leaves the first
 * megabyte alone. */
static void choose_ap_page(void)
{
    for (unsigned i = 0; i < boot_info.nr_memory; i++) {
        struct boot_memory *m = &boot_info.memory[i];
        paddr_t at = MAX(ALIGN_UP(m->start, PAGE_SIZE), PAGE_SIZE);

        if (m->usable && at + PAGE_SIZE <= MIN(m->end, 0xa0000ul)) {
            ap_boot_page = at;
            return;
        }
    }
}

static bool readable(uint64_t pa, size_t n)
{
    return pa && pa < EARLY_TOP && n < EARLY_TOP - pa;
}

void boot_info_init(void)
{
    const struct hvm_start_info *s = phys_to_virt(boot_start_info);

    boot_info.kernel_start = image_paddr(kernel_image);
    boot_info.kernel_end = image_paddr(kernel_image_end);
    if (!readable(boot_start_info, sizeof(*s)) || s->magic != START_MAGIC)
        panic("not started by a PVH loader");
    if (s->version < 1 || !readable(s->memmap, s->memmap_entries *
                                                   sizeof(struct hvm_memmap_entry)))
        panic("the loader gives no memory map");
    const struct hvm_memmap_entry *e = phys_to_virt(s->memmap);
    for (uint32_t i = 0; i < s->memmap_entries; i++)
        memory_add(&e[i]);
    memory_remove_overlaps();
    choose_ap_page();
    if (readable(s->cmdline, sizeof(boot_info.cmdline)))
        strlcpy(boot_info.cmdline, phys_to_virt(s->cmdline),
                sizeof(boot_info.cmdline));
    boot_info.rsdp = s->rsdp;
}
