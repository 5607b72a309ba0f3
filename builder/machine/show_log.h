/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * show_log.h - printing what a machine wrote to its console.
 */
#pragma once

#include "machine/state.h"

/* The last (lines) of it, all when that is negative; with (follow) also what
 * comes from now on, until the machine ends.  0, -1 reported. */
int show_log(const struct machine *m, long lines, bool follow);
