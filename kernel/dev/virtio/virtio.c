/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * virtio.c - bringing up a virtio device, whatever the transport.
 */
#include <linux/virtio_config.h>
#include <linux/virtio_ring.h>

#include "dev/pci.h"
#include "dev/virtio/virtio_priv.h"
#include "dev/virtio/virtqueue.h"
#include "lib/errno.h"
#include "lib/log.h"

/* Understood for every device. ACCESS_PLATFORM: addresses are the platform's,
 * which without an IOMMU set up are the physical ones. */
#define COMMON_FEATURES                                                        \
    (1ull << VIRTIO_F_VERSION_1 | 1ull << VIRTIO_RING_F_EVENT_IDX |            \
     1ull << VIRTIO_F_ACCESS_PLATFORM)

static const struct virtio_driver *find_driver(uint32_t id)
{
    for (unsigned i = 0; virtio_drivers[i]; i++)
        if (virtio_drivers[i]->id == id)
            return virtio_drivers[i];
    return NULL;
}

static void add_status(struct virtio_device *d, uint8_t bit)
{
    d->ops->set_status(d, d->ops->get_status(d) | bit);
}

/* Section 2.4.2: the device shows 0 when the reset is complete. */
void virtio_reset(struct virtio_device *d)
{
    d->ops->set_status(d, 0);
    for (unsigned i = 0; i < 1000000; i++)
        if (d->ops->get_status(d) == 0)
            return;
    kerr("%s: does not finish its reset", d->name);
}

static int negotiate(struct virtio_device *d)
{
    uint64_t offered = d->ops->get_features(d);

    if (!(offered >> VIRTIO_F_VERSION_1 & 1)) {
        kwarn("%s: legacy device (no VERSION_1), not supported", d->name);
        return -ENODEV;
    }
    d->features = offered & (d->driver->features | COMMON_FEATURES);
    d->ops->set_features(d, d->features);
    add_status(d, VIRTIO_CONFIG_S_FEATURES_OK);
    if (!(d->ops->get_status(d) & VIRTIO_CONFIG_S_FEATURES_OK)) {
        kerr("%s: refuses features 0x%llx", d->name,
             (unsigned long long)d->features);
        return -ENODEV;
    }
    return 0;
}

void virtio_device_found(struct virtio_device *d)
{
    int rc;

    d->driver = find_driver(d->id);
    if (!d->driver) {
        kinfo("%s: no driver for virtio device %u", d->name, d->id);
        return;
    }
    virtio_reset(d);
    add_status(d, VIRTIO_CONFIG_S_ACKNOWLEDGE);
    add_status(d, VIRTIO_CONFIG_S_DRIVER);
    rc = negotiate(d);
    if (!rc && d->ops->setup_config_irq)
        rc = d->ops->setup_config_irq(d);
    if (!rc)
        rc = d->driver->probe(d);
    if (rc) {
        virtio_reset(d);
        add_status(d, VIRTIO_CONFIG_S_FAILED);
        kerr("%s: %s driver failed (%d)", d->name, d->driver->name, rc);
        return;
    }
    virtio_driver_ok(d);
    kinfo("%s: %s", d->name, d->driver->name);
}

/* A driver may have done it in its probe, to use the device there. */
void virtio_driver_ok(struct virtio_device *d)
{
    if (!(d->ops->get_status(d) & VIRTIO_CONFIG_S_DRIVER_OK))
        add_status(d, VIRTIO_CONFIG_S_DRIVER_OK);
}

void virtio_all_queues_irq(struct virtio_device *d)
{
    for (unsigned i = 0; i < ARRAY_SIZE(d->queues); i++) {
        struct virtqueue *q = __atomic_load_n(&d->queues[i], __ATOMIC_ACQUIRE);
        if (q && q->irq)
            q->irq(q->irq_arg);
    }
}

void virtio_config_irq(struct virtio_device *d)
{
    if (d->driver && d->driver->config_changed)
        d->driver->config_changed(d);
}

void virtio_init(void)
{
    pci_init();
    virtio_pci_init();
    virtio_mmio_init();
}
