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
#include "image/words.h"

struct change {
    char *key;   /* of init.conf */
    char *value; /* NULL: it goes */
};

/* The new words of one kind. */
struct word_change {
    bool given;
    struct strvec values;
};

struct changes {
    const char *append; /* the new words of --append, or NULL */
    struct word_change words[WORD_KINDS];
    struct change *v; /* in their order */
    size_t n;
};

void changes_add(struct changes *c, const char *key, const char *value);
/* A word more of this kind, in place of those the image has; (value) NULL: none
 * of them. */
void changes_word(struct changes *c, enum word_kind kind, const char *value);
/* Whether there are any. */
bool changes_any(const struct changes *c);
void changes_release(struct changes *c);

/* Make the changes in the image (path), or in a copy (output).  (b): the
 * settings afterwards. */
int image_change(const char *path, const char *output, const struct changes *c,
                 struct baked *b);
