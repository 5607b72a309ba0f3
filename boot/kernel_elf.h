/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * kernel_elf.h - reading the kernel's ELF headers: where which part of the
 * file goes.  No hardware in it; it runs in the loader and in host tests.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "memmap.h"

#define KERNEL_SEGMENTS_MAX 16
#define KERNEL_NOTES_MAX    4
#define KERNEL_SIZE_MAX     (64u << 20)
#define KERNEL_LOWEST       0x100000 /* below: BIOS, loader, video */

/* (size) bytes at (offset) of the file go to (paddr), followed by zeroes up to
 * (memsize).  The file is at most KERNEL_SIZE_MAX long and everything lies
 * below 4 GiB, hence 32 bits. */
struct kernel_segment {
    uint32_t offset;
    uint32_t size;
    uint32_t paddr;
    uint32_t memsize;
};

struct kernel_plan {
    unsigned nsegments;
    unsigned nnotes;
    struct kernel_segment segments[KERNEL_SEGMENTS_MAX];
    struct kernel_segment notes[KERNEL_NOTES_MAX]; /* offset, size only */
};

/*
 * Reads the headers in the first (have) bytes (file) of a kernel of
 * (file_size) bytes and fills (plan).  Returns NULL, or what is wrong with the
 * kernel as text.
 */
const char *kernel_plan_read(struct kernel_plan *plan, const void *file,
                             uint32_t have, uint64_t file_size);

/* Whether every segment goes to usable memory.  NULL or what is wrong. */
const char *kernel_plan_check(const struct kernel_plan *plan,
                              const struct pvh_memmap_entry *map, unsigned n);

/* Looks for the PVH entry point in the notes (data); 0 if there is none. */
uint32_t kernel_find_entry(const void *data, uint32_t size);

/* Whether (entry) is inside a segment. */
int kernel_plan_holds(const struct kernel_plan *plan, uint32_t entry);

/* The part of (s) that lies in the (len) bytes of the file from (offset). */
struct kernel_part {
    uint32_t from; /* offset in these bytes */
    uint32_t at;   /* offset in the segment */
    uint32_t len;  /* 0: none */
};
struct kernel_part kernel_part_of(const struct kernel_segment *s,
                                  uint32_t offset, uint32_t len);
