/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * release_priv.h - shared by the files that fill the tree with a release.
 */
#pragma once

#include "release.h"

/* A directory that is copied as it stands: the release, or what a link out of
 * it leads to.  Links that stay inside stay links. */
struct copy_base {
    const struct copy_base *outer;
    char *real;      /* on the host, with no link in it */
    const char *rel; /* below the release's guest path */
};

struct copy {
    struct release *release;
    struct tree *tree;
    const char *root;             /* what is copied goes below this */
    const struct copy_base *base; /* the innermost */
    struct copy_base top;
    bool extra;      /* not of the release: all of it, and not counted */
    dev_t image_dev; /* the image to be replaced, or zeros */
    ino_t image_ino;
};

/* The rest of release_open() for a shipment. */
int shipment_open(struct release *r, const char *erts);

/* Finds erl, envsh and pre_start. */
int release_read_scripts(struct release *r);

int copy_init(struct copy *c, struct release *r, struct tree *t);
/* The same for (dir), which is not of the release, to be at (root). */
int copy_init_dir(struct copy *c, struct release *r, struct tree *t,
                  const char *dir, const char *root);
void copy_release(struct copy *c);

/* Copy the host directory (host) to (rel) below the release's guest path. */
int copy_dir(struct copy *c, const char *host, const char *rel, const char *why,
             int depth);
