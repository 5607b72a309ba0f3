/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * words.h - the words of a kernel command line, which abi/machine.h describes.
 */
#pragma once

#include <stdbool.h>

#include "buf.h"

struct word {
    const char *start; /* in the line, quotes and all */
    size_t len;
    char *text; /* without the quotes; the caller frees it */
};

/* Take the next word off (*line).  A quote that is not closed reaches to the
 * end. */
bool word_next(const char **line, struct word *w);

/* What the last word KEYvalue says, (key) ending in '='; NULL: there is none.
 * The caller frees it. */
char *words_value(const char *line, const char *key);

/* The line without the words that begin with (key); the rest stays as it is. */
char *words_without(const char *line, const char *key);
