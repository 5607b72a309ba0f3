/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * rootfs_priv.h - what rootfs.c and rootfs_data.c share.
 */
#pragma once

#include <stdio.h>

#include <ext2fs/ext2_fs.h>
#include <ext2fs/ext2fs.h>

#include "image/rootfs.h"

int rootfs_fail(const struct rootfs *r, const char *path, errcode_t err);
/* Fill in (f), whose inode number and path are known. */
int rootfs_stat(struct rootfs *r, struct rootfs_file *f);
