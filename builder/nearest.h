/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * nearest.h - which known word somebody may have meant.
 */
#pragma once

#include "buf.h"

/* How many single characters must be added, removed, replaced or exchanged
 * with their neighbour to make (b) of (a). */
size_t word_distance(const char *a, const char *b);

/* The word of (known) that is nearest to (word), or NULL when none is near: at
 * most a third of its letters, and no more than three, are different. */
const char *nearest(const char *word, const struct strvec *known);

/* ": did you mean 'WORD'?", or "" when none is near; the caller frees it. */
char *nearest_hint(const char *word, const char *prefix,
                   const struct strvec *known);
