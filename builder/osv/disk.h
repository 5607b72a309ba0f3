/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * disk.h - an OSv image being made from another.
 *
 * It is worked on in raw form, whatever the base and the result are: qemu-img
 * is asked for qcow2 in both directions, so that no feature of that format has
 * to be known here.  The result gets its name in osv_disk_finish(); before that
 * nothing is left behind when we end, in whatever way.
 *
 *   byte 0       boot sector; kernel size in 32 KiB at 0x10, "VSO" at 0x1b8,
 *                partitions at 0x1be, of which the second is the file system
 *   byte 512     command line with its NUL, 63 sectors
 *   byte 65536   kernel
 */
#pragma once

#include <stdint.h>

#include "output.h"

/* With the NUL. */
#define OSV_MAX_CMDLINE 32256

enum osv_format { OSV_AS_BASE, OSV_RAW, OSV_QCOW2 };

struct osv_disk {
    struct output out;
    enum osv_format format; /* of the result */
    int fd;                 /* the raw image */
    uint64_t bytes;         /* of the result, when finished */
};

/* "raw" or "qcow2" */
const char *osv_format_name(enum osv_format f);

/* Copy (base) to what is to be (path). */
int osv_disk_open(struct osv_disk *d, const char *base, const char *path,
                  enum osv_format format);
/* (text) has to fit. */
int osv_disk_set_cmdline(struct osv_disk *d, const char *text);
int osv_disk_finish(struct osv_disk *d);
void osv_disk_close(struct osv_disk *d);
