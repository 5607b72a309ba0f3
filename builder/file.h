/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * file.h - whole reads, whole writes and path arithmetic on host files.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "buf.h"

/* Append the content of the file (path), at most (max) bytes, to (out).
 * Reports and returns -1 when it cannot be read or is larger. */
int file_read(const char *path, size_t max, struct buf *out);

/* The same without a report: errno says why. */
int file_try_read(const char *path, size_t max, struct buf *out);

/* Write all of (data); (path) is for the message. */
int file_pwrite(int fd, const char *path, const void *data, size_t len,
                uint64_t offset);

/* Read up to (len) bytes, fewer only at the end of the file.  Returns the
 * count, or -1 with errno set and nothing reported. */
ssize_t file_pread(int fd, void *data, size_t len, uint64_t offset);

/* "a/b", with no doubled slash; the caller frees it. */
char *path_join(const char *a, const char *b);
/* Whether (dir) holds anything of this (name), links followed. */
bool path_has(const char *dir, const char *name);
/* Everything before the last slash ("/" or "." when there is none). */
char *path_parent(const char *path);
/* What follows the last slash, inside (path). */
const char *path_base(const char *path);
/* Does (path) end with (end), and begin with something else? */
bool path_ends_with(const char *path, const char *end);
/* (path) as a pattern that glob() takes literally; the caller frees it. */
char *path_glob_quote(const char *path);
