/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * pci_config.h - raw configuration space, for pci.c.
 */
#pragma once

#include "lib/types.h"

/* Find a way to configuration space; false where there is no PCI. */
bool pci_config_init(void);
unsigned pci_config_buses(void); /* bus numbers below this are reachable */
/* (off) is aligned to (width) 1, 2 or 4 and below 256. */
uint32_t pci_config_read(unsigned bus, unsigned devfn, unsigned off,
                         unsigned width);
void pci_config_write(unsigned bus, unsigned devfn, unsigned off,
                      unsigned width, uint32_t v);
/* The memory ECAM takes up, 0 without: nothing else may be put there. */
paddr_t pci_config_ecam(void);
