/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * virtio_mmio.c - virtio over memory-mapped registers (VIRTIO 1.2, 4.2).
 *
 * Where the devices are comes from ACPI (HID LNRO0005) or from words
 * virtio_mmio.device=SIZE@ADDR:IRQ on the command line, which microvms without
 * ACPI use. Each device has one interrupt line, level-triggered.
 */
#include <linux/virtio_mmio.h>

#include "arch/x86_64/arch.h"
#include "dev/acpi.h"
#include "dev/virtio/virtio_priv.h"
#include "dev/virtio/virtqueue.h"
#include "lib/cmdline.h"
#include "lib/errno.h"
#include "lib/log.h"
#include "lib/printf.h"
#include "lib/string.h"
#include "mem/slab.h"

#define MMIO_MAGIC  0x74726976 /* "virt" */
#define MMIO_MIN    (VIRTIO_MMIO_CONFIG + 0x100)
#define MAX_DEVICES 32

struct mmio_transport {
    volatile char *regs;
    uint32_t gsi;
    struct virtio_device *device;
};

static uint64_t seen[MAX_DEVICES]; /* base addresses, against double naming */
static unsigned nr_seen;

static uint32_t reg_read(struct virtio_device *d, unsigned off)
{
    struct mmio_transport *t = d->transport;

    return *(volatile uint32_t *)(t->regs + off);
}

static void reg_write(struct virtio_device *d, unsigned off, uint32_t v)
{
    struct mmio_transport *t = d->transport;

    *(volatile uint32_t *)(t->regs + off) = v;
}

static uint64_t mmio_get_features(struct virtio_device *d)
{
    uint64_t low, high;

    reg_write(d, VIRTIO_MMIO_DEVICE_FEATURES_SEL, 0);
    low = reg_read(d, VIRTIO_MMIO_DEVICE_FEATURES);
    reg_write(d, VIRTIO_MMIO_DEVICE_FEATURES_SEL, 1);
    high = reg_read(d, VIRTIO_MMIO_DEVICE_FEATURES);
    return high << 32 | low;
}

static void mmio_set_features(struct virtio_device *d, uint64_t f)
{
    reg_write(d, VIRTIO_MMIO_DRIVER_FEATURES_SEL, 0);
    reg_write(d, VIRTIO_MMIO_DRIVER_FEATURES, (uint32_t)f);
    reg_write(d, VIRTIO_MMIO_DRIVER_FEATURES_SEL, 1);
    reg_write(d, VIRTIO_MMIO_DRIVER_FEATURES, (uint32_t)(f >> 32));
}

static uint8_t mmio_get_status(struct virtio_device *d)
{
    return (uint8_t)reg_read(d, VIRTIO_MMIO_STATUS);
}

static void mmio_set_status(struct virtio_device *d, uint8_t s)
{
    reg_write(d, VIRTIO_MMIO_STATUS, s);
}

/* Configuration fields are read with the width of the field (4.2.2.2); callers
 * read whole fields. Larger ones change together: checked by generation. */
static void config_copy(volatile char *from, void *p, unsigned n)
{
    if (n == 4)
        *(uint32_t *)p = *(volatile uint32_t *)from;
    else if (n == 2)
        *(uint16_t *)p = *(volatile uint16_t *)from;
    else
        for (unsigned i = 0; i < n; i++)
            ((uint8_t *)p)[i] = ((volatile uint8_t *)from)[i];
}

static void mmio_read_config(struct virtio_device *d, unsigned off, void *p,
                             unsigned n)
{
    struct mmio_transport *t = d->transport;
    volatile char *from = t->regs + VIRTIO_MMIO_CONFIG + off;
    uint32_t generation;

    for (unsigned tries = 0; tries < 100; tries++) {
        generation = reg_read(d, VIRTIO_MMIO_CONFIG_GENERATION);
        if (n == 8) { /* two 32-bit accesses */
            config_copy(from, p, 4);
            config_copy(from + 4, (char *)p + 4, 4);
        } else {
            config_copy(from, p, n);
        }
        if (reg_read(d, VIRTIO_MMIO_CONFIG_GENERATION) == generation)
            return;
    }
}

static void mmio_write_config(struct virtio_device *d, unsigned off,
                              const void *p, unsigned n)
{
    struct mmio_transport *t = d->transport;

    for (unsigned i = 0; i < n; i++)
        t->regs[VIRTIO_MMIO_CONFIG + off + i] = ((const char *)p)[i];
}

static unsigned mmio_queue_size(struct virtio_device *d, unsigned index)
{
    reg_write(d, VIRTIO_MMIO_QUEUE_SEL, index);
    if (reg_read(d, VIRTIO_MMIO_QUEUE_READY))
        return 0; /* must be off before it is set up (4.2.3.2) */
    return reg_read(d, VIRTIO_MMIO_QUEUE_NUM_MAX);
}

static void write_address(struct virtio_device *d, unsigned low, paddr_t pa)
{
    reg_write(d, low, (uint32_t)pa);
    reg_write(d, low + 4, (uint32_t)(pa >> 32));
}

static int mmio_setup_queue(struct virtio_device *d, unsigned index,
                            struct virtqueue *q)
{
    reg_write(d, VIRTIO_MMIO_QUEUE_SEL, index);
    reg_write(d, VIRTIO_MMIO_QUEUE_NUM, q->size);
    write_address(d, VIRTIO_MMIO_QUEUE_DESC_LOW, q->desc_pa);
    write_address(d, VIRTIO_MMIO_QUEUE_AVAIL_LOW, q->avail_pa);
    write_address(d, VIRTIO_MMIO_QUEUE_USED_LOW, q->used_pa);
    reg_write(d, VIRTIO_MMIO_QUEUE_READY, 1);
    return 0;
}

static void mmio_notify(struct virtio_device *d, struct virtqueue *q)
{
    reg_write(d, VIRTIO_MMIO_QUEUE_NOTIFY, q->index);
}

static const struct virtio_transport_ops mmio_ops = {
    .get_features = mmio_get_features,
    .set_features = mmio_set_features,
    .get_status = mmio_get_status,
    .set_status = mmio_set_status,
    .read_config = mmio_read_config,
    .write_config = mmio_write_config,
    .queue_size = mmio_queue_size,
    .setup_queue = mmio_setup_queue,
    .notify = mmio_notify,
};

/* Hard interrupt. Acknowledged before the queues are looked at: what arrives
 * later interrupts again. */
static void mmio_irq(void *arg)
{
    struct virtio_device *d = arg;
    uint32_t status = reg_read(d, VIRTIO_MMIO_INTERRUPT_STATUS);

    if (!status)
        return; /* a shared line's other device */
    reg_write(d, VIRTIO_MMIO_INTERRUPT_ACK, status);
    if (status & VIRTIO_MMIO_INT_VRING)
        virtio_all_queues_irq(d);
    if (status & VIRTIO_MMIO_INT_CONFIG)
        virtio_config_irq(d);
}

static bool seen_before(uint64_t base)
{
    for (unsigned i = 0; i < nr_seen; i++)
        if (seen[i] == base)
            return true;
    if (nr_seen < MAX_DEVICES)
        seen[nr_seen++] = base;
    return false;
}

/* The registers say whether there is a (modern) device. */
static bool mmio_check(volatile char *regs, uint64_t base)
{
    uint32_t version = *(volatile uint32_t *)(regs + VIRTIO_MMIO_VERSION);

    if (*(volatile uint32_t *)regs != MMIO_MAGIC) {
        kwarn("virtio-mmio %llx: no device there", (unsigned long long)base);
        return false;
    }
    if (!*(volatile uint32_t *)(regs + VIRTIO_MMIO_DEVICE_ID))
        return false; /* an empty slot */
    if (version != 2) {
        kerr("virtio-mmio %llx: legacy interface (version %u); start QEMU "
             "with -global virtio-mmio.force-legacy=false",
             (unsigned long long)base, version);
        return false;
    }
    return true;
}

static void mmio_add(uint64_t base, uint64_t size, uint32_t gsi)
{
    if (size < MMIO_MIN || size > (1ul << 20) || base + size < base) {
        kwarn("virtio-mmio %llx: bad size", (unsigned long long)base);
        return;
    }
    if (seen_before(base))
        return;
    volatile char *regs = arch_mmio_map(base, size);
    if (!regs || !mmio_check(regs, base))
        return;
    struct virtio_device *d = kzalloc(sizeof(*d), 0);
    struct mmio_transport *t = kzalloc(sizeof(*t), 0);
    if (!d || !t)
        goto fail;
    *t = (struct mmio_transport){.regs = regs, .gsi = gsi, .device = d};
    d->ops = &mmio_ops;
    d->id = *(volatile uint32_t *)(regs + VIRTIO_MMIO_DEVICE_ID);
    d->transport = t;
    ksnprintf(d->name, sizeof(d->name), "virtio-mmio %llx",
              (unsigned long long)base);
    int rc = irq_register_gsi(gsi, true, false, mmio_irq, d);
    if (rc) {
        kerr("%s: no interrupt %u (%d)", d->name, gsi, rc);
        goto fail;
    }
    virtio_device_found(d);
    return;
fail:
    kfree(d);
    kfree(t);
}

/* SIZE@ADDR:IRQ[:ID], SIZE with an optional K or M. */
static bool parse_device(const char *s, uint64_t *size, uint64_t *base,
                         uint32_t *irq)
{
    *size = str_to_u64(s, &s, 0);
    if ((*s | 0x20) == 'k')
        *size <<= 10, s++;
    else if ((*s | 0x20) == 'm')
        *size <<= 20, s++;
    if (*s++ != '@')
        return false;
    *base = str_to_u64(s, &s, 0);
    if (*s++ != ':')
        return false;
    *irq = (uint32_t)str_to_u64(s, &s, 0);
    return *size && *base && (!*s || *s == ':');
}

static void cmdline_devices(void)
{
    static const char key[] = "virtio_mmio.device=";
    const char *line = kernel_cmdline;
    char word[128];

    while (cmdline_next(&line, word, sizeof(word)) >= 0) {
        uint64_t size, base;
        uint32_t irq;
        if (strncmp(word, key, sizeof(key) - 1))
            continue;
        if (parse_device(word + sizeof(key) - 1, &size, &base, &irq))
            mmio_add(base, size, irq);
        else
            kwarn("command line: cannot understand '%s'", word);
    }
}

void virtio_mmio_init(void)
{
    struct acpi_virtio_mmio found[MAX_DEVICES];
    unsigned n = acpi_virtio_mmio(found, MAX_DEVICES);

    for (unsigned i = 0; i < n; i++)
        mmio_add(found[i].base, found[i].size, found[i].gsi);
    cmdline_devices();
}
