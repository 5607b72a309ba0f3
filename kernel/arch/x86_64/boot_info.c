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

static uint64_t entry_end(const struct hvm_memmap_entry *e)
{
    return e->addr + e->size < e->addr ? UINT64_MAX : e->addr + e->size;
}

/* The lowest start or end of any entry above (after); UINT64_MAX = none. */
static uint64_t next_border(const struct hvm_memmap_entry *e, uint32_t n,
                            uint64_t after)
{
    uint64_t best = UINT64_MAX;

    for (; n; n--, e++) {
        if (e->addr > after)
            best = MIN(best, e->addr);
        if (entry_end(e) > after)
            best = MIN(best, entry_end(e));
    }
    return best;
}

/* What is at (at), where entries overlap: memory only if all say so. */
static enum memory_kind {
    NOTHING,
    RAM,
    TABLES,
    DEVICES
} kind_at(const struct hvm_memmap_entry *e, uint32_t n, uint64_t at)
{
    enum memory_kind kind = NOTHING, k;

    for (; n; n--, e++) {
        if (at < e->addr || at >= entry_end(e))
            continue;
        if (e->type == MEM_RAM)
            k = RAM;
        else if (e->type == MEM_ACPI || e->type == MEM_NVS ||
                 (e->type == MEM_RESERVED && e->size <= RESERVED_MAX))
            k = TABLES;
        else
            k = DEVICES;
        kind = MAX(kind, k);
    }
    return kind;
}

static void memory_add(uint64_t start, uint64_t end, bool usable)
{
    struct boot_memory *m = &boot_info.memory[boot_info.nr_memory];

    if (boot_info.nr_memory && m[-1].end == start && m[-1].usable == usable)
        m[-1].end = end;
    else if (boot_info.nr_memory < BOOT_MEMORY_MAX) {
        *m = (struct boot_memory){start, end, usable};
        boot_info.nr_memory++;
    }
}

static void memory_read(const struct hvm_memmap_entry *e, uint32_t n)
{
    uint64_t limit = 1ul << MIN(cpu_features.phys_bits, 46u), next;

    for (uint64_t at = 0; at < limit; at = next) {
        enum memory_kind kind = kind_at(e, n, at);
        next = MIN(next_border(e, n, at), limit);
        if (kind == RAM || kind == TABLES)
            memory_add(at, next, kind == RAM);
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
    if (s->version < 1 ||
        !readable(s->memmap,
                  s->memmap_entries * sizeof(struct hvm_memmap_entry)))
        panic("the loader gives no memory map");
    memory_read(phys_to_virt(s->memmap), MIN(s->memmap_entries, 1024u));
    choose_ap_page();
    if (readable(s->cmdline, sizeof(boot_info.cmdline)))
        strlcpy(boot_info.cmdline, phys_to_virt(s->cmdline),
                sizeof(boot_info.cmdline));
    boot_info.rsdp = s->rsdp;
}
