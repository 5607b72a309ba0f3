/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * open.h - open(2) with openat2(2)'s restrictions.
 */
#pragma once

struct file;

/* As path_open(); (resolve): LOOKUP_NO_XDEV, _BENEATH, _NO_SYMLINKS, _IN_ROOT,
 * _NO_MAGIC. */
struct file *open_path(int dirfd, const char *name, unsigned flags,
                       unsigned mode, unsigned resolve);
