/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * ioapic.c - interrupt lines to vectors (Intel 82093AA data sheet), and the
 * old 8259 pair, which is silenced.
 */
#include "arch/x86_64/arch_priv.h"
#include "lib/errno.h"
#include "lib/log.h"
#include "sched/lock.h"

#define REG_VERSION      0x01
#define REG_REDIR        0x10
#define REDIR_MASKED     (1u << 16)
#define REDIR_LEVEL      (1u << 15)
#define REDIR_ACTIVE_LOW (1u << 13)

static struct ioapic {
    volatile uint32_t *regs; /* [0] index, [4] data */
    uint32_t gsi_base, lines;
} ioapics[MAX_IOAPICS];
static unsigned nr_ioapics;
static struct spinlock lock = SPINLOCK_INIT(RANK_NONE); /* index and data */

static uint32_t io_read(struct ioapic *io, unsigned reg)
{
    io->regs[0] = reg;
    return io->regs[4];
}

static void io_write(struct ioapic *io, unsigned reg, uint32_t v)
{
    io->regs[0] = reg;
    io->regs[4] = v;
}

/* Both 8259: initialize with vectors nobody else has, for their spurious
 * interrupts, then mask every line. */
void pic_disable(void)
{
    port_write8(0x20, 0x11);
    port_write8(0xa0, 0x11);
    port_write8(0x21, 0x20);
    port_write8(0xa1, 0x28);
    port_write8(0x21, 4);
    port_write8(0xa1, 2);
    port_write8(0x21, 1);
    port_write8(0xa1, 1);
    port_write8(0x21, 0xff);
    port_write8(0xa1, 0xff);
}

void ioapic_init(void)
{
    for (unsigned i = 0; i < platform.nr_ioapics; i++) {
        struct ioapic *io = &ioapics[nr_ioapics];
        io->regs = arch_mmio_map(platform.ioapics[i].base, 0x20);
        if (!io->regs)
            continue;
        uint32_t version = io_read(io, REG_VERSION);
        if (version == 0xffffffff || !(version & 0xff)) {
            kwarn("no IO-APIC at 0x%lx", platform.ioapics[i].base);
            continue;
        }
        io->gsi_base = platform.ioapics[i].gsi_base;
        io->lines = (version >> 16 & 0xff) + 1;
        for (unsigned pin = 0; pin < io->lines; pin++)
            io_write(io, REG_REDIR + 2 * pin, REDIR_MASKED);
        nr_ioapics++;
    }
}

int ioapic_route(uint32_t gsi, unsigned vector, uint32_t dest, bool level,
                 bool active_low)
{
    for (unsigned i = 0; i < nr_ioapics; i++) {
        struct ioapic *io = &ioapics[i];
        uint32_t pin = gsi - io->gsi_base;
        if (gsi < io->gsi_base || pin >= io->lines)
            continue;
        spin_lock(&lock);
        io_write(io, REG_REDIR + 2 * pin, REDIR_MASKED);
        io_write(io, REG_REDIR + 2 * pin + 1, dest << 24);
        io_write(io, REG_REDIR + 2 * pin,
                 vector | (level ? REDIR_LEVEL : 0) |
                     (active_low ? REDIR_ACTIVE_LOW : 0));
        spin_unlock(&lock);
        return 0;
    }
    return -ENODEV;
}
