/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * acpi.c - finding the ACPI tables (ACPI 6.5, section 5.2).
 *
 * The root pointer comes from the boot protocol or from a search of the BIOS
 * areas; it leads to a list of tables. Firmware is believed only as far as can
 * be checked: addresses must be memory the boot protocol listed (that is what
 * the direct map covers), lengths must be sane, checksums must fit. A table
 * that fails is named in a message and treated as absent.
 */
#include "dev/acpi.h"

#include "arch/x86_64/arch.h"
#include "dev/acpi_priv.h"
#include "lib/log.h"
#include "lib/string.h"

#define MAX_TABLES      48
#define MAX_TABLE_BYTES (1u << 20)
#define BIOS_AREA_START 0xe0000 /* 5.2.5.1 */
#define BIOS_AREA_END   0x100000
#define EBDA_POINTER    0x40e

struct acpi_rsdp { /* 5.2.5.3 */
    char signature[8];
    uint8_t checksum;
    char oem_id[6];
    uint8_t revision;
    uint32_t rsdt;
    uint32_t length;
    uint64_t xsdt;
    uint8_t extended_checksum, reserved[3];
} __packed;
_Static_assert(sizeof(struct acpi_rsdp) == 36, "5.2.5.3");
#define RSDP_V1_BYTES 20

static const struct acpi_header *tables[MAX_TABLES];
static unsigned nr_tables;
static struct acpi_fadt fadt;
static struct aml_facts facts;

/* The direct map covers the first megabyte and whatever the boot protocol
 * called memory, usable or not. */
static const void *table_memory(paddr_t pa, size_t n)
{
    if (pa + n < pa)
        return NULL;
    if (pa + n <= BIOS_AREA_END)
        return phys_to_virt(pa);
    for (unsigned i = 0; i < boot_info.nr_memory; i++)
        if (pa >= boot_info.memory[i].start &&
            pa + n <= boot_info.memory[i].end)
            return phys_to_virt(pa);
    return NULL;
}

static uint8_t sum(const void *p, size_t n)
{
    const uint8_t *b = p;
    uint8_t s = 0;

    while (n--)
        s = (uint8_t)(s + *b++);
    return s;
}

static const struct acpi_header *table_check(paddr_t pa)
{
    const struct acpi_header *t = table_memory(pa, sizeof(*t));

    if (!pa)
        return NULL;
    if (!t || t->length < sizeof(*t) || t->length > MAX_TABLE_BYTES ||
        !table_memory(pa, t->length)) {
        kwarn("acpi: table at 0x%llx is out of bounds, ignored",
              (unsigned long long)pa);
        return NULL;
    }
    if (sum(t, t->length)) {
        kwarn("acpi: table '%.4s' has a bad checksum, ignored", t->signature);
        return NULL;
    }
    return t;
}

static void table_add(paddr_t pa)
{
    const struct acpi_header *t = table_check(pa);

    if (t && nr_tables < MAX_TABLES)
        tables[nr_tables++] = t;
}

const struct acpi_header *acpi_table(const char *signature)
{
    for (unsigned i = 0; i < nr_tables; i++)
        if (!memcmp(tables[i]->signature, signature, 4))
            return tables[i];
    return NULL;
}

static bool rsdp_valid(const struct acpi_rsdp *r)
{
    return r && !memcmp(r->signature, "RSD PTR ", 8) &&
           sum(r, RSDP_V1_BYTES) == 0;
}

static const struct acpi_rsdp *rsdp_search(paddr_t from, paddr_t to)
{
    for (paddr_t pa = from; pa + sizeof(struct acpi_rsdp) <= to; pa += 16) {
        const struct acpi_rsdp *r = table_memory(pa, sizeof(*r));
        if (rsdp_valid(r))
            return r;
    }
    return NULL;
}

static const struct acpi_rsdp *rsdp_find(void)
{
    const struct acpi_rsdp *r = table_memory(boot_info.rsdp, sizeof(*r));
    paddr_t ebda;

    if (boot_info.rsdp) {
        if (rsdp_valid(r))
            return r;
        kwarn("acpi: bad root pointer at 0x%llx",
              (unsigned long long)boot_info.rsdp);
    }
    r = rsdp_search(BIOS_AREA_START, BIOS_AREA_END);
    if (r)
        return r;
    ebda = (paddr_t) * (const uint16_t *)phys_to_virt(EBDA_POINTER) << 4;
    return ebda >= 0x80000 && ebda < 0xa0000 ? rsdp_search(ebda, ebda + 1024)
                                             : NULL;
}

/* RSDT and XSDT (5.2.7, 5.2.8) differ in the width of their entries. */
static bool root_read(paddr_t pa, unsigned width)
{
    const struct acpi_header *root = table_check(pa);
    const char *p;

    if (!root || memcmp(root->signature, width == 8 ? "XSDT" : "RSDT", 4))
        return false;
    p = (const char *)(root + 1);
    for (size_t n = (root->length - sizeof(*root)) / width; n; n--) {
        uint64_t entry = 0;
        memcpy(&entry, p, width);
        table_add(entry);
        p += width;
    }
    return true;
}

static void aml_read(const struct acpi_header *t)
{
    if (t)
        aml_scan((const uint8_t *)(t + 1), t->length - sizeof(*t), &facts);
}

static void fadt_read(void)
{
    const struct acpi_header *t = acpi_table("FACP");

    if (!t)
        return;
    memcpy(&fadt, t, MIN((size_t)t->length, sizeof(fadt)));
    aml_read(table_check(fadt.x_dsdt ? fadt.x_dsdt : fadt.dsdt));
    for (unsigned i = 0; i < nr_tables; i++)
        if (!memcmp(tables[i]->signature, "SSDT", 4))
            aml_read(tables[i]);
}

void acpi_early_init(void)
{
    const struct acpi_rsdp *r = rsdp_find();

    if (!r) {
        kinfo("acpi: no tables");
        return;
    }
    if (!(r->revision >= 2 && r->length >= sizeof(*r) && r->xsdt &&
          root_read(r->xsdt, 8)))
        root_read(r->rsdt, 4);
    fadt_read();
}

const struct acpi_fadt *acpi_fadt(void)
{
    return fadt.h.length ? &fadt : NULL;
}

const struct aml_facts *acpi_aml(void)
{
    return &facts;
}

unsigned acpi_virtio_mmio(struct acpi_virtio_mmio *out, unsigned max)
{
    unsigned n = MIN(max, facts.nr_virtio);

    for (unsigned i = 0; i < n; i++)
        out[i] = (struct acpi_virtio_mmio){
            facts.virtio[i].base, facts.virtio[i].size, facts.virtio[i].gsi};
    return n;
}
