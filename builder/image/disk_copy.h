/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * disk_copy.h - whole disks.
 */
#pragma once

#include "disk_image.h"
#include "sha256.h"

/* Write the disk to (fd), an empty file called (name) in messages, with holes
 * where the image has them, and grown to (bytes), which is not less than its
 * size: the partition table's backup moves to the new end.  */
int disk_copy(const struct image *img, uint64_t bytes, int fd,
              const char *name);

/* A file without a name in the directory of (path), gone when it is closed.
 * Reports and returns -1. */
int disk_temp(const char *path);

/* The hash of the (bytes) from (at) on in (fd), called (name) in messages. */
int disk_hash(int fd, uint64_t at, uint64_t bytes, const char *name,
              char out[SHA256_TEXT]);
