/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * archive.h - compiled code in an archive of an application, NAME-VSN.ez.
 *
 * That is a zip file with NAME-VSN/ebin/ in it, which the emulator reads by its
 * directory at the end (OTP's prim_zip).  Nothing is unpacked: one module at a
 * time is in memory.
 */
#pragma once

#include <stddef.h>

#include "buf.h"

/* (name) is the module's path in the archive. */
typedef void archive_module(void *ctx, const char *name,
                            const struct buf *file);

/* Hand each .beam of at most (max) bytes to (take).  0, or -1 and in (*why),
 * which the caller frees, why it cannot be read further. */
int archive_modules(const char *path, size_t max, archive_module *take,
                    void *ctx, char **why);
