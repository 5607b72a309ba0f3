/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * copy_out.h - files and directories out of an image.
 *
 * Modes, times and links are those of the image, owners are the caller's.
 * Nothing is written outside the destination, whatever the image says, and
 * nothing appears there before it is complete.
 */
#pragma once

#include <stdbool.h>

#include "image/rootfs.h"

struct copy_options {
    bool recursive;
};

/* Copy (path) to (dest): into it if that is a directory, else under that
 * name. */
int copy_out(struct rootfs *r, const char *path, const char *dest,
             const struct copy_options *o);
