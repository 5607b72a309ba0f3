/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * pvh.h - what a PVH kernel is given (Xen public headers,
 * arch-x86/hvm/start_info.h and elfnote.h; the layout is ABI).
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#define PVH_MAGIC     0x336ec578
#define PVH_VERSION   1
#define PVH_NOTE_NAME "Xen"
#define PVH_NOTE_TYPE 18 /* XEN_ELFNOTE_PHYS32_ENTRY */

#define PVH_MEM_RAM 1 /* the types are E820's */

struct pvh_memmap_entry {
    uint64_t addr;
    uint64_t size;
    uint32_t type;
    uint32_t reserved;
};
_Static_assert(sizeof(struct pvh_memmap_entry) == 24, "abi");

struct pvh_start_info {
    uint32_t magic;
    uint32_t version;
    uint32_t flags;
    uint32_t nr_modules;
    uint64_t modlist_paddr;
    uint64_t cmdline_paddr;
    uint64_t rsdp_paddr;
    uint64_t memmap_paddr;
    uint32_t memmap_entries;
    uint32_t reserved;
};
_Static_assert(offsetof(struct pvh_start_info, rsdp_paddr) == 32, "abi");
_Static_assert(sizeof(struct pvh_start_info) == 56, "abi");
