/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * The loader: from the boot sector to the kernel's PVH entry.
 *
 * 1. Reads the memory map (E820) and the command line.
 * 2. Reads the kernel front to back, once, through a bounce buffer, and puts
 *    every piece where its program header says.
 * 3. Leaves a start info (pvh.h) and jumps.
 *
 * The same kernel file starts without this under QEMU's -kernel and other
 * PVH loaders; the kernel cannot tell the difference.
 *
 * Any failure ends in fail().  Interrupts are on only inside BIOS calls.
 */
#include "abi/image.h"
#include "bios.h"
#include "console.h"
#include "kernel_elf.h"
#include "layout.h"
#include "memmap.h"
#include "pvh.h"

_Noreturn void loader_main(uint32_t drive);

/* What GCC and Clang may call on their own. */
void *memcpy(void *to, const void *from, size_t n);
void *memset(void *to, int byte, size_t n);

void *memcpy(void *to, const void *from, size_t n)
{
    void *d = to;
    size_t longs = n / 4;
    size_t bytes = n % 4;

    __asm__ volatile("rep movsl"
                     : "+D"(d), "+S"(from), "+c"(longs)
                     :
                     : "memory");
    __asm__ volatile("rep movsb"
                     : "+D"(d), "+S"(from), "+c"(bytes)
                     :
                     : "memory");
    return to;
}

void *memset(void *to, int byte, size_t n)
{
    void *d = to;
    size_t longs = n / 4;
    size_t bytes = n % 4;
    uint32_t v = 0x01010101u * (uint8_t)byte;

    __asm__ volatile("rep stosl" : "+D"(d), "+c"(longs) : "a"(v) : "memory");
    __asm__ volatile("rep stosb" : "+D"(d), "+c"(bytes) : "a"(v) : "memory");
    return to;
}

/* An address as a pointer the compiler knows nothing about. */
static void *at(uint32_t addr)
{
    __asm__("" : "+r"(addr));
    return (void *)addr;
}

static const struct img_boot_header *const header = (void *)IMG_LOAD_ADDR;
static struct pvh_memmap_entry *const memmap = (void *)LAYOUT_MEMMAP;
_Static_assert(LAYOUT_MEMMAP + MEMMAP_MAX * sizeof(struct pvh_memmap_entry) <=
                   LAYOUT_CMDLINE,
               "layout.h");
_Static_assert(LAYOUT_CMDLINE + IMG_CMDLINE_SIZE <= LAYOUT_NOTES, "layout.h");

static void check_header(void)
{
    const uint32_t *word = at(IMG_LOAD_ADDR);
    uint32_t sum = 0;

    for (unsigned i = 0; i < IMG_SECTOR_SIZE / 4; i++)
        sum += word[i];
    if (sum)
        fail("the boot header is damaged", 0);
    if (header->version != IMG_VERSION)
        fail("the boot header is of another version", header->version);
}

/* --- A20 ------------------------------------------------------------------ */

/*
 * With address line 20 masked 1 MiB above a word is the word itself.  Every
 * BIOS of this century starts with it on; the ways to turn it on are tried in
 * the order of how little they can break.
 */
static int a20_on(void)
{
    volatile uint32_t *low = at(LAYOUT_NOTES);
    volatile uint32_t *high = at(LAYOUT_NOTES + 0x100000);

    *low = 0x12345678;
    if (*high != 0x12345678)
        return 1;
    *low = 0x87654321;
    return *high != 0x87654321;
}

static void keyboard_wait(void)
{
    for (unsigned i = 0; i < 100000 && (inb(0x64) & 2); i++)
        ;
}

static void enable_a20(void)
{
    struct bios_regs r = {.eax = 0x2401};

    if (a20_on())
        return;
    bios_call(BIOS_SYSTEM, &r);
    if (a20_on())
        return;
    outb(0x92, (uint8_t)((inb(0x92) | 2) & ~1)); /* bit 0 would reset */
    if (a20_on())
        return;
    keyboard_wait();
    outb(0x64, 0xd1); /* write output port */
    keyboard_wait();
    outb(0x60, 0xdf);
    keyboard_wait();
    for (unsigned i = 0; i < 1000000; i++)
        if (a20_on())
            return;
    fail("address line 20 cannot be enabled", 0);
}

/* --- memory map ----------------------------------------------------------- */

#define SMAP 0x534d4150 /* "SMAP" */

/* INT 15h AX=E820h, ACPI 6.5 section 15.1. */
static unsigned read_memmap(void)
{
    static struct {
        uint64_t addr;
        uint64_t size;
        uint32_t type;
        uint32_t attributes;
    } entry;
    struct bios_regs r = {0};
    unsigned n = 0;

    do {
        entry.attributes = 1;
        r.eax = 0xe820;
        r.edx = SMAP;
        r.ecx = sizeof(entry);
        r.edi = (uint32_t)&entry;
        r.es = 0;
        bios_call(BIOS_SYSTEM, &r);
        /* Carry also marks the end of the list on some BIOSes. */
        if (r.eax != SMAP || (r.flags & BIOS_CARRY))
            break;
        if (entry.size == 0 || !(entry.attributes & 1))
            continue;
        memmap[n].addr = entry.addr;
        memmap[n].size = entry.size;
        memmap[n].type = entry.type;
        memmap[n].reserved = 0;
        n++;
    } while (r.ebx && n < MEMMAP_MAX);
    if (n == 0)
        fail("the BIOS gives no memory map", 0);
    return n;
}

/* --- disk ----------------------------------------------------------------- */

/* At most 127 sectors a call (Phoenix EDD 3.0, section 7.1.2). */
#define READ_MAX 127

/* Reads (count) sectors from (sector) of the boot partition to (to), which
 * with its end lies in one 64 KiB block below 1 MiB. */
static void disk_read(uint32_t drive, uint32_t sector, uint32_t count,
                      uint32_t to)
{
    static struct {
        uint8_t size;
        uint8_t zero;
        uint16_t count;
        uint16_t offset;
        uint16_t segment;
        uint64_t lba;
    } packet;
    struct bios_regs r = {0};

    for (unsigned tries = 0; tries < 3; tries++) {
        packet.size = sizeof(packet);
        packet.count = (uint16_t)count;
        packet.offset = (uint16_t)(to & 15);
        packet.segment = (uint16_t)(to >> 4);
        packet.lba = (uint64_t)IMG_BOOT_LBA + sector;
        r.eax = 0x4200;
        r.edx = drive;
        r.esi = (uint32_t)&packet;
        bios_call(BIOS_DISK, &r);
        if (!(r.flags & BIOS_CARRY))
            return;
        packet.lba = r.eax >> 8 & 0xff; /* the status, for the message */
        r.eax = 0;
        r.edx = drive;
        bios_call(BIOS_DISK, &r); /* reset */
    }
    fail("the boot disk cannot be read", (uint32_t)packet.lba);
}

/* --- kernel --------------------------------------------------------------- */

static struct kernel_plan plan;

static void plan_kernel(uint32_t have, unsigned nmap)
{
    const char *wrong =
        kernel_plan_read(&plan, at(LAYOUT_BOUNCE), have, header->kernel_bytes);
    uint32_t notes = 0;

    if (!wrong)
        wrong = kernel_plan_check(&plan, memmap, nmap);
    if (wrong)
        fail(wrong, 0);
    for (unsigned i = 0; i < plan.nnotes; i++) {
        struct kernel_segment *s = &plan.notes[i];

        if (s->size > LAYOUT_NOTES_SIZE - notes)
            fail("the kernel's notes are too large", 0);
        s->paddr = LAYOUT_NOTES + notes;
        notes += s->size;
    }
}

/* End of what is needed of the file: section headers are not. */
static uint32_t plan_end(void)
{
    uint32_t end = 0;

    for (unsigned i = 0; i < plan.nsegments; i++)
        if (plan.segments[i].offset + plan.segments[i].size > end)
            end = plan.segments[i].offset + plan.segments[i].size;
    for (unsigned i = 0; i < plan.nnotes; i++)
        if (plan.notes[i].offset + plan.notes[i].size > end)
            end = plan.notes[i].offset + plan.notes[i].size;
    return end;
}

static void place(const struct kernel_segment *s, unsigned n, uint32_t offset,
                  uint32_t len)
{
    for (unsigned i = 0; i < n; i++) {
        struct kernel_part part = kernel_part_of(&s[i], offset, len);

        if (part.len)
            memcpy(at(s[i].paddr + part.at), at(LAYOUT_BOUNCE + part.from),
                   part.len);
    }
}

static uint32_t find_entry(void)
{
    for (unsigned i = 0; i < plan.nnotes; i++) {
        uint32_t entry =
            kernel_find_entry(at(plan.notes[i].paddr), plan.notes[i].size);

        if (entry && kernel_plan_holds(&plan, entry))
            return entry;
    }
    fail("the kernel has no PVH entry point", 0);
}

/* Returns the kernel's entry point. */
static uint32_t load_kernel(uint32_t drive, unsigned nmap)
{
    uint32_t end = header->kernel_bytes > KERNEL_SIZE_MAX
                       ? KERNEL_SIZE_MAX
                       : (uint32_t)header->kernel_bytes;
    uint32_t offset = 0;

    do {
        uint32_t len = end - offset;
        uint32_t sectors;

        if (len > READ_MAX * IMG_SECTOR_SIZE)
            len = READ_MAX * IMG_SECTOR_SIZE;
        sectors = (len + IMG_SECTOR_SIZE - 1) / IMG_SECTOR_SIZE;
        if (sectors)
            disk_read(drive, header->kernel_sector + offset / IMG_SECTOR_SIZE,
                      sectors, LAYOUT_BOUNCE);
        if (offset == 0) {
            plan_kernel(len, nmap);
            end = plan_end();
        }
        place(plan.segments, plan.nsegments, offset, len);
        place(plan.notes, plan.nnotes, offset, len);
        offset += len;
    } while (offset < end);
    for (unsigned i = 0; i < plan.nsegments; i++) {
        const struct kernel_segment *s = &plan.segments[i];

        memset(at(s->paddr + s->size), 0, s->memsize - s->size);
    }
    return find_entry();
}

/* --- ACPI ----------------------------------------------------------------- */

/* Looks for the root pointer in [start, end), ACPI 6.5 section 5.2.5.1. */
static uint32_t scan_rsdp(uint32_t start, uint32_t end)
{
    for (uint32_t p = start; p < end; p += 16) {
        const uint32_t *word = at(p);
        const uint8_t *byte = at(p);
        uint8_t sum = 0;

        if (word[0] != 0x20445352 || word[1] != 0x20525450) /* "RSD PTR " */
            continue;
        for (unsigned i = 0; i < 20; i++)
            sum = (uint8_t)(sum + byte[i]);
        if (sum == 0)
            return p;
    }
    return 0;
}

static uint32_t find_rsdp(void)
{
    const uint16_t *ebda_segment = at(0x40e);
    uint32_t ebda = (uint32_t)*ebda_segment << 4;
    uint32_t rsdp = 0;

    if (ebda >= 0x80000 && ebda < 0xa0000)
        rsdp = scan_rsdp(ebda, ebda + 1024);
    /* The upper half first: that is where BIOSes put it. */
    if (!rsdp)
        rsdp = scan_rsdp(0xf0000, 0x100000);
    if (!rsdp)
        rsdp = scan_rsdp(0xe0000, 0xf0000);
    return rsdp;
}

_Noreturn void loader_main(uint32_t drive)
{
    struct pvh_start_info *info = at(LAYOUT_START_INFO);
    char *cmdline = at(LAYOUT_CMDLINE);
    unsigned nmap;
    uint32_t entry;

    cmdline[0] = 0; /* fail() looks at it */
    check_header();
    enable_a20();
    nmap = read_memmap();
    disk_read(drive, header->cmdline_sector, IMG_CMDLINE_SIZE / IMG_SECTOR_SIZE,
              LAYOUT_CMDLINE);
    cmdline[IMG_CMDLINE_SIZE - 1] = 0;
    entry = load_kernel(drive, nmap);

    memset(info, 0, sizeof(*info));
    info->magic = PVH_MAGIC;
    info->version = PVH_VERSION;
    info->cmdline_paddr = LAYOUT_CMDLINE;
    info->rsdp_paddr = find_rsdp();
    info->memmap_paddr = LAYOUT_MEMMAP;
    info->memmap_entries = nmap;
    enter_kernel(entry, LAYOUT_START_INFO);
}
