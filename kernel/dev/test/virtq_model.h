/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * virtq_model.h - the device's side of a virtqueue, for tests.
 */
#pragma once

#include <stdlib.h>
#include <string.h>

#include "arch/x86_64/arch.h"
#include "dev/virtio/virtqueue.h"

struct model {
    struct virtio_device dev;
    struct virtqueue *q;
    unsigned offered; /* queue size */
    unsigned notified;
    uint16_t avail_seen, used_idx;
};

static unsigned model_queue_size(struct virtio_device *d, unsigned index)
{
    return index ? 0 : ((struct model *)d->transport)->offered;
}

static int model_setup(struct virtio_device *d, unsigned index,
                       struct virtqueue *q)
{
    (void)d, (void)index, (void)q;
    return 0;
}

static void model_notify(struct virtio_device *d, struct virtqueue *q)
{
    (void)q;
    ((struct model *)d->transport)->notified++;
}

static const struct virtio_transport_ops model_ops = {
    .queue_size = model_queue_size,
    .setup_queue = model_setup,
    .notify = model_notify,
};

static void model_irq(void *arg)
{
    (void)arg;
}

static inline void model_init(struct model *m, unsigned size, bool event_idx)
{
    memset(m, 0, sizeof(*m));
    m->dev.ops = &model_ops;
    m->dev.transport = m;
    m->dev.features = (uint64_t)event_idx << VIRTIO_RING_F_EVENT_IDX;
    m->offered = size;
    strcpy(m->dev.name, "model");
    m->q = virtqueue_create(&m->dev, 0, 256, model_irq, NULL);
}

static inline void model_free(struct model *m)
{
    free(m->q->desc); /* the page's memory */
    free(m->q);
}

/* Next chain offered: its head, or -1. */
static inline int model_take(struct model *m)
{
    struct virtqueue *q = m->q;

    if (m->avail_seen == q->avail->idx)
        return -1;
    return q->avail->ring[m->avail_seen++ % q->size];
}

static inline void model_answer(struct model *m, uint32_t id, uint32_t len)
{
    struct virtqueue *q = m->q;

    q->used->ring[m->used_idx % q->size].id = id;
    q->used->ring[m->used_idx % q->size].len = len;
    q->used->idx = ++m->used_idx;
}
