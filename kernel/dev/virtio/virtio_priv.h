/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * virtio_priv.h - what transports and core share.
 */
#pragma once

#include "dev/virtio.h"

/* A transport found a device with these ops, id, name and transport set: talk
 * it through initialisation (VIRTIO 1.2, section 3.1.1) and call its driver. */
void virtio_device_found(struct virtio_device *d);
/* Call each queue's handler; for transports with one interrupt. */
void virtio_all_queues_irq(struct virtio_device *d);
void virtio_config_irq(struct virtio_device *d);

void virtio_pci_init(void);
void virtio_mmio_init(void);
