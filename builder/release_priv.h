/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * release_priv.h - shared by the files that fill the tree with a release.
 */
#pragma once

#include "release.h"

struct copy {
    struct release *release;
    struct tree *tree;
    char *real; /* the release's directory, with no link in it */
};

int copy_init(struct copy *c, struct release *r, struct tree *t);
void copy_release(struct copy *c);

/* Copy the host directory (host) to (rel) below the release's guest path. */
int copy_dir(struct copy *c, const char *host, const char *rel, const char *why,
             int depth);
