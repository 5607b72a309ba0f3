/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/* memmap.h - questions to the BIOS's memory map.  No hardware in it. */
#pragma once

#include "pvh.h"

#define MEMMAP_MAX 128

/* Whether all of [(start), (end)) is usable: covered by RAM entries and
 * touched by no other. */
int memmap_usable(const struct pvh_memmap_entry *map, unsigned n,
                  uint64_t start, uint64_t end);
