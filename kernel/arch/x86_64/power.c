/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * power.c - how the machine ends (include/abi/machine.h).
 *
 * Works in a panic: takes no lock, waits for nobody.
 */
#include "abi/machine.h"
#include "arch/x86_64/arch_priv.h"
#include "dev/acpi.h"
#include "dev/console.h"
#include "lib/cmdline.h"
#include "lib/printf.h"
#include "lib/string.h"

static uint16_t cmdline_port(const char *key)
{
    char value[32];
    uint64_t port;

    if (cmdline_get(kernel_cmdline, key, value, sizeof(value)) <= 0)
        return 0;
    port = str_to_u64(value, NULL, 0);
    return port < 0x10000 ? (uint16_t)port : 0;
}

static void report(int status)
{
    uint16_t log = cmdline_port("exit.log"), port = cmdline_port("exit.port");
    char line[sizeof(MACHINE_EXIT_LINE) + 16];
    int n = ksnprintf(line, sizeof(line), "%s%d\n", MACHINE_EXIT_LINE, status);

    for (int i = 0; log && i < n; i++)
        port_write8(log, (uint8_t)line[i]);
    if (port) /* QEMU ends here */
        port_write32(port, (uint32_t)status & 127);
}

static __noreturn void halt_forever(void)
{
    for (;;)
        __asm__ volatile("cli; hlt");
}

static void io_wait(void)
{
    for (int i = 0; i < 1000; i++)
        port_read8(0x80);
}

/* The ways to reset, the politest first; the last cannot fail: without an IDT
 * the next exception is a triple fault (SDM 3A 6.15). */
void arch_reboot(void)
{
    struct {
        uint16_t limit;
        uint64_t base;
    } __packed none = {0, 0};

    arch_irqs_disable();
    port_write8(0xcf9, 0x02);
    port_write8(0xcf9, 0x06); /* PCI reset control: full reset */
    io_wait();
    port_write8(0x64, 0xfe); /* keyboard controller: pulse the reset line */
    io_wait();
    __asm__ volatile("lidt %0; ud2" : : "m"(none));
    halt_forever();
}

void arch_power_off(int status)
{
    console_flush();
    arch_irqs_disable();
    report(status);
    acpi_power_off();
    arch_reboot();
}
