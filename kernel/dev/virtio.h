/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * virtio.h - virtio 1.x devices over PCI and MMIO, and their queues
 * (split virtqueues; VIRTIO 1.2, sections 2 and 4).
 *
 * The transport finds devices and calls the driver whose id matches. A queue
 * belongs to its driver, which locks it (RANK_VIRTQ).
 */
#pragma once

#include "lib/types.h"

struct virtio_device;
struct virtqueue;

struct virtio_transport_ops {
    uint64_t (*get_features)(struct virtio_device *d);
    void (*set_features)(struct virtio_device *d, uint64_t f);
    uint8_t (*get_status)(struct virtio_device *d);
    void (*set_status)(struct virtio_device *d, uint8_t s);
    void (*read_config)(struct virtio_device *d, unsigned off, void *p,
                        unsigned n);
    void (*write_config)(struct virtio_device *d, unsigned off, const void *p,
                         unsigned n);
    /* After the reset: connect the configuration interrupt. May be NULL. */
    int (*setup_config_irq)(struct virtio_device *d);
    /* Largest size the device takes for a queue, 0 = no such queue. */
    unsigned (*queue_size)(struct virtio_device *d, unsigned index);
    /* Tell the device where the rings are, connect q->irq. 0 or -errno. */
    int (*setup_queue)(struct virtio_device *d, unsigned index,
                       struct virtqueue *q);
    void (*notify)(struct virtio_device *d, struct virtqueue *q);
};

struct virtio_driver {
    const char *name;
    uint32_t id;       /* 1 net, 2 block, 4 entropy */
    uint64_t features; /* wanted */
    int (*probe)(struct virtio_device *d);
    void (*config_changed)(struct virtio_device *d); /* hard interrupt */
};

struct virtio_device {
    const struct virtio_transport_ops *ops;
    const struct virtio_driver *driver;
    uint32_t id;
    uint64_t features; /* negotiated */
    void *transport;
    void *private; /* the driver's */
    char name[24]; /* "virtio-pci 00:03.0", for messages */
    struct virtqueue *queues[8];
};

/* Virtqueues. */
struct virtq_buf {
    paddr_t pa;
    uint32_t len;
};
/* (irq) is called as a hard interrupt when buffers come back; NULL: polled. */
struct virtqueue *virtqueue_create(struct virtio_device *d, unsigned index,
                                   unsigned max_size, void (*irq)(void *),
                                   void *arg);
/* Offer a chain: first (out) device-readable, then (in) device-writable
 * buffers. 0 or -ENOSPC. Not visible to the device until virtqueue_kick. */
int virtqueue_add(struct virtqueue *q, const struct virtq_buf *b, unsigned out,
                  unsigned in, void *token);
void virtqueue_kick(struct virtqueue *q); /* notify unless suppressed */
/* Next finished chain: its token and bytes written, or NULL. A device that
 * answers nonsense (bad id, length) is marked broken, logged once. */
void *virtqueue_get(struct virtqueue *q, uint32_t *len);
unsigned virtqueue_free_slots(struct virtqueue *q);
unsigned virtqueue_size(struct virtqueue *q);
void virtqueue_irq_disable(struct virtqueue *q);
/* True if something arrived meanwhile (then poll again). */
bool virtqueue_irq_enable(struct virtqueue *q);
bool virtqueue_broken(struct virtqueue *q);

void virtio_driver_ok(struct virtio_device *d);
/* Stop the device: when this returns it touches no memory of ours any more.
 * For drivers that give up on it. */
void virtio_reset(struct virtio_device *d);
static inline bool virtio_has(const struct virtio_device *d, unsigned feature)
{
    return d->features >> feature & 1;
}
void virtio_init(void); /* probes PCI, ACPI-declared and command-line MMIO
                         * devices with the drivers of dev/drivers.c */
extern const struct virtio_driver *const virtio_drivers[]; /* NULL-ended */
