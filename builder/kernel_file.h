/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * kernel_file.h - is this file a kernel that can be put into an image?
 *
 * A 64-bit x86-64 ELF executable with a PVH entry point: a note of owner "Xen",
 * type 18 (XEN_ELFNOTE_PHYS32_ENTRY).
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

/* 0 and (*entry), the 32-bit physical entry point; or -1 and (*why). */
int kernel_check(const void *data, size_t len, uint32_t *entry,
                 const char **why);
