/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * busybox.h - /bin/sh and a handful of small tools, for releases that run
 * commands.
 */
#pragma once

#include <stdbool.h>

#include "elf_closure.h"

/*
 * Put busybox into the image, from (file) or from where the sysroot has it,
 * with the libraries it may need, and its applets as links.  (why) is for the
 * manifest and for the message when there is none.  With (real_df) the
 * sysroot's own df is preferred: os_mon calls it with options that busybox's
 * does not know.
 */
int busybox_add(struct closure *c, const char *file, const char *why,
                bool real_df);
