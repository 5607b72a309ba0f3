/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * device_node.h - numbers and modes of device nodes.
 */
#pragma once

#include <linux/stat.h>

#include "lib/types.h"

#define S_IFCHR_MODE(m) (S_IFCHR | (m))
#define S_IFBLK_MODE(m) (S_IFBLK | (m))

/* A struct inode's rdev, in the encoding of stat(2): minor bits 0..7 and
 * 20..31, major bits 8..19. */
static inline unsigned device_minor(uint64_t rdev)
{
    return (unsigned)((rdev & 0xff) | ((rdev >> 12) & 0xfff00));
}

static inline unsigned device_major(uint64_t rdev)
{
    return (unsigned)((rdev >> 8) & 0xfff);
}
