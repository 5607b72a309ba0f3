/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * clock_ref.c - HPET (IA-PC HPET specification 1.0a), the ACPI PM timer (ACPI
 * 6.5, 4.8.2.1) and the 8254's channel 2 (Intel 8254 data sheet).
 */
#include "arch/x86_64/clock_ref.h"
#include "arch/x86_64/arch_priv.h"
#include "dev/acpi.h"
#include "lib/string.h"

/* --- HPET --------------------------------------------------------------- */

#define HPET_PERIOD  1 /* 32-bit words */
#define HPET_CONFIG  4
#define HPET_COUNTER 60
#define HPET_ENABLE  1u
#define FEMTOSECONDS 1000000000000000ul

static volatile uint32_t *hpet;

static uint32_t hpet_read(void)
{
    return hpet[HPET_COUNTER];
}

static struct clock_ref hpet_ref = {"HPET", hpet_read, UINT32_MAX, 0, true};

static bool hpet_find(void)
{
    const struct acpi_header *t = acpi_table("HPET");
    uint64_t base;
    uint32_t period;

    if (!t || t->length < 52)
        return false;
    memcpy(&base, (const char *)t + 44, sizeof(base));
    hpet = base ? arch_mmio_map(base, 0x400) : NULL;
    period = hpet ? hpet[HPET_PERIOD] : 0;
    if (period < 1000000 || period > 100000000) /* 0.1 .. 10 ns in fs: 2.3.4 */
        return false;
    hpet[HPET_CONFIG] = hpet[HPET_CONFIG] | HPET_ENABLE;
    hpet_ref.hz = FEMTOSECONDS / period;
    return true;
}

/* --- ACPI PM timer ------------------------------------------------------ */

#define FADT_PM_TMR_BLK   76
#define FADT_PM_TMR_LEN   91
#define FADT_FLAGS        112
#define FADT_X_PM_TMR_BLK 208
#define FADT_HW_REDUCED   (1u << 20)

static uint16_t pm_port;

static uint32_t pm_read(void)
{
    return port_read32(pm_port) & 0xffffff;
}

static struct clock_ref pm_ref = {"ACPI PM timer", pm_read, 0xffffff, 3579545,
                                  true};

/* It is there, and it counts. */
static bool pm_works(void)
{
    uint32_t first = pm_read();

    for (int i = 0; i < 1000; i++)
        if (pm_read() != first)
            return true;
    return false;
}

static bool pm_find(void)
{
    const char *t = (const char *)acpi_table("FACP");
    uint32_t block, flags, length;

    if (!t)
        return false;
    memcpy(&length, t + 4, sizeof(length));
    if (length < 116)
        return false;
    memcpy(&flags, t + FADT_FLAGS, sizeof(flags));
    memcpy(&block, t + FADT_PM_TMR_BLK, sizeof(block));
    if (!block && length >= FADT_X_PM_TMR_BLK + 12 && t[FADT_X_PM_TMR_BLK] == 1)
        memcpy(&block, t + FADT_X_PM_TMR_BLK + 4, sizeof(block));
    if (!block || block > 0xfffc || t[FADT_PM_TMR_LEN] != 4 ||
        (flags & FADT_HW_REDUCED))
        return false;
    pm_port = (uint16_t)block;
    return pm_works();
}

/* --- 8254, channel 2 ---------------------------------------------------- */

#define PIT_CHANNEL2 0x42
#define PIT_COMMAND  0x43
#define PIT_GATE     0x61

/* It counts down, in mode 0 again and again; the complement counts up. */
static uint32_t pit_read(void)
{
    uint32_t v;

    port_write8(PIT_COMMAND, 0x80); /* latch */
    v = port_read8(PIT_CHANNEL2);
    v |= (uint32_t)port_read8(PIT_CHANNEL2) << 8;
    return ~v & 0xffff;
}

static const struct clock_ref pit_ref = {"PIT", pit_read, 0xffff, 1193182,
                                         false};

static bool pit_find(void)
{
    uint32_t first;

    /* Gate on, speaker off; mode 0, low byte then high byte. */
    port_write8(PIT_GATE, (uint8_t)((port_read8(PIT_GATE) & ~2u) | 1u));
    port_write8(PIT_COMMAND, 0xb0);
    port_write8(PIT_CHANNEL2, 0xff);
    port_write8(PIT_CHANNEL2, 0xff);
    first = pit_read();
    for (int i = 0; i < 1000; i++)
        if (pit_read() != first)
            return true;
    return false;
}

const struct clock_ref *clock_ref_find(void)
{
    if (hpet_find())
        return &hpet_ref;
    if (pm_find())
        return &pm_ref;
    return pit_find() ? &pit_ref : NULL;
}
