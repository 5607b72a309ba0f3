/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * manifest.h - /etc/unibeam/manifest.json: what is in the image, and why.
 *
 * Every file of the system with its reason, every application of the release
 * with its version, size and number of files.  It names no host paths, so that
 * it does not depend on where the image was built.
 */
#pragma once

#include "buf.h"
#include "release.h"
#include "tree.h"

#define MANIFEST_PATH "/etc/unibeam/manifest.json"

void manifest_write(const struct release *r, const struct tree *t,
                    const char *shell_reason, struct buf *out);
