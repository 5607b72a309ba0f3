/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * build.h - a release on an OSv image: a copy of the image is started in QEMU
 * with OSv's upload service as its command, takes the release, and gets the
 * command that starts it.
 */
#pragma once

#include "osv/option.h"
#include "progress.h"

/* (output) NULL: NAME.img.  0, or -1 after a report; then there is no image. */
int osv_build(const struct osv_options *o, const char *release,
              const char *output, bool quiet, enum progress_kind progress);
