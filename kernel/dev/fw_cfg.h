/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * fw_cfg.h - files QEMU passes to the guest (QEMU docs/specs/fw_cfg).
 */
#pragma once

#include "lib/types.h"

/* Copy at most (size) - 1 bytes of the file (name) into (buf) and end it with
 * a NUL. The number of bytes copied; 0 where there is no such file or no
 * fw_cfg device. Uses ports only: works before anything is initialised. */
size_t fw_cfg_read_file(const char *name, char *buf, size_t size);
