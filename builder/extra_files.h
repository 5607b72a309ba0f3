/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * extra_files.h - "SRC:DST", a file or directory of the host's that the user
 * wants in the image.
 */
#pragma once

#include "buf.h"
#include "release.h"

/* Exits 2 for one that is wrong. */
void extra_file_check(const char *command, const char *value);

/* Put (files), checked, into (t), and the guest paths of what is there now into
 * (paths).  What is there already stays, and among them the first counts.
 * (r) gets the time of the newest. */
int extra_files_add(struct release *r, struct tree *t,
                    const struct strvec *files, struct strvec *paths);
