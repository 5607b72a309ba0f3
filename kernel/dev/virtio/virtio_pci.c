/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * virtio_pci.c - virtio over PCI (VIRTIO 1.2, section 4.1), modern interface.
 *
 * Vendor capabilities say where in which BAR the register blocks lie. Each
 * queue gets an MSI-X vector of its own, aimed at the CPUs in turn; vector 0 is
 * for configuration changes. A device without MSI-X uses its
 * interrupt line for everything, told apart by the ISR register.
 */
#include <linux/pci_regs.h>
#include <linux/virtio_pci.h>

#include "dev/pci.h"
#include "dev/virtio/virtio_priv.h"
#include "dev/virtio/virtqueue.h"
#include "lib/errno.h"
#include "lib/log.h"
#include "lib/printf.h"
#include "mem/slab.h"
#include "sched/cpu.h"

#define VIRTIO_VENDOR       0x1af4
#define VIRTIO_LEGACY_FIRST 0x1000 /* transitional devices */
#define VIRTIO_MODERN_FIRST 0x1040 /* + virtio device id */
#define VIRTIO_LAST         0x107f

struct pci_transport {
    struct pci_device *pci;
    volatile struct virtio_pci_common_cfg *common;
    volatile uint8_t *isr;
    volatile char *config;
    uint32_t config_len;
    unsigned notify_bar;
    uint32_t notify_off, notify_len, notify_multiplier;
    bool msix;
    bool shared;          /* vector 0 serves queues too */
    unsigned next_vector; /* not yet given to a queue */
    unsigned next_cpu;
};

static struct pci_transport *transport(struct virtio_device *d)
{
    return d->transport;
}

static uint64_t vpci_get_features(struct virtio_device *d)
{
    volatile struct virtio_pci_common_cfg *c = transport(d)->common;
    uint64_t low, high;

    c->device_feature_select = 0;
    low = c->device_feature;
    c->device_feature_select = 1;
    high = c->device_feature;
    return high << 32 | low;
}

static void vpci_set_features(struct virtio_device *d, uint64_t f)
{
    volatile struct virtio_pci_common_cfg *c = transport(d)->common;

    c->guest_feature_select = 0;
    c->guest_feature = (uint32_t)f;
    c->guest_feature_select = 1;
    c->guest_feature = (uint32_t)(f >> 32);
}

static uint8_t vpci_get_status(struct virtio_device *d)
{
    return transport(d)->common->device_status;
}

static void vpci_set_status(struct virtio_device *d, uint8_t s)
{
    transport(d)->common->device_status = s;
}

/* Fields are read with their own width (4.1.3.1); 8-byte ones as two halves,
 * consistent when the generation did not change (4.1.4.3.1). */
static void vpci_read_config(struct virtio_device *d, unsigned off, void *p,
                             unsigned n)
{
    struct pci_transport *t = transport(d);

    if (off > t->config_len || n > t->config_len - off) {
        for (unsigned i = 0; i < n; i++)
            ((uint8_t *)p)[i] = 0; /* a field this device does not have */
        return;
    }
    volatile char *from = t->config + off;
    for (unsigned tries = 0; tries < 100; tries++) {
        uint8_t generation = t->common->config_generation;
        if (n == 8) {
            ((uint32_t *)p)[0] = *(volatile uint32_t *)from;
            ((uint32_t *)p)[1] = *(volatile uint32_t *)(from + 4);
        } else if (n == 4) {
            *(uint32_t *)p = *(volatile uint32_t *)from;
        } else if (n == 2) {
            *(uint16_t *)p = *(volatile uint16_t *)from;
        } else {
            for (unsigned i = 0; i < n; i++)
                ((char *)p)[i] = from[i];
        }
        if (t->common->config_generation == generation)
            return;
    }
}

static void vpci_write_config(struct virtio_device *d, unsigned off,
                              const void *p, unsigned n)
{
    struct pci_transport *t = transport(d);

    if (off > t->config_len || n > t->config_len - off)
        return;
    for (unsigned i = 0; i < n; i++)
        t->config[off + i] = ((const char *)p)[i];
}

static unsigned vpci_queue_size(struct virtio_device *d, unsigned index)
{
    volatile struct virtio_pci_common_cfg *c = transport(d)->common;

    if (index >= c->num_queues)
        return 0;
    c->queue_select = (uint16_t)index;
    return c->queue_size;
}

static void write64(volatile __le32 *low, volatile __le32 *high, uint64_t v)
{
    *low = (uint32_t)v;
    *high = (uint32_t)(v >> 32);
}

/* Vector 0 is for configuration changes, queues have those after it in order
 * of their setup; when there are no more, vector 0 serves them too. */
static int queue_vector(struct virtio_device *d, struct virtqueue *q)
{
    struct pci_transport *t = transport(d);
    uint16_t vector = 0;

    if (!t->msix || !q->irq)
        return 0;
    if (t->next_vector < t->pci->msix_size) {
        vector = (uint16_t)t->next_vector++;
        int rc = pci_msix_set(t->pci, vector, t->next_cpu++ % nr_cpus, q->irq,
                              q->irq_arg);
        if (rc)
            return rc;
    } else {
        t->shared = true;
    }
    t->common->queue_msix_vector = vector;
    return t->common->queue_msix_vector == vector ? 0 : -EBUSY;
}

static int vpci_setup_queue(struct virtio_device *d, unsigned index,
                            struct virtqueue *q)
{
    struct pci_transport *t = transport(d);
    volatile struct virtio_pci_common_cfg *c = t->common;
    uint64_t off;
    int rc;

    c->queue_select = (uint16_t)index;
    c->queue_size = (uint16_t)q->size;
    off = (uint64_t)c->queue_notify_off * t->notify_multiplier;
    if (off + 2 > t->notify_len)
        return -EINVAL;
    q->notify = pci_map_bar(t->pci, t->notify_bar, t->notify_off + off, 2);
    if (!q->notify)
        return -ENOMEM;
    rc = queue_vector(d, q);
    if (rc)
        return rc;
    write64(&c->queue_desc_lo, &c->queue_desc_hi, q->desc_pa);
    write64(&c->queue_avail_lo, &c->queue_avail_hi, q->avail_pa);
    write64(&c->queue_used_lo, &c->queue_used_hi, q->used_pa);
    c->queue_enable = 1;
    return 0;
}

static void vpci_notify(struct virtio_device *d, struct virtqueue *q)
{
    *(volatile uint16_t *)q->notify = (uint16_t)q->index;
}

/* Hard interrupt, vector 0. */
static void config_irq(void *arg)
{
    struct virtio_device *d = arg;

    if (transport(d)->shared)
        virtio_all_queues_irq(d);
    virtio_config_irq(d);
}

static int vpci_setup_config_irq(struct virtio_device *d)
{
    struct pci_transport *t = transport(d);

    if (!t->msix)
        return 0;
    t->common->msix_config = 0;
    return t->common->msix_config == 0 ? 0 : -EBUSY;
}

static const struct virtio_transport_ops vpci_ops = {
    .get_features = vpci_get_features,
    .set_features = vpci_set_features,
    .get_status = vpci_get_status,
    .set_status = vpci_set_status,
    .read_config = vpci_read_config,
    .write_config = vpci_write_config,
    .setup_config_irq = vpci_setup_config_irq,
    .queue_size = vpci_queue_size,
    .setup_queue = vpci_setup_queue,
    .notify = vpci_notify,
};

/* Hard interrupt of the line; reading the register quiets it (4.1.4.5). */
static void line_irq(void *arg)
{
    struct virtio_device *d = arg;
    uint8_t isr = *transport(d)->isr;

    if (isr & 1)
        virtio_all_queues_irq(d);
    if (isr & VIRTIO_PCI_ISR_CONFIG)
        virtio_config_irq(d);
}

struct region {
    uint8_t bar;
    uint32_t off, len;
};

/* Location of a register block: the first usable capability of its type
 * (4.1.4); its offset in configuration space, or 0. */
static uint8_t find_region(struct pci_device *p, uint8_t type, uint32_t min,
                           struct region *r)
{
    uint8_t cap = 0;

    for (int i = 0; i < 48; i++) {
        cap = pci_find_capability(p, PCI_CAP_ID_VNDR, cap);
        if (!cap)
            return 0;
        if (pci_read(p, cap + VIRTIO_PCI_CAP_CFG_TYPE, 1) != type)
            continue;
        r->bar = (uint8_t)pci_read(p, cap + VIRTIO_PCI_CAP_BAR, 1);
        r->off = pci_read(p, cap + VIRTIO_PCI_CAP_OFFSET, 4);
        r->len = pci_read(p, cap + VIRTIO_PCI_CAP_LENGTH, 4);
        if (r->bar <= 5 && r->len >= min)
            return cap;
    }
    return 0;
}

static volatile void *map_region(struct pci_device *p, uint8_t type,
                                 uint32_t min, uint32_t *len)
{
    struct region r;

    if (!find_region(p, type, min, &r))
        return NULL;
    r.len = MIN(r.len, 4096u);
    if (len)
        *len = r.len;
    return pci_map_bar(p, r.bar, r.off, r.len);
}

static int map_registers(struct pci_transport *t)
{
    struct pci_device *p = t->pci;
    struct region r;
    uint8_t cap;

    t->common =
        map_region(p, VIRTIO_PCI_CAP_COMMON_CFG, sizeof(*t->common), NULL);
    t->isr = map_region(p, VIRTIO_PCI_CAP_ISR_CFG, 1, NULL);
    cap = find_region(p, VIRTIO_PCI_CAP_NOTIFY_CFG, 2, &r);
    if (!t->common || !t->isr || !cap)
        return -ENODEV;
    t->notify_bar = r.bar;
    t->notify_off = r.off;
    t->notify_len = r.len;
    t->notify_multiplier = pci_read(p, cap + VIRTIO_PCI_NOTIFY_CAP_MULT, 4);
    /* Devices without configuration have no such block. */
    t->config = map_region(p, VIRTIO_PCI_CAP_DEVICE_CFG, 1, &t->config_len);
    if (!t->config)
        t->config_len = 0;
    return 0;
}

static int setup_irqs(struct virtio_device *d)
{
    struct pci_transport *t = transport(d);

    t->next_vector = 1;
    t->msix = t->pci->msix_size > 0;
    if (t->msix)
        return pci_msix_set(t->pci, 0, 0, config_irq, d);
    return pci_intx_set(t->pci, line_irq, d);
}

static void probe(struct pci_device *p, uint32_t id)
{
    struct virtio_device *d = kzalloc(sizeof(*d), 0);
    struct pci_transport *t = kzalloc(sizeof(*t), 0);
    int rc = -ENOMEM;

    if (!d || !t)
        goto fail;
    t->pci = p;
    d->ops = &vpci_ops;
    d->id = id;
    d->transport = t;
    ksnprintf(d->name, sizeof(d->name), "virtio-pci %02x:%02x.%x", p->bus,
              p->slot, p->function);
    pci_enable(p);
    rc = map_registers(t);
    if (rc == -ENODEV)
        kwarn("%s: legacy-only device, not supported (use "
              "disable-legacy=on,disable-modern=off)",
              d->name);
    if (!rc)
        rc = setup_irqs(d);
    if (rc)
        goto fail;
    virtio_device_found(d);
    return;
fail:
    kerr("virtio-pci %02x:%02x.%x: cannot be used (%d)", p->bus, p->slot,
         p->function, rc);
    kfree(d);
    kfree(t);
}

/* Transitional devices carry the virtio id as subsystem id (4.1.2.1). */
static uint32_t virtio_id(struct pci_device *p)
{
    if (p->device >= VIRTIO_MODERN_FIRST)
        return p->device - VIRTIO_MODERN_FIRST;
    return pci_read(p, PCI_SUBSYSTEM_ID, 2);
}

void virtio_pci_init(void)
{
    struct pci_device *p;

    for (unsigned i = 0; (p = pci_device_at(i)); i++)
        if (p->vendor == VIRTIO_VENDOR && p->device >= VIRTIO_LEGACY_FIRST &&
            p->device <= VIRTIO_LAST)
            probe(p, virtio_id(p));
}
