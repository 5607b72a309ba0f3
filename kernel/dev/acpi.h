/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * acpi.h - the ACPI tables this kernel reads (ACPI 6.5): MADT, FADT, MCFG,
 * HPET not; and the DSDT only for \_S5 and, on microvm, virtio-mmio and GED.
 */
#pragma once

#include "lib/types.h"

struct acpi_header {
    char signature[4];
    uint32_t length;
    uint8_t revision, checksum;
    char oem_id[6], oem_table_id[8];
    uint32_t oem_revision, creator_id, creator_revision;
} __packed;

void acpi_early_init(void); /* finds and checks the tables; all memory is
                             * mapped */
/* A table with a good checksum, mapped; NULL if none. */
const struct acpi_header *acpi_table(const char *signature);
/* Power button and power-off; registers the SCI. Presses raise SOFTIRQ_POWER,
 * which sends SIGTERM to process 1. */
void acpi_power_init(void);
void acpi_power_off(void); /* returns if it cannot */
/* virtio-mmio devices (LNRO0005) of the DSDT: base, size, gsi. Count. */
struct acpi_virtio_mmio {
    uint64_t base, size;
    uint32_t gsi;
};
unsigned acpi_virtio_mmio(struct acpi_virtio_mmio *out, unsigned max);
