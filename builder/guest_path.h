/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * guest_path.h - paths in the image that users give.
 */
#pragma once

#include <stdbool.h>

/* Is (path) absolute, not "/", without "//", "." or "..", and without a slash
 * at its end or a control character? */
bool guest_path_plain(const char *path);

/* Is (path) the same as (dir), or below it? */
bool guest_path_below(const char *dir, const char *path);
