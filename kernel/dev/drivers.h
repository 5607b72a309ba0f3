/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * drivers.h - the drivers drivers.c lists.
 */
#pragma once

struct virtio_driver;

extern const struct virtio_driver virtio_blk_driver;
extern const struct virtio_driver virtio_net_driver; /* virtio/virtio_net.c */
extern const struct virtio_driver virtio_rng_driver;
