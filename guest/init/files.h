/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/* files.h - small text files read and written whole. */
#pragma once

#include "pool.h"

#define FILES_MAX (4 * 1024 * 1024)

/* The text of (path), NUL-terminated; NULL with the reason in (e) when it
 * cannot be read, is larger than FILES_MAX or holds a NUL. */
char *files_read(struct pool *p, const char *path, struct err *e);

/* Writes (text) to (path), replacing it.  0, or -1 with the reason. */
int files_write(const char *path, const char *text, unsigned mode,
                struct err *e);

int files_exist(const char *path);
