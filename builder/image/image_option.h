/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * image_option.h - what the commands about images have in common.
 */
#pragma once

#include <stdbool.h>

/* The value of --format: whether it is json.  Exits 2 for another word. */
bool format_option_json(const char *command, const char *value);

/* Make sure that what was printed has gone where it should: 0, or -1 and a
 * report. */
int finish_stdout(void);
