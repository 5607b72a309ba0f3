/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * settle.h - what qemu-img makes up anew each time, made of the content.
 *
 * With this the same image gives the same VMDK, VHD and VDI disk.  (A VHDX disk
 * has random identifiers in places that it has checksums over.)
 */
#pragma once

#include <stdint.h>

#include "sha256.h"

struct settle {
    int fd;                 /* the disk qemu-img wrote */
    const char *format;     /* as qemu-img calls it */
    const char *path;       /* what it will be called */
    int64_t when;           /* the image was built */
    char hash[SHA256_TEXT]; /* of the raw disk */
};

int disk_settle(const struct settle *s);
