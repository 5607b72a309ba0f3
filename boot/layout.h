/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * layout.h - the loader's use of memory below 640 KiB.
 *
 *   0x00000-0x004ff  BIOS: vectors and data area
 *   0x00500-0x07bff  stack, downwards
 *   0x07c00-0x07dff  boot sector
 *   0x08000-0x0ffff  boot header and loader with its data (IMG_LOAD_ADDR)
 *   0x10000-0x1fdff  bounce buffer: the BIOS reads below 1 MiB only, and not
 *                    across a 64 KiB boundary
 *   0x20000-0x22fff  what the kernel is given: start info, memory map,
 *                    command line; ordinary memory as soon as the kernel has
 *                    read it
 *   0x23000-0x23fff  the kernel's ELF notes
 */
#pragma once

#define LAYOUT_STACK      0x7c00
#define LAYOUT_BOUNCE     0x10000
#define LAYOUT_START_INFO 0x20000
#define LAYOUT_MEMMAP     0x20080
#define LAYOUT_CMDLINE    0x22000
#define LAYOUT_NOTES      0x23000
#define LAYOUT_NOTES_SIZE 0x1000
