/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * inspect.h - what `unibeam inspect` says about an image.
 */
#pragma once

#include <jansson.h>

#include "image/rootfs.h"

/* All there is to say, as docs/commands/inspect.md describes it; NULL after a
 * report. */
json_t *image_inspect(struct rootfs *r);

/* Print the same for people. */
void image_inspect_print(const json_t *info);
