/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * summary.h - what `unibeam build` says of the image it has made.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "release.h"
#include "tree.h"

struct summary {
    const struct release *release;
    const struct tree *tree;
    const char *from;         /* where the system's files are from */
    const char *shell_reason; /* NULL: no shell */
    const char *image;
    uint64_t bytes;  /* of the image */
    uint64_t kernel; /* bytes */
};

/* To stdout, with every file of the system and the reason for it, and what of
 * the release was left out, when (verbose). */
void summary_print(const struct summary *s, bool verbose);
