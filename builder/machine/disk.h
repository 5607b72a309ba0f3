/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * disk.h - disks of a machine besides the image: --disk.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct disk {
    const char *file;
    const char *serial; /* or NULL */
    const char *format; /* "raw" or "qcow2"; NULL: as it looks */
    bool read_only;
};

struct disks {
    struct disk *v;
    size_t n;
};

/* Take FILE[,serial=NAME][,format=raw|qcow2][,ro], which must last.  Exits 2
 * when it is wrong. */
void disks_add(struct disks *d, const char *text);
void disks_release(struct disks *d);

/* "qcow2" if the file begins as one does, else "raw"; NULL, errno set, when it
 * cannot be read. */
const char *disk_probe(const char *path);

/* Look at the files: reports what is missing, unreadable or used by another
 * machine, (image) too, which is only read. */
int disks_check(struct disks *d, const char *image);
/* The formats alone, for a command that is only printed. */
void disks_guess(struct disks *d);
