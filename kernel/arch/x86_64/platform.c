/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * platform.c - which processors and IO-APICs there are: the ACPI MADT (ACPI
 * 6.5, 5.2.12); without ACPI Intel's MultiProcessor tables (mp_tables.c); with
 * neither, one CPU and the usual IO-APIC.
 */
#include "arch/x86_64/arch_priv.h"
#include "dev/acpi.h"
#include "lib/log.h"
#include "sched/cpu.h"

enum { MADT_LAPIC = 0, MADT_IOAPIC = 1, MADT_OVERRIDE = 2, MADT_X2APIC = 9 };
#define MADT_ENABLED 1u

struct madt {
    struct acpi_header header;
    uint32_t lapic_address, flags;
} __packed;
struct madt_lapic {
    uint8_t type, length, uid, id;
    uint32_t flags;
} __packed;
struct madt_ioapic {
    uint8_t type, length, id, reserved;
    uint32_t address, gsi_base;
} __packed;
struct madt_override {
    uint8_t type, length, bus, source;
    uint32_t gsi;
    uint16_t flags;
} __packed;
struct madt_x2apic {
    uint8_t type, length;
    uint16_t reserved;
    uint32_t id, flags, uid;
} __packed;

struct platform platform;

static void add_cpu(struct platform *p, uint32_t id)
{
    if (p->nr_cpus == ARRAY_SIZE(p->apic_ids)) {
        p->cpus_ignored++;
        return;
    }
    for (unsigned i = 0; i < p->nr_cpus; i++)
        if (p->apic_ids[i] == id)
            return;
    p->apic_ids[p->nr_cpus++] = id;
}

/* MPS INTI flags: polarity in bits 0-1 (3 = low), trigger in 2-3 (3 = level);
 * 0 = as the ISA bus has it: edge, high. */
static void add_override(struct platform *p, const struct madt_override *o)
{
    if (o->source >= 16 || o->bus != 0)
        return;
    p->isa[o->source].gsi = o->gsi;
    p->isa[o->source].active_low = (o->flags & 3) == 3;
    p->isa[o->source].level = (o->flags >> 2 & 3) == 3;
}

static void madt_entry(struct platform *p, const uint8_t *e)
{
    const struct madt_lapic *lapic = (const void *)e;
    const struct madt_ioapic *io = (const void *)e;
    const struct madt_x2apic *x2 = (const void *)e;

    if (e[0] == MADT_LAPIC && e[1] >= sizeof(*lapic)) {
        if ((lapic->flags & MADT_ENABLED) && lapic->id != 255)
            add_cpu(p, lapic->id);
    } else if (e[0] == MADT_X2APIC && e[1] >= sizeof(*x2)) {
        if (x2->flags & MADT_ENABLED)
            add_cpu(p, x2->id);
    } else if (e[0] == MADT_IOAPIC && e[1] >= sizeof(*io)) {
        if (p->nr_ioapics < MAX_IOAPICS) {
            p->ioapics[p->nr_ioapics].base = io->address;
            p->ioapics[p->nr_ioapics++].gsi_base = io->gsi_base;
        }
    } else if (e[0] == MADT_OVERRIDE && e[1] >= sizeof(struct madt_override)) {
        add_override(p, (const void *)e);
    }
}

bool madt_parse(struct platform *p, const void *table)
{
    const struct madt *m = table;
    const uint8_t *e = (const uint8_t *)(m + 1);
    const uint8_t *end = (const uint8_t *)table + m->header.length;

    if (m->header.length < sizeof(*m))
        return false;
    while (end - e >= 2 && e[1] >= 2 && e[1] <= end - e) {
        madt_entry(p, e);
        e += e[1];
    }
    return true;
}

void platform_detect(void)
{
    struct platform *p = &platform;
    const void *madt = acpi_table("APIC");

    for (unsigned i = 0; i < 16; i++)
        p->isa[i].gsi = i;
    if (!(madt && madt_parse(p, madt)) && !mp_tables_parse(p)) {
        kwarn("neither ACPI nor MP tables: one processor");
        p->ioapics[0].base = 0xfec00000;
        p->nr_ioapics = 1;
    }
    if (p->cpus_ignored)
        kwarn("%u processors beyond the first %lu are not used",
              p->cpus_ignored, ARRAY_SIZE(p->apic_ids));
}
