/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * format.h - what a file that is no raw disk is instead.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct disk_format {
    const char *name;  /* as a user knows it: "qcow2" */
    const char *qemu;  /* as qemu-img does; NULL: it is no disk */
    const char *about; /* "is a qcow2 disk" */
};

/* What the first (len) bytes of a file show, or NULL: raw, as far as they
 * say. */
const struct disk_format *disk_format(const void *head, size_t len);
