/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * gpt.h - reading a GUID partition table (UEFI 2.10, section 5.3). Host-
 * compilable: input comes through a callback.
 */
#pragma once

#include "lib/types.h"

struct gpt_partition {
    uint64_t first, last; /* sectors, inclusive */
    uint8_t type[16], guid[16];
    char name[37]; /* ASCII; other characters become '?' */
};
typedef int gpt_read_fn(void *arg, uint64_t sector, void *buf, size_t len);
/* Up to (max) used entries; from the copy at the disk's end, then *(backup), if
 * the first one is damaged. Number found, -ENOENT (no GPT), -EINVAL (damaged),
 * -EIO. */
int gpt_read(gpt_read_fn *read, void *arg, uint64_t sectors,
             struct gpt_partition *out, unsigned max, bool *backup);
/* "C12A7328-F81F-..." to on-disk byte order; false if malformed. */
bool guid_parse(const char *text, uint8_t out[16]);
