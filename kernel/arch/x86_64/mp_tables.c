/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * mp_tables.c - Intel MultiProcessor Specification 1.4, for machines without
 * ACPI: processors, IO-APICs, and where the ISA interrupts arrive.
 */
#include "arch/x86_64/arch_priv.h"
#include "lib/log.h"
#include "lib/string.h"

struct mp_floating { /* 4.1 */
    char signature[4];
    uint32_t config;
    uint8_t length, revision, checksum, features[5];
} __packed;
struct mp_config { /* 4.2 */
    char signature[4];
    uint16_t length;
    uint8_t revision, checksum;
    char oem[8], product[12];
    uint32_t oem_table;
    uint16_t oem_size, entries;
    uint32_t lapic;
    uint16_t extended_length;
    uint8_t extended_checksum, reserved;
} __packed;
/* 4.3: the first byte of an entry tells what it is. */
enum { MP_CPU = 0, MP_BUS = 1, MP_IOAPIC = 2, MP_INTERRUPT = 3, MP_LOCAL = 4 };
struct mp_cpu {
    uint8_t type, id, version, flags;
    uint32_t signature, features, reserved[2];
} __packed;
struct mp_bus {
    uint8_t type, id;
    char name[6];
} __packed;
struct mp_ioapic {
    uint8_t type, id, version, flags;
    uint32_t address;
} __packed;
struct mp_interrupt {
    uint8_t type, kind;
    uint16_t flags;
    uint8_t bus, irq, ioapic, pin;
} __packed;

#define LOW_MEGABYTE 0x100000u

static bool checksum_ok(const void *p, size_t n)
{
    const uint8_t *b = p;
    uint8_t sum = 0;

    while (n--)
        sum = (uint8_t)(sum + *b++);
    return !sum;
}

static const struct mp_floating *search(paddr_t from, paddr_t to)
{
    for (paddr_t pa = from; pa + sizeof(struct mp_floating) <= to; pa += 16) {
        const struct mp_floating *f = phys_to_virt(pa);
        if (!memcmp(f->signature, "_MP_", 4) && f->length == 1 &&
            checksum_ok(f, sizeof(*f)))
            return f;
    }
    return NULL;
}

static const struct mp_floating *find(void)
{
    paddr_t ebda = (paddr_t) * (const uint16_t *)phys_to_virt(0x40e) << 4;
    const struct mp_floating *f = NULL;

    if (ebda >= 0x80000 && ebda < 0xa0000)
        f = search(ebda, ebda + 1024);
    if (!f)
        f = search(0x9fc00, 0xa0000);
    return f ? f : search(0xe0000, LOW_MEGABYTE);
}

struct mp_state {
    struct platform *p;
    int isa_bus;
    uint8_t ioapic_ids[MAX_IOAPICS];
};

static void add_interrupt(struct mp_state *s, const struct mp_interrupt *i)
{
    struct platform *p = s->p;

    if (i->kind != 0 || i->bus != s->isa_bus || i->irq >= 16)
        return;
    for (unsigned n = 0; n < p->nr_ioapics; n++) {
        if (i->ioapic != s->ioapic_ids[n] && i->ioapic != 255)
            continue;
        p->isa[i->irq].gsi = p->ioapics[n].gsi_base + i->pin;
        p->isa[i->irq].active_low = (i->flags & 3) == 3;
        p->isa[i->irq].level = (i->flags >> 2 & 3) == 3;
        return;
    }
}

/* No global numbers here: each IO-APIC is taken to have 24 lines. */
static void add_ioapic(struct mp_state *s, const struct mp_ioapic *io)
{
    struct platform *p = s->p;

    if (!(io->flags & 1) || p->nr_ioapics == MAX_IOAPICS)
        return;
    s->ioapic_ids[p->nr_ioapics] = io->id;
    p->ioapics[p->nr_ioapics].base = io->address;
    p->ioapics[p->nr_ioapics].gsi_base = 24 * p->nr_ioapics;
    p->nr_ioapics++;
}

static void add_entry(struct mp_state *s, const uint8_t *e)
{
    const struct mp_cpu *cpu = (const void *)e;
    const struct mp_bus *bus = (const void *)e;

    switch (e[0]) {
    case MP_CPU:
        if ((cpu->flags & 1) && s->p->nr_cpus < ARRAY_SIZE(s->p->apic_ids))
            s->p->apic_ids[s->p->nr_cpus++] = cpu->id;
        break;
    case MP_BUS:
        if (!memcmp(bus->name, "ISA", 3))
            s->isa_bus = bus->id;
        break;
    case MP_IOAPIC:
        add_ioapic(s, (const void *)e);
        break;
    case MP_INTERRUPT:
        add_interrupt(s, (const void *)e);
        break;
    default:
        break;
    }
}

bool mp_tables_parse(struct platform *p)
{
    const struct mp_floating *f = find();
    struct mp_state s = {.p = p, .isa_bus = -1};

    if (!f || !f->config || f->config > LOW_MEGABYTE - sizeof(struct mp_config))
        return false;
    const struct mp_config *c = phys_to_virt(f->config);
    if (memcmp(c->signature, "PCMP", 4) ||
        c->length > LOW_MEGABYTE - f->config || !checksum_ok(c, c->length))
        return false;
    const uint8_t *e = (const uint8_t *)(c + 1);
    const uint8_t *end = (const uint8_t *)c + c->length;
    for (unsigned i = 0; i < c->entries && e < end && e[0] <= MP_LOCAL; i++) {
        size_t n = e[0] == MP_CPU ? sizeof(struct mp_cpu) : 8;
        if ((size_t)(end - e) < n)
            break;
        add_entry(&s, e);
        e += n;
    }
    return p->nr_cpus > 0;
}
