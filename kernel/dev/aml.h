/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * aml.h - the few facts this kernel wants from ACPI's byte code.
 */
#pragma once

#include "lib/types.h"

#define AML_VIRTIO_MAX 32

struct aml_device_facts {
    uint64_t base, size;
    uint32_t gsi;
};

struct aml_facts {
    bool have_s5;
    uint8_t s5_a, s5_b; /* SLP_TYPa and SLP_TYPb of \_S5 */
    unsigned nr_virtio; /* LNRO0005: virtio over MMIO */
    struct aml_device_facts virtio[AML_VIRTIO_MAX];
    /* ACPI0013, the generic event device, in the form QEMU gives it: an event
     * selector register in memory. base 0 = none. */
    struct aml_device_facts ged;
};

/* Add what (aml), the code of a DSDT or SSDT without its header, says. Never
 * reads outside of it; work is linear in (n) but for a small nesting factor. */
void aml_scan(const uint8_t *aml, size_t n, struct aml_facts *f);
