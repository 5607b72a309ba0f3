/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * virtqueue.h - the inside of a split virtqueue, for virtqueue.c and the
 * transports.
 */
#pragma once

#include <linux/virtio_ring.h>

#include "dev/virtio.h"

#define VIRTQUEUE_MAX 256 /* entries; larger queues are set up smaller */

/* What this side remembers of a descriptor. The device can write to the rings
 * by DMA, so nothing that steers this kernel is read back from them. */
struct virtq_slot {
    void *token;     /* of the chain that begins here, or NULL */
    uint32_t in_len; /* bytes the device may write to it */
    uint16_t count;  /* descriptors in the chain */
    uint16_t next;   /* next in chain or in the free list */
};

/* I immutable; v the driver's lock; d written by the device */
struct virtqueue {
    struct virtio_device *device;   /* I */
    unsigned index;                 /* I */
    unsigned size;                  /* I power of two */
    bool event_idx;                 /* I VIRTIO_RING_F_EVENT_IDX negotiated */
    bool broken;                    /* v */
    bool irq_off;                   /* v */
    struct vring_desc *desc;        /* I */
    struct vring_avail *avail;      /* I */
    struct vring_used *used;        /* I; content d */
    uint16_t free_head, free_count; /* v */
    uint16_t avail_idx;  /* v chains ever offered, those not kicked included */
    uint16_t kicked_idx; /* v avail_idx at the last kick */
    uint16_t used_idx;   /* v chains ever taken back */
    paddr_t desc_pa, avail_pa, used_pa; /* I for the transport */
    void (*irq)(void *);                /* I */
    void *irq_arg;                      /* I */
    volatile void *notify;              /* I transport's doorbell */
    struct virtq_slot slots[];          /* v [size] */
};

/* Bytes of contiguous, page-aligned memory the rings of (size) entries take. */
size_t virtqueue_ring_bytes(unsigned size);
/* Lay the rings out in (ring), zeroed, at physical address (pa). */
void virtqueue_init(struct virtqueue *q, unsigned size, bool event_idx,
                    void *ring, paddr_t pa);
