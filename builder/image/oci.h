/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * oci.h - a disk as a container image, for KubeVirt.
 *
 * A containerDisk is a container image that holds one file in /disk, which
 * belongs to user 107, qemu's.  It is written as an OCI image layout (OCI Image
 * Format Specification 1.0, "Image Layout"), which skopeo, podman, crane and
 * registries' own tools take: a directory, or a tar archive of it.
 */
#pragma once

#include <stdint.h>

struct oci_disk {
    int fd;
    uint64_t bytes;
    const char *file;   /* its name in /disk */
    const char *source; /* for messages */
    int64_t when;       /* every time stamp */
};

/* Write the layout to (path): an archive when that ends in ".tar", else a new
 * directory. */
int oci_write(const struct oci_disk *disk, const char *path);
