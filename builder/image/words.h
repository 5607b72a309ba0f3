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

/* The words that build makes of options of their own: in this order, and in
 * front of those of --append. */
enum word_kind {
    WORD_IP,
    WORD_IP6,
    WORD_HOST,
    WORD_ARG,
    WORD_MOUNT,
    WORD_KINDS
};

/* The line with words of the (kind) for (values) in place of those it has. */
char *words_with(const char *line, enum word_kind kind,
                 const struct strvec *values);
/* The line with (text) in place of all words that are of no kind; where (text)
 * has words of a kind, the line's of that kind go too. */
char *words_appended(const char *line, const char *text);
