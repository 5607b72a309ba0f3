/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * blockdev_priv.h - between blockdev.c and blockdev_node.c.
 */
#pragma once

struct blockdev;

void blockdev_node_add(struct blockdev *d); /* /dev/NAME */
