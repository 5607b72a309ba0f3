/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * content.h - what is in a file of an image, to a file of the host.
 */
#pragma once

#include "image/rootfs.h"

/* Write the content of (f) to (fd), which takes bytes in their order only: a
 * pipe, a terminal.  (name) is what messages call it. */
int content_stream(struct rootfs *r, const struct rootfs_file *f, int fd,
                   const char *name);
/* The same to an empty file: holes stay holes. */
int content_copy(struct rootfs *r, const struct rootfs_file *f, int fd,
                 const char *name);
