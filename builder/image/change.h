/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * change.h - other settings for an image that was built already.
 *
 * A copy is changed and then takes the image's name: whatever happens, the
 * image is the old one or the new one.
 */
#pragma once

#include "image/baked.h"

struct change {
    char *key;   /* of init.conf */
    char *value; /* NULL: it goes */
};

struct changes {
    const char *cmdline; /* the new command line, or NULL */
    struct change *v;    /* in their order */
    size_t n;
};

void changes_add(struct changes *c, const char *key, const char *value);
void changes_release(struct changes *c);

/* Make the changes in the image (path), or in a copy (output).  (b): the
 * settings afterwards. */
int image_change(const char *path, const char *output, const struct changes *c,
                 struct baked *b);
