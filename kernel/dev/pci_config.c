/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * pci_config.c - the two ways to PCI configuration space.
 *
 * ECAM (PCI Express 5.0, section 7.2.2): a megabyte of memory for each bus,
 * announced by ACPI's MCFG table (PCI Firmware 3.2, section 4.1.2). Else
 * mechanism #1 (PCI Local Bus 3.0, section 3.2.2.3.2): an address port and a
 * data port, which two CPUs must not mix up: a lock.
 */
#include "dev/pci_config.h"

#include "arch/x86_64/arch.h"
#include "dev/acpi.h"
#include "dev/port_io.h"
#include "lib/log.h"
#include "lib/string.h"
#include "sched/lock.h"

#define CONFIG_ADDRESS 0xcf8
#define CONFIG_DATA    0xcfc
#define CONFIG_ENABLE  0x80000000u

struct mcfg_entry {
    uint64_t base;
    uint16_t segment;
    uint8_t first_bus, last_bus;
    uint32_t reserved;
} __packed;
_Static_assert(sizeof(struct mcfg_entry) == 16, "PCI Firmware 3.2, 4.1.2");

static struct spinlock port_lock = SPINLOCK_INIT(RANK_NONE);
static bool use_ports;
static paddr_t ecam_base;
static unsigned ecam_buses;
static volatile char *ecam_bus[256]; /* mapped when first needed */

static volatile char *ecam_address(unsigned bus, unsigned devfn, unsigned off)
{
    if (bus >= ecam_buses)
        return NULL;
    if (!ecam_bus[bus])
        ecam_bus[bus] =
            arch_mmio_map(ecam_base + ((paddr_t)bus << 20), 1 << 20);
    return ecam_bus[bus] ? ecam_bus[bus] + (devfn << 12) + off : NULL;
}

static uint32_t ecam_read(unsigned bus, unsigned devfn, unsigned off,
                          unsigned width)
{
    volatile char *p = ecam_address(bus, devfn, off);

    if (!p)
        return UINT32_MAX;
    return width == 1   ? *(volatile uint8_t *)p
           : width == 2 ? *(volatile uint16_t *)p
                        : *(volatile uint32_t *)p;
}

static void ecam_write(unsigned bus, unsigned devfn, unsigned off,
                       unsigned width, uint32_t v)
{
    volatile char *p = ecam_address(bus, devfn, off);

    if (!p)
        return;
    if (width == 1)
        *(volatile uint8_t *)p = (uint8_t)v;
    else if (width == 2)
        *(volatile uint16_t *)p = (uint16_t)v;
    else
        *(volatile uint32_t *)p = v;
}

static uint16_t port_select(unsigned bus, unsigned devfn, unsigned off)
{
    port_write32(CONFIG_ADDRESS,
                 CONFIG_ENABLE | bus << 16 | devfn << 8 | (off & 0xfc));
    return (uint16_t)(CONFIG_DATA + (off & 3));
}

uint32_t pci_config_read(unsigned bus, unsigned devfn, unsigned off,
                         unsigned width)
{
    uint32_t v;

    if (!use_ports)
        return ecam_read(bus, devfn, off, width);
    spin_lock(&port_lock);
    uint16_t port = port_select(bus, devfn, off);
    v = width == 1   ? port_read8(port)
        : width == 2 ? port_read16(port)
                     : port_read32(port);
    spin_unlock(&port_lock);
    return v;
}

void pci_config_write(unsigned bus, unsigned devfn, unsigned off,
                      unsigned width, uint32_t v)
{
    if (!use_ports) {
        ecam_write(bus, devfn, off, width, v);
        return;
    }
    spin_lock(&port_lock);
    uint16_t port = port_select(bus, devfn, off);
    if (width == 1)
        port_write8(port, (uint8_t)v);
    else if (width == 2)
        port_write16(port, (uint16_t)v);
    else
        port_write32(port, v);
    spin_unlock(&port_lock);
}

/* Segment 0 from bus 0, which is where everything sits on the machines this
 * kernel is for. The base is also bus 0's when first_bus is not. */
static bool ecam_init(void)
{
    const struct acpi_header *t = acpi_table("MCFG");
    struct mcfg_entry e;

    if (!t)
        return false;
    for (uint32_t off = sizeof(*t) + 8; off + sizeof(e) <= t->length;
         off += sizeof(e)) {
        memcpy(&e, (const char *)t + off, sizeof(e));
        if (e.segment || e.first_bus || !e.base || e.base % (1 << 20))
            continue;
        ecam_base = e.base;
        ecam_buses = e.last_bus + 1u;
        /* A host bridge answers at 00:00.0. */
        if (ecam_read(0, 0, 0, 2) != 0xffff)
            return true;
        kwarn("pci: nothing at MCFG's address, using ports");
        ecam_buses = 0;
    }
    return false;
}

/* The address register keeps what is written; an absent one does not. */
static bool ports_init(void)
{
    uint32_t old = port_read32(CONFIG_ADDRESS);

    port_write32(CONFIG_ADDRESS, CONFIG_ENABLE);
    use_ports = port_read32(CONFIG_ADDRESS) == CONFIG_ENABLE;
    port_write32(CONFIG_ADDRESS, old);
    return use_ports;
}

bool pci_config_init(void)
{
    return ecam_init() || ports_init();
}

unsigned pci_config_buses(void)
{
    return use_ports ? 256 : ecam_buses;
}

paddr_t pci_config_ecam(void)
{
    return ecam_buses ? ecam_base : 0;
}
