/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * gpt.h - the GUID partition table (UEFI 2.10, section 5.3), written and read.
 *
 * Sectors of 512 bytes, 128 entries of 128 bytes, the entries right behind the
 * primary header and right before the backup header.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#define GPT_HEAD_SECTORS 34 /* protective MBR, header, entries */
#define GPT_TAIL_SECTORS 33 /* entries, backup header */
#define GPT_SECTOR       512
#define GPT_MAX_PARTS    128

struct gpt_part {
    uint8_t type[16]; /* in the order of the text form */
    uint8_t uuid[16];
    uint64_t first; /* sectors; both ends belong to the partition */
    uint64_t last;
    char name[37]; /* ASCII */
};

struct gpt {
    uint8_t disk_uuid[16];
    uint64_t sectors; /* of the whole disk */
    uint64_t backup;  /* where the backup header is; set by gpt_decode() */
    struct gpt_part part[GPT_MAX_PARTS];
    size_t n; /* entries in use: the first n */
};

/* The sectors for both ends of the disk.  The first 440 bytes of (head), the
 * boot code, are left alone; the rest is overwritten. */
void gpt_encode(const struct gpt *g, uint8_t *head, uint8_t *tail);

/* Read the first (len) bytes of a disk of (sectors) sectors.  Unused entries
 * between used ones are passed over.  0, or -1 and (*why). */
int gpt_decode(struct gpt *g, const void *head, size_t len, uint64_t sectors,
               const char **why);

/* "21686148-6449-..." to bytes in the same order; -1 if it is not like that. */
int gpt_uuid_parse(const char *text, uint8_t uuid[16]);
