/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * cpio.h - an archive of the "newc" kind, as OSv's upload service takes it.
 *
 * An entry is a header of 110 characters ("070701" and thirteen numbers of
 * eight hexadecimal digits), its name with a NUL, padded to a multiple of 4
 * with the header, and its data, padded to a multiple of 4.  The entry
 * "TRAILER!!!" ends it, with nothing behind.
 *
 * The service makes the parents of what it is sent, reads type, permissions and
 * sizes, knows no hard links, and gives up when a link is there already.  So
 * every name may be sent once, and a directory is best sent after what is in
 * it: then its permissions are set when nothing is to be made in it any more.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>

/* Sizes are numbers of 32 bits. */
#define CPIO_MAX_SIZE UINT32_MAX
/* What OSv's PATH_MAX leaves for the name with the slash it gets in front. */
#define CPIO_MAX_NAME 4094

struct cpio {
    /* Takes bytes; returns 0, or -1 after a report. */
    int (*write)(void *to, const void *data, size_t len);
    void *to;
    uint32_t entries;
};

/* Whether an entry of this name and size can be: 0, or -1 after a report, which
 * calls it (what). */
int cpio_check(const char *name, uint64_t size, const char *what);

/* Each returns 0, or -1 after a report.  (name) has no slash in front; of
 * (mode) the permissions count. */
int cpio_dir(struct cpio *c, const char *name, unsigned mode);
int cpio_link(struct cpio *c, const char *name, const char *target);
int cpio_data(struct cpio *c, const char *name, unsigned mode, const void *data,
              size_t len);
/* The file (host), which has to be what (st) says from its first byte to its
 * last; its permissions are those of (st). */
int cpio_file(struct cpio *c, const char *name, const char *host,
              const struct stat *st);
int cpio_end(struct cpio *c);
