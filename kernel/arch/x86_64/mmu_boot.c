/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * mmu_boot.c - the kernel's own page tables.
 *
 * The upper half is the same in every address space: its top-level entries are
 * made here, once, and copied to each new root, so that later changes below
 * them are seen everywhere. It holds the direct map (2 MiB pages, 1 GiB where
 * the CPU can; not executable), the kernel image (4 KiB pages with the
 * protection of each part; text and constants are read-only in the direct map
 * too), kernel stacks and device registers.
 */
#include "arch/x86_64/arch_priv.h"
#include "lib/errno.h"
#include "lib/log.h"
#include "lib/string.h"
#include "mem/page.h"
#include "sched/lock.h"

#define GIB (1ul << 30)

paddr_t mmu_kernel_root;
static bool page_allocator_runs;
/* Tables of the kernel half after start-up; RANK_PTE, never with another. */
static struct spinlock kernel_lock = SPINLOCK_INIT(RANK_PTE);

static uint64_t nx(void)
{
    return cpu_features.nx ? PTE_NX : 0;
}

static uint64_t global(void)
{
    return cpu_features.pge ? PTE_G : 0;
}

static paddr_t table_alloc(void)
{
    if (!page_allocator_runs)
        return memory_early_alloc(PAGE_SIZE, PAGE_SIZE);
    struct page *p = page_alloc(0, ALLOC_ZERO | ALLOC_NOWAIT);
    return p ? page_paddr(p) : 0;
}

/* The entry for (va) at (level) (4 = root .. 1), making tables above it. */
static uint64_t *entry(vaddr_t va, unsigned level)
{
    uint64_t *table = phys_to_virt(mmu_kernel_root);

    for (unsigned l = 4;; l--) {
        uint64_t *e = &table[va >> (12 + 9 * (l - 1)) & 511];
        if (l == level)
            return e;
        if (!(*e & PTE_P)) {
            paddr_t pa = table_alloc();
            if (!pa)
                return NULL;
            *e = pa | PTE_P | PTE_W | PTE_A;
        }
        table = phys_to_virt(*e & PTE_ADDR);
    }
}

/* Step to the entry of the next small page: within a table without a walk. */
static uint64_t *next_entry(uint64_t *e, vaddr_t va)
{
    return e && (va & (HUGE_SIZE - 1)) ? e + 1 : entry(va, 1);
}

static int map_range(vaddr_t va, paddr_t pa, size_t size, uint64_t flags)
{
    uint64_t *e = NULL;

    flags |= PTE_P | PTE_A | PTE_D | global();
    for (size_t done = 0; done < size; done += PAGE_SIZE) {
        e = next_entry(e, va + done);
        if (!e)
            return -ENOMEM;
        *e = (pa + done) | flags;
    }
    return 0;
}

int mmu_map_kernel(vaddr_t va, paddr_t pa, size_t size, uint64_t flags)
{
    int err;

    spin_lock(&kernel_lock);
    err = map_range(va, pa, size, flags | nx());
    spin_unlock(&kernel_lock);
    return err;
}

void mmu_unmap_kernel(vaddr_t va, size_t size)
{
    spin_lock(&kernel_lock);
    for (size_t done = 0; done < size; done += PAGE_SIZE)
        *entry(va + done, 1) = 0; /* tables exist: it was mapped */
    spin_unlock(&kernel_lock);
}

/* --- direct map --------------------------------------------------------- */

static bool image_overlaps(paddr_t start, paddr_t end)
{
    return start < boot_info.kernel_end && end > boot_info.kernel_start;
}

/* The 2 MiB around (a part of) the kernel image, in small pages. */
static void direct_map_image(paddr_t start)
{
    paddr_t ro = image_paddr(kernel_image), ro_end = image_paddr(rodata_end);
    paddr_t a = MIN(MAX(start, ro), start + HUGE_SIZE);
    paddr_t b = MIN(MAX(start, ro_end), start + HUGE_SIZE);

    map_range(PHYS_BASE + start, start, a - start, PTE_W | nx());
    map_range(PHYS_BASE + a, a, b - a, nx());
    map_range(PHYS_BASE + b, b, start + HUGE_SIZE - b, PTE_W | nx());
}

static void direct_map_range(paddr_t start, paddr_t end)
{
    uint64_t flags = PTE_P | PTE_W | PTE_A | PTE_D | PTE_PS | global() | nx();

    start = ALIGN_DOWN(start, HUGE_SIZE);
    end = ALIGN_UP(end, HUGE_SIZE);
    while (start < end) {
        uint64_t *e;
        if (cpu_features.gb_pages && !(start & (GIB - 1)) &&
            end - start >= GIB && !image_overlaps(start, start + GIB)) {
            e = entry(PHYS_BASE + start, 3);
            if (!(*e & PTE_P)) {
                *e = start | flags;
                start += GIB;
                continue;
            }
        }
        if (image_overlaps(start, start + HUGE_SIZE)) {
            direct_map_image(start);
        } else {
            e = entry(PHYS_BASE + start, 2);
            if (!(*e & PTE_P))
                *e = start | flags;
        }
        start += HUGE_SIZE;
    }
}

/* Neighbouring ranges are joined, so that large pages can cover them. Rounding
 * to 2 MiB may take in a little of what is not memory; nothing touches it, and
 * the MTRRs keep it uncached (SDM 3A 11.11.9 on pages over several types). */
static void direct_map(void)
{
    paddr_t start = 0, end = 0x100000;

    for (unsigned i = 0; i < boot_info.nr_memory; i++) {
        const struct boot_memory *m = &boot_info.memory[i];
        if (m->end <= end)
            continue;
        if (m->start > end) {
            direct_map_range(start, end);
            start = m->start;
        }
        end = m->end;
    }
    direct_map_range(start, end);
}

/* --- image -------------------------------------------------------------- */

static void map_part(const char *start, const char *end, uint64_t flags)
{
    size_t size = ALIGN_UP((size_t)(end - start), PAGE_SIZE);

    map_range((vaddr_t)start, image_paddr(start), size, flags);
}

static void map_image(void)
{
    map_part(kernel_image, text_end, 0);
    map_part(rodata_start, rodata_end, nx());
    map_part(data_start, boot_stack_guard, PTE_W | nx());
    map_part(boot_stack_guard + PAGE_SIZE, kernel_image_end, PTE_W | nx());
}

/* Top-level entries that address spaces will copy must exist now. */
static void reserve_top_level(vaddr_t va)
{
    entry(va, 3);
}

void mmu_boot_init(void)
{
    mmu_kernel_root = table_alloc();
    direct_map();
    map_image();
    reserve_top_level(KSTACK_BASE);
    reserve_top_level(MMIO_BASE);
    page_allocator_runs = true; /* or will, before the next table is needed */
    write_cr3(mmu_kernel_root);
    /* The others start on the boot tables: give those the real upper half;
     * their lower half stays an identity map. */
    memcpy(&boot_pml4[256], (uint64_t *)phys_to_virt(mmu_kernel_root) + 256,
           256 * sizeof(uint64_t));
}

/* --- device registers --------------------------------------------------- */

volatile void *arch_mmio_map(paddr_t pa, size_t size)
{
    static vaddr_t next = MMIO_BASE;
    static struct spinlock lock = SPINLOCK_INIT(RANK_NONE);
    paddr_t first = pa & PAGE_MASK;
    size_t bytes = ALIGN_UP(pa + size, PAGE_SIZE) - first;
    vaddr_t va;

    if (!size || pa + size < pa || (pa + size - 1) >> cpu_features.phys_bits ||
        bytes > 512 * GIB / 2)
        return NULL;
    spin_lock(&lock);
    va = next;
    next += bytes;
    spin_unlock(&lock);
    if (next > MMIO_BASE + 512 * GIB ||
        mmu_map_kernel(va, first, bytes, PTE_W | PTE_PCD | PTE_PWT))
        return NULL;
    return (volatile void *)(va + (pa - first));
}
