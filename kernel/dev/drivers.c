/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * drivers.c - the drivers built in.
 */
#include "dev/drivers.h"

#include "dev/virtio.h"

const struct virtio_driver *const virtio_drivers[] = {
    &virtio_blk_driver,
    &virtio_net_driver,
    &virtio_rng_driver,
    NULL,
};
