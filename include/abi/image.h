/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * image.h - the layout of a unibeam disk image.
 *
 * Read by the builder (which writes it), the boot sector and loader, the
 * kernel (which only needs the GPT) and `unibeam run` (which takes the kernel
 * and command line back out).  Self-contained: C standard headers only.
 *
 *   LBA 0        protective MBR; bytes 0..439 are the boot sector's code
 *   LBA 1..33    primary GPT header and entries (UEFI 2.10, section 5.3)
 *   LBA 64..     partition 1, "boot": boot header, loader, command line,
 *                kernel (stripped ELF64 with a PVH note)
 *   1 MiB-aligned  partition 2, "root": ext4, mounted read-only
 *   last 33 LBA  backup GPT
 *
 * All numbers are little-endian; a sector is 512 bytes.
 */
#pragma once

#ifndef __ASSEMBLER__
#include <stddef.h>
#include <stdint.h>
#endif

#define IMG_SECTOR_SIZE    512
#define IMG_BOOT_LBA       64   /* start of partition 1, on disk */
#define IMG_LOADER_SECTOR  1    /* within partition 1 */
#define IMG_LOADER_SECTORS 63   /* at most; unused ones are zero */
#define IMG_CMDLINE_SECTOR 64   /* within partition 1 */
#define IMG_CMDLINE_SIZE   4096 /* bytes, NUL-terminated text, NUL-padded */
#define IMG_KERNEL_SECTOR  72   /* within partition 1 */
#define IMG_ROOT_ALIGN_LBA 2048

/* Where the boot sector puts the boot header; the loader follows at once and
 * is entered at IMG_LOAD_ADDR + 512 in real mode, DL = BIOS drive number. */
#define IMG_LOAD_ADDR 0x8000

#define IMG_MAGIC   "UNIBEAM\1"
#define IMG_VERSION 1

/* GPT partition type GUIDs as text (UEFI 2.10 table 5.7; the root type is the
 * Discoverable Partitions Specification's x86-64 root). */
#define IMG_TYPE_BOOT "21686148-6449-6E6F-744E-656564454649"
#define IMG_TYPE_ROOT "4F68BCE3-E8CD-4DB1-96E7-FBCAF984B709"
#define IMG_NAME_BOOT "boot"
#define IMG_NAME_ROOT "root"

#ifndef __ASSEMBLER__
/* First sector of partition 1. */
struct img_boot_header {
    char magic[8];           /* IMG_MAGIC, no terminator */
    uint32_t version;        /* IMG_VERSION */
    uint32_t loader_bytes;   /* 1 .. IMG_LOADER_SECTORS * 512 */
    uint64_t kernel_bytes;   /* exact size of the kernel ELF file */
    uint32_t kernel_sector;  /* within partition 1; IMG_KERNEL_SECTOR */
    uint32_t cmdline_sector; /* within partition 1; IMG_CMDLINE_SECTOR */
    uint8_t zero[476];
    uint32_t sum; /* chosen so that the 128 words of the sector sum to 0 */
};
_Static_assert(sizeof(struct img_boot_header) == IMG_SECTOR_SIZE, "sector");
_Static_assert(offsetof(struct img_boot_header, kernel_bytes) == 16, "abi");
_Static_assert(offsetof(struct img_boot_header, sum) == 508, "abi");
#endif
