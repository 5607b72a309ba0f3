/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * pci.c - finding PCI devices and setting up their interrupts.
 *
 * Firmware (SeaBIOS, which QEMU runs even for directly loaded kernels) numbers
 * the buses and assigns addresses; where it did not (a microvm with PCIe), a
 * device's memory gets an address when its driver maps it.
 */
#include "dev/pci.h"

#include <linux/pci_regs.h>

#include "arch/x86_64/arch.h"
#include "dev/pci_config.h"
#include "lib/errno.h"
#include "lib/log.h"

#define MAX_DEVICES 64
#define MAX_CAPABILITIES                                                       \
    48 /* as many as fit in 192 bytes: a loop ends here                        \
        */

static struct pci_device devices[MAX_DEVICES];
static unsigned nr_devices;

static unsigned devfn(const struct pci_device *d)
{
    return d->slot << 3 | d->function;
}

uint32_t pci_read(struct pci_device *d, unsigned off, unsigned width)
{
    return pci_config_read(d->bus, devfn(d), off, width);
}

void pci_write(struct pci_device *d, unsigned off, unsigned width, uint32_t v)
{
    pci_config_write(d->bus, devfn(d), off, width, v);
}

struct pci_device *pci_device_at(unsigned index)
{
    return index < nr_devices ? &devices[index] : NULL;
}

uint8_t pci_find_capability(struct pci_device *d, uint8_t id, uint8_t after)
{
    unsigned off;

    if (!(pci_read(d, PCI_STATUS, 2) & PCI_STATUS_CAP_LIST))
        return 0;
    off =
        pci_read(d, after ? after + PCI_CAP_LIST_NEXT : PCI_CAPABILITY_LIST, 1);
    for (unsigned i = 0; i < MAX_CAPABILITIES; i++) {
        off &= 0xfc;
        if (off < PCI_STD_HEADER_SIZEOF)
            return 0;
        uint32_t head = pci_read(d, off, 2);
        if ((head & 0xff) == id)
            return (uint8_t)off;
        off = head >> 8;
    }
    return 0;
}

static void scan_bus(unsigned bus, unsigned depth);

static void scan_function(unsigned bus, unsigned slot, unsigned function,
                          uint32_t id, uint8_t header, unsigned depth)
{
    unsigned fn = slot << 3 | function;
    uint32_t class_reg = pci_config_read(bus, fn, PCI_CLASS_REVISION, 4);

    if ((header & PCI_HEADER_TYPE_MASK) == PCI_HEADER_TYPE_BRIDGE) {
        unsigned below = pci_config_read(bus, fn, PCI_SECONDARY_BUS, 1);
        if (below > bus) /* buses are numbered downwards: no cycles */
            scan_bus(below, depth + 1);
        return;
    }
    if (nr_devices == MAX_DEVICES) {
        kwarn("pci: more than %u devices, the rest is ignored", MAX_DEVICES);
        return;
    }
    struct pci_device *d = &devices[nr_devices++];
    *d = (struct pci_device){
        .bus = (uint8_t)bus,
        .slot = (uint8_t)slot,
        .function = (uint8_t)function,
        .vendor = (uint16_t)id,
        .device = (uint16_t)(id >> 16),
        .class_code = (uint8_t)(class_reg >> 24),
        .subclass = (uint8_t)(class_reg >> 16),
        .prog_if = (uint8_t)(class_reg >> 8),
    };
}

static void scan_slot(unsigned bus, unsigned slot, unsigned depth)
{
    unsigned functions = 1;

    for (unsigned f = 0; f < functions; f++) {
        uint32_t id = pci_config_read(bus, slot << 3 | f, PCI_VENDOR_ID, 4);
        if ((id & 0xffff) == 0xffff || !(id & 0xffff))
            continue; /* without function 0 there are no others */
        uint8_t header =
            (uint8_t)pci_config_read(bus, slot << 3 | f, PCI_HEADER_TYPE, 1);
        if (!f && (header & 0x80))
            functions = 8;
        scan_function(bus, slot, f, id, header, depth);
    }
}

static void scan_bus(unsigned bus, unsigned depth)
{
    if (bus >= pci_config_buses() || depth > 8)
        return;
    for (unsigned slot = 0; slot < 32; slot++)
        scan_slot(bus, slot, depth);
}

void pci_init(void)
{
    static bool found;

    if (found || !pci_config_init())
        return;
    found = true;
    scan_bus(0, 0);
    kinfo("pci: %u devices", nr_devices);
}

void pci_enable(struct pci_device *d)
{
    uint32_t command = pci_read(d, PCI_COMMAND, 2);

    d->subsystem = (uint16_t)pci_read(d, PCI_SUBSYSTEM_ID, 2);
    d->irq_line = (uint8_t)pci_read(d, PCI_INTERRUPT_LINE, 1);
    d->irq_pin = (uint8_t)pci_read(d, PCI_INTERRUPT_PIN, 1);
    d->msix_cap = pci_find_capability(d, PCI_CAP_ID_MSIX, 0);
    d->msi_cap = pci_find_capability(d, PCI_CAP_ID_MSI, 0);
    if (d->msix_cap)
        d->msix_size =
            (uint16_t)((pci_read(d, d->msix_cap + PCI_MSIX_FLAGS, 2) &
                        PCI_MSIX_FLAGS_QSIZE) +
                       1);
    pci_write(d, PCI_COMMAND, 2,
              command | PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER);
}

/* --- memory -------------------------------------------------------------- */

#define IOAPIC_ADDRESS 0xfec00000ull /* the window ends below it */

/* Where addresses may be given out: above all RAM below 4 GiB and above
 * everything firmware placed there, up to ECAM or the IO-APIC. */
static void window_find(uint64_t *next, uint64_t *end)
{
    uint64_t start = 0xc0000000, ecam = pci_config_ecam();

    *end = IOAPIC_ADDRESS;
    for (unsigned i = 0; i < boot_info.nr_memory; i++)
        if (boot_info.memory[i].end <= *end)
            start = MAX(start, boot_info.memory[i].end);
    for (unsigned i = 0; i < nr_devices; i++)
        for (unsigned b = PCI_BASE_ADDRESS_0; b <= PCI_BASE_ADDRESS_5; b += 4) {
            uint32_t v = pci_read(&devices[i], b, 4);
            /* Its size is not known: leave 16 MiB. */
            if (!(v & PCI_BASE_ADDRESS_SPACE_IO) && v < *end)
                start = MAX(start, (v & ~0xfull) + (16u << 20));
        }
    if (ecam > start && ecam < *end)
        *end = ecam;
    *next = ALIGN_UP(start, 1ull << 20);
}

static uint64_t window_alloc(uint64_t size)
{
    static uint64_t next, end;

    if (!end)
        window_find(&next, &end);
    uint64_t at = ALIGN_UP(next, size);
    if (!size || at < next || at > end || size > end - at)
        return 0;
    next = at + size;
    return at;
}

/* Size: write ones and see which address bits stay (PCI 3.0, 6.2.5.1). The
 * device does not decode memory meanwhile. */
static uint64_t bar_assign(struct pci_device *d, unsigned reg, bool is64)
{
    uint32_t command = pci_read(d, PCI_COMMAND, 2);
    uint64_t mask, at;

    pci_write(d, PCI_COMMAND, 2, command & ~(uint32_t)PCI_COMMAND_MEMORY);
    pci_write(d, reg, 4, UINT32_MAX);
    mask = pci_read(d, reg, 4) & ~0xfu;
    if (is64) {
        pci_write(d, reg + 4, 4, UINT32_MAX);
        mask |= (uint64_t)pci_read(d, reg + 4, 4) << 32;
    } else if (mask) {
        mask |= ~0ull << 32;
    }
    at = window_alloc(MAX(-mask, (uint64_t)PAGE_SIZE));
    if (!mask)
        at = 0;
    pci_write(d, reg, 4, (uint32_t)at);
    if (is64)
        pci_write(d, reg + 4, 4, (uint32_t)(at >> 32));
    pci_write(d, PCI_COMMAND, 2, command);
    return at;
}

volatile void *pci_map_bar(struct pci_device *d, unsigned bar, uint64_t off,
                           size_t size)
{
    unsigned reg = PCI_BASE_ADDRESS_0 + 4 * bar;
    uint64_t base, end;

    if (bar > 5)
        return NULL;
    uint32_t low = pci_read(d, reg, 4);
    bool is64 =
        (low & PCI_BASE_ADDRESS_MEM_TYPE_MASK) == PCI_BASE_ADDRESS_MEM_TYPE_64;
    if ((low & PCI_BASE_ADDRESS_SPACE_IO) || (is64 && bar == 5))
        return NULL;
    base = low & ~0xfu;
    if (is64)
        base |= (uint64_t)pci_read(d, reg + 4, 4) << 32;
    if (!base)
        base = bar_assign(d, reg, is64);
    if (!base || __builtin_add_overflow(base, off, &base) ||
        __builtin_add_overflow(base, size, &end) || end >> 52)
        return NULL;
    return arch_mmio_map(base, size);
}

/* --- interrupts ---------------------------------------------------------- */

static int msix_map(struct pci_device *d)
{
    uint32_t where = pci_read(d, d->msix_cap + PCI_MSIX_TABLE, 4);

    if (d->msix_table)
        return 0;
    d->msix_table = pci_map_bar(d, where & PCI_MSIX_TABLE_BIR,
                                where & PCI_MSIX_TABLE_OFFSET,
                                d->msix_size * PCI_MSIX_ENTRY_SIZE);
    if (!d->msix_table)
        return -ENOMEM;
    for (unsigned i = 0; i < d->msix_size; i++)
        d->msix_table[i * 4 + PCI_MSIX_ENTRY_VECTOR_CTRL / 4] =
            PCI_MSIX_ENTRY_CTRL_MASKBIT;
    pci_write(d, d->msix_cap + PCI_MSIX_FLAGS, 2, PCI_MSIX_FLAGS_ENABLE);
    return 0;
}

static void intx_off(struct pci_device *d)
{
    pci_write(d, PCI_COMMAND, 2,
              pci_read(d, PCI_COMMAND, 2) | PCI_COMMAND_INTX_DISABLE);
}

static int msi_set(struct pci_device *d, unsigned cpu, void (*fn)(void *),
                   void *arg)
{
    unsigned cap = d->msi_cap;
    uint32_t flags = pci_read(d, cap + PCI_MSI_FLAGS, 2), data;
    uint64_t addr;
    int rc = irq_register_msi(cpu, fn, arg, &addr, &data);

    if (rc)
        return rc;
    pci_write(d, cap + PCI_MSI_ADDRESS_LO, 4, (uint32_t)addr);
    if (flags & PCI_MSI_FLAGS_64BIT) {
        pci_write(d, cap + PCI_MSI_ADDRESS_HI, 4, (uint32_t)(addr >> 32));
        pci_write(d, cap + PCI_MSI_DATA_64, 2, data);
    } else {
        pci_write(d, cap + PCI_MSI_DATA_32, 2, data);
    }
    flags &= ~(uint32_t)PCI_MSI_FLAGS_QSIZE; /* one message */
    pci_write(d, cap + PCI_MSI_FLAGS, 2, flags | PCI_MSI_FLAGS_ENABLE);
    intx_off(d);
    return 0;
}

int pci_msix_set(struct pci_device *d, unsigned entry, unsigned cpu,
                 void (*fn)(void *), void *arg)
{
    volatile uint32_t *e;
    uint64_t addr;
    uint32_t data;
    int rc;

    if (!d->msix_cap)
        return d->msi_cap && !entry ? msi_set(d, cpu, fn, arg) : -ENODEV;
    if (entry >= d->msix_size)
        return -ENODEV;
    rc = msix_map(d);
    if (rc)
        return rc;
    rc = irq_register_msi(cpu, fn, arg, &addr, &data);
    if (rc)
        return rc;
    e = d->msix_table + entry * 4;
    e[PCI_MSIX_ENTRY_LOWER_ADDR / 4] = (uint32_t)addr;
    e[PCI_MSIX_ENTRY_UPPER_ADDR / 4] = (uint32_t)(addr >> 32);
    e[PCI_MSIX_ENTRY_DATA / 4] = data;
    e[PCI_MSIX_ENTRY_VECTOR_CTRL / 4] = 0; /* unmask last */
    intx_off(d);
    return 0;
}

/* Without an AML interpreter the routing is what firmware left in the line
 * register: an input of the interrupt controller, 0 or 255 meaning none. */
int pci_intx_set(struct pci_device *d, void (*fn)(void *), void *arg)
{
    if (!d->irq_pin || !d->irq_line || d->irq_line == 0xff)
        return -ENODEV;
    if (d->irq_line < 16)
        return irq_register_isa(d->irq_line, fn, arg);
    return irq_register_gsi(d->irq_line, true, true, fn, arg);
}
