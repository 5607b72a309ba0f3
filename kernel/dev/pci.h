/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * pci.h - PCI configuration, by ECAM (ACPI MCFG) or ports 0xCF8/0xCFC.
 *
 * Found devices stay for good. Configuration accesses may come from any
 * thread; setting up interrupts is the owning driver's business alone.
 */
#pragma once

#include "lib/types.h"

struct pci_device {
    uint16_t segment;
    uint8_t bus, slot, function;
    uint16_t vendor, device, subsystem;
    uint8_t class_code, subclass, prog_if;
    uint8_t irq_line, irq_pin;
    uint8_t msix_cap, msi_cap;     /* offsets of the capabilities, or 0 */
    uint16_t msix_size;            /* table entries */
    volatile uint32_t *msix_table; /* mapped with the first vector */
};
void pci_init(void); /* finds devices; cheap where there is no bus */
struct pci_device *pci_device_at(unsigned index); /* NULL after the last */
uint32_t pci_read(struct pci_device *d, unsigned off, unsigned width);
void pci_write(struct pci_device *d, unsigned off, unsigned width, uint32_t v);
/* Offset of the first (after 0) or next capability (id), 0 if none. */
uint8_t pci_find_capability(struct pci_device *d, uint8_t id, uint8_t after);
/* Map a memory BAR; NULL if it is not one. Assigns an address when firmware
 * left it empty (PVH boots without firmware). */
volatile void *pci_map_bar(struct pci_device *d, unsigned bar, uint64_t off,
                           size_t size);
void pci_enable(struct pci_device *d); /* memory, bus master */
/* Aim MSI-X table entry (entry) at a handler on (cpu); a device that has only
 * MSI takes entry 0. Turns INTx off. 0, -ENODEV (no such entry), -ENOMEM. */
int pci_msix_set(struct pci_device *d, unsigned entry, unsigned cpu,
                 void (*fn)(void *), void *arg);
/* Use the interrupt line firmware routed. 0, -ENODEV. */
int pci_intx_set(struct pci_device *d, void (*fn)(void *), void *arg);
