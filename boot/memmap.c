/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * The map comes from a BIOS: entries may be unsorted, adjacent, or overlap, in
 * which case the entry that is not RAM wins (ACPI 6.5, section 15.4).
 */
#include "memmap.h"

/* End of (e), without wrapping. */
static uint64_t end_of(const struct pvh_memmap_entry *e)
{
    return e->size > UINT64_MAX - e->addr ? UINT64_MAX : e->addr + e->size;
}

int memmap_usable(const struct pvh_memmap_entry *map, unsigned n,
                  uint64_t start, uint64_t end)
{
    uint64_t reached = start;
    int progress = 1;

    for (unsigned i = 0; i < n; i++)
        if (map[i].type != PVH_MEM_RAM && map[i].addr < end &&
            end_of(&map[i]) > start)
            return 0;
    while (reached < end && progress) {
        progress = 0;
        for (unsigned i = 0; i < n; i++) {
            if (map[i].type == PVH_MEM_RAM && map[i].addr <= reached &&
                end_of(&map[i]) > reached) {
                reached = end_of(&map[i]);
                progress = 1;
            }
        }
    }
    return reached >= end;
}
