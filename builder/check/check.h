/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * check.h - what would not work in an image of a release.
 *
 * The release is gathered as for an image (build_examine()), which finds what
 * is missing; the files of this directory then each look at one side of it.
 * Nothing of the release is run.
 */
#pragma once

#include <stdbool.h>

#include "build.h"

struct check_options {
    struct build_options build;
    bool json;
    bool verbose;
    bool quiet;
};

/* Print what is found.  Returns the exit status: 0, 1 after a report, or 3 when
 * there are errors or warnings. */
int check_release(const struct check_options *o);
