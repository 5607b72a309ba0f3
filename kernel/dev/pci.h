/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * pci.h - PCI configuration, by ECAM (ACPI MCFG) or ports 0xCF8/0xCFC.
 */
#pragma once

#include "lib/types.h"

struct pci_device {
    uint16_t segment;
    uint8_t bus, slot, function;
    uint16_t vendor, device, subsystem;
    uint8_t class_code, subclass, prog_if;
    uint8_t irq_line, irq_pin;
};
void pci_init(void); /* finds devices; cheap where there is no bus */
struct pci_device *pci_device_at(unsigned index); /* NULL after the last */
uint32_t pci_read(struct pci_device *d, unsigned off, unsigned width);
void pci_write(struct pci_device *d, unsigned off, unsigned width, uint32_t v);
uint8_t pci_find_capability(struct pci_device *d, uint8_t id, uint8_t after);
/* Map a memory BAR; NULL if it is not one. Assigns an address when firmware
 * left it empty (PVH boots without firmware). */
volatile void *pci_map_bar(struct pci_device *d, unsigned bar, uint64_t off,
                           size_t size);
void pci_enable(struct pci_device *d); /* memory, bus master */
/* Set up to (n) MSI-X vectors, else MSI or the INTx line; how many. */
int pci_msix_set(struct pci_device *d, unsigned entry, unsigned cpu,
                 void (*fn)(void *), void *arg);
int pci_intx_set(struct pci_device *d, void (*fn)(void *), void *arg);
