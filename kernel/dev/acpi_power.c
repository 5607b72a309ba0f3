/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * acpi_power.c - power button and power-off (ACPI 6.5, section 4.8).
 *
 * Full ACPI hardware (q35, pc): the button sets PWRBTN_STS in the PM1 event
 * register and interrupts by the SCI; power-off writes the sleep type of \_S5
 * to the PM1 control registers. Hardware-reduced ACPI (microvm): the button is
 * an event of the generic event device, power-off a write to the sleep control
 * register.
 */
#include <asm/signal.h>

#include <stdatomic.h>

#include "arch/x86_64/arch.h"
#include "dev/acpi_priv.h"
#include "dev/port_io.h"
#include "lib/log.h"
#include "lib/string.h"
#include "proc/process.h"
#include "proc/signal.h"
#include "sched/softirq.h"
#include "sched/time.h"

#define PM1_PWRBTN     (1u << 8) /* in status and enable (4.8.3.1) */
#define PM1_SCI_EN     (1u << 0) /* in control (4.8.3.2.1) */
#define PM1_SLP_TYP(t) ((t) << 10)
#define PM1_SLP_EN     (1u << 13)
#define SLEEP_TYP(t)   ((t) << 2) /* sleep control register (4.8.3.7) */
#define SLEEP_EN       (1u << 5)
#define GED_POWER_DOWN 0x2 /* QEMU docs/specs: event selector bit */

#define ASK_AGAIN (50 * NSEC_PER_MSEC)
#define ASK_TRIES 200

static struct timer ask_timer;
static unsigned tries;      /* of the timer's function, once it is armed */
static _Atomic bool asking; /* the timer is armed */
static _Atomic bool told;   /* one message is enough */

static uint16_t pm1_status[2], pm1_enable[2],
    pm1_control[2]; /* ports, 0 none */
static volatile uint32_t *ged_selector;
static volatile uint8_t *sleep_control_mmio;

/* A register block by its old field or its extended one; ports only. */
static uint16_t port_of(uint32_t old, const struct acpi_gas *x)
{
    uint64_t address = x->address && x->space == 1 ? x->address : old;

    return address < 0x10000 ? (uint16_t)address : 0;
}

static void pm1_find(const struct acpi_fadt *f)
{
    unsigned half = f->pm1_evt_len / 2u;

    pm1_status[0] = port_of(f->pm1a_evt, &f->x_pm1a_evt);
    pm1_status[1] = port_of(f->pm1b_evt, &f->x_pm1b_evt);
    pm1_control[0] = port_of(f->pm1a_cnt, &f->x_pm1a_cnt);
    pm1_control[1] = port_of(f->pm1b_cnt, &f->x_pm1b_cnt);
    for (int i = 0; i < 2; i++)
        if (pm1_status[i] && half >= 2)
            pm1_enable[i] = (uint16_t)(pm1_status[i] + half);
        else
            pm1_status[i] = 0;
}

/* Hard interrupt. Other causes (GPEs) are not enabled. */
static void sci_irq(void *arg)
{
    for (int i = 0; i < 2; i++) {
        if (!pm1_status[i])
            continue;
        uint16_t status = port_read16(pm1_status[i]);
        if (status & PM1_PWRBTN)
            softirq_raise(SOFTIRQ_POWER);
        /* Bits are cleared by writing ones; the line drops with the last. */
        port_write16(pm1_status[i], status);
    }
}

/* Hard interrupt; reading the selector takes the events. */
static void ged_irq(void *arg)
{
    if (*ged_selector & GED_POWER_DOWN)
        softirq_raise(SOFTIRQ_POWER);
}

/* Process 1 is asked if it listens: without a handler the signal would be lost,
 * as it would before there is one. */
static bool ask_init(void)
{
    struct process *init = process_find(1);
    bool asked = init && signal_caught(init, SIGTERM);

    if (asked) {
        if (!atomic_exchange(&told, true))
            knote("power button: asking process 1 to end");
        signal_send_process(init, SIGTERM, NULL);
    }
    if (init)
        process_put(init);
    return asked;
}

static void ask_again(struct timer *t)
{
    if (ask_init()) {
        atomic_store(&asking, false);
    } else if (++tries < ASK_TRIES) {
        timer_arm(t, time_monotonic() + ASK_AGAIN);
    } else {
        kwarn("power button: process 1 has no handler for SIGTERM");
        atomic_store(&asking, false);
    }
}

static void power_softirq(void)
{
    if (ask_init() || atomic_exchange(&asking, true))
        return;
    tries = 0;
    timer_arm(&ask_timer, time_monotonic() + ASK_AGAIN);
}

/* Take the registers over from firmware (4.8.2.5): SCI_EN tells when. */
static bool acpi_mode(const struct acpi_fadt *f)
{
    if (!pm1_control[0])
        return false;
    if (port_read16(pm1_control[0]) & PM1_SCI_EN)
        return true;
    if (!f->smi_cmd || f->smi_cmd > 0xffff || !f->acpi_enable)
        return false;
    port_write8((uint16_t)f->smi_cmd, f->acpi_enable);
    for (unsigned i = 0; i < 100000; i++)
        if (port_read16(pm1_control[0]) & PM1_SCI_EN)
            return true;
    return false;
}

static void button_fixed_init(const struct acpi_fadt *f)
{
    int rc;

    pm1_find(f);
    if (!pm1_status[0] || !acpi_mode(f)) {
        kwarn("acpi: cannot enter ACPI mode, no power button");
        return;
    }
    rc = f->sci_int < 16
             ? irq_register_isa(f->sci_int, sci_irq, NULL)
             : irq_register_gsi(f->sci_int, true, true, sci_irq, NULL);
    if (rc) {
        kwarn("acpi: no interrupt %u, no power button (%d)", f->sci_int, rc);
        return;
    }
    /* What the hardware has kept may be how the machine was switched on. */
    port_write16(pm1_status[0], PM1_PWRBTN);
    port_write16(pm1_enable[0], PM1_PWRBTN);
    if (pm1_enable[1])
        port_write16(pm1_enable[1], 0);
}

static void button_ged_init(void)
{
    const struct aml_device_facts *g = &acpi_aml()->ged;
    int rc;

    if (!g->base)
        return;
    ged_selector = arch_mmio_map(g->base, 4);
    rc = ged_selector ? irq_register_gsi(g->gsi, false, false, ged_irq, NULL)
                      : -1;
    if (rc)
        kwarn("acpi: no interrupt %u, no power button (%d)", g->gsi, rc);
}

void acpi_power_init(void)
{
    const struct acpi_fadt *f = acpi_fadt();

    if (!f)
        return;
    timer_init(&ask_timer, ask_again, NULL);
    softirq_register(SOFTIRQ_POWER, power_softirq);
    if (f->flags & FADT_HW_REDUCED) {
        /* Mapped now: power-off must not need memory. */
        if (f->sleep_control.space == 0 && f->sleep_control.address)
            sleep_control_mmio = arch_mmio_map(f->sleep_control.address, 1);
        button_ged_init();
    } else {
        button_fixed_init(f);
    }
}

static void power_off_reduced(const struct acpi_fadt *f, uint8_t type)
{
    uint8_t v = (uint8_t)(SLEEP_TYP(type) | SLEEP_EN);

    if (sleep_control_mmio)
        *sleep_control_mmio = v;
    else if (f->sleep_control.space == 1 && f->sleep_control.address < 0x10000)
        port_write8((uint16_t)f->sleep_control.address, v);
}

static void power_off_pm1(const struct acpi_fadt *f,
                          const struct aml_facts *aml)
{
    uint8_t type[2] = {aml->s5_a, aml->s5_b};

    if (!pm1_control[0])
        pm1_find(f); /* before acpi_power_init(), or after it failed */
    for (int i = 0; i < 2; i++) {
        if (!pm1_control[i])
            continue;
        uint16_t v = port_read16(pm1_control[i]);
        v &= (uint16_t) ~(PM1_SLP_TYP(7u) | PM1_SLP_EN);
        v |= (uint16_t)PM1_SLP_TYP((unsigned)type[i]);
        port_write16(pm1_control[i], v);
        port_write16(pm1_control[i], v | PM1_SLP_EN);
    }
}

void acpi_power_off(void)
{
    const struct acpi_fadt *f = acpi_fadt();
    const struct aml_facts *aml = acpi_aml();

    if (!f || !aml->have_s5)
        return;
    if (f->flags & FADT_HW_REDUCED)
        power_off_reduced(f, aml->s5_a);
    else
        power_off_pm1(f, aml);
}
