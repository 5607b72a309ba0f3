/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * acpi_priv.h - between acpi.c (tables) and acpi_power.c (button, power-off).
 */
#pragma once

#include "dev/acpi.h"
#include "dev/aml.h"

/* Generic address structure (ACPI 6.5, section 5.2.3.2). */
struct acpi_gas {
    uint8_t space; /* 0 memory, 1 I/O ports */
    uint8_t bit_width, bit_offset, access_size;
    uint64_t address;
} __packed;

/* Fixed ACPI description table (5.2.9). Older revisions are shorter: fields
 * beyond the length are zero in the copy acpi_fadt() gives. */
struct acpi_fadt {
    struct acpi_header h;
    uint32_t firmware_ctrl, dsdt;
    uint8_t reserved0, pm_profile;
    uint16_t sci_int;
    uint32_t smi_cmd;
    uint8_t acpi_enable, acpi_disable, s4bios_req, pstate_cnt;
    uint32_t pm1a_evt, pm1b_evt, pm1a_cnt, pm1b_cnt, pm2_cnt, pm_timer;
    uint32_t gpe0, gpe1;
    uint8_t pm1_evt_len, pm1_cnt_len, pm2_cnt_len, pm_timer_len;
    uint8_t gpe0_len, gpe1_len, gpe1_base, cst_cnt;
    uint16_t c2_latency, c3_latency, flush_size, flush_stride;
    uint8_t duty_offset, duty_width, day_alarm, month_alarm, century;
    uint16_t boot_arch;
    uint8_t reserved1;
    uint32_t flags;
    struct acpi_gas reset_reg;
    uint8_t reset_value;
    uint16_t arm_boot_arch;
    uint8_t minor_revision;
    uint64_t x_firmware_ctrl, x_dsdt;
    struct acpi_gas x_pm1a_evt, x_pm1b_evt, x_pm1a_cnt, x_pm1b_cnt, x_pm2_cnt,
        x_pm_timer, x_gpe0, x_gpe1, sleep_control, sleep_status;
    uint64_t hypervisor;
} __packed;
_Static_assert(offsetof(struct acpi_fadt, sci_int) == 46, "5.2.9");
_Static_assert(offsetof(struct acpi_fadt, pm1_evt_len) == 88, "5.2.9");
_Static_assert(offsetof(struct acpi_fadt, flags) == 112, "5.2.9");
_Static_assert(offsetof(struct acpi_fadt, x_dsdt) == 140, "5.2.9");
_Static_assert(offsetof(struct acpi_fadt, sleep_control) == 244, "5.2.9");
_Static_assert(sizeof(struct acpi_fadt) == 276, "5.2.9");

#define FADT_RESET_SUPPORTED (1u << 10)
#define FADT_HW_REDUCED      (1u << 20)

const struct acpi_fadt *acpi_fadt(void); /* NULL without one */
const struct aml_facts *acpi_aml(void);  /* what DSDT and SSDTs say */
