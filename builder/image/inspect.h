/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * inspect.h - what `unibeam inspect` says about an image.
 */
#pragma once

#include <jansson.h>

#include "image/baked.h"
#include "image/rootfs.h"

/* All there is to say, as docs/commands/inspect.md describes it; NULL after a
 * report. */
json_t *image_inspect(struct rootfs *r);

/* The manifest; NULL after a report. */
json_t *manifest_load(struct rootfs *r);

/* Print the same for people. */
void image_inspect_print(const json_t *info);

/* What the object "settings" of it holds, and for people. */
json_t *image_settings(const struct baked *b);
void image_settings_print(const json_t *settings);
