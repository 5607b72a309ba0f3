/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * tar_gz.h - writes tar archives, plain or compressed by gzip.
 *
 * Headers are those of GNU tar's old format, whose "ustar  " every reader
 * takes: numbers that octal digits cannot hold are in base 256, and a sparse
 * file has a map of its data.  The same members make the same bytes.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <zlib.h>

#include "sha256.h"

struct tar {
    int fd;
    const char *name; /* for messages */
    uint64_t at;      /* bytes written to (fd) */
    bool gzip;
    z_stream z;
    struct sha256 plain;  /* of the archive */
    struct sha256 packed; /* of what is written, which is the same without
                             gzip */
};

struct tar_member {
    const char *path; /* at most 99 bytes; a directory's ends in a slash */
    uint32_t mode;
    uint32_t owner; /* user and group */
    int64_t mtime;
    uint64_t size;
};

int tar_open(struct tar *t, int fd, const char *name, bool gzip);

/* A directory, or a file with this content. */
int tar_add(struct tar *t, const struct tar_member *m, const void *data);
/* A file with the content of (from), called (name) in messages. */
int tar_add_file(struct tar *t, const struct tar_member *m, int from,
                 const char *name);
/* The same, without the zeros in it. */
int tar_add_sparse(struct tar *t, const struct tar_member *m, int from,
                   const char *name);

/* The end of the archive. */
int tar_finish(struct tar *t);
/* Harmless after tar_finish(). */
void tar_close(struct tar *t);
