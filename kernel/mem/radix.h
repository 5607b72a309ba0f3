/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * radix.h - a sparse array of pointers by 64-bit index, as a tree of small
 * nodes. The caller locks. An empty array is {NULL, 0}; with height 0 the root
 * is the element of index 0 itself, so that a file of one page has no node.
 */
#pragma once

#include "lib/types.h"

struct radix {
    void *root;
    unsigned height; /* levels of nodes */
};

void *radix_get(const struct radix *r, uint64_t index); /* NULL: absent */
/* Those at (n) indices in a row, NULL where absent, for less. */
void radix_get_run(const struct radix *r, uint64_t index, unsigned n,
                   void **out);
/* The index must be free. 0 or -ENOMEM (nodes are allocated with
 * ALLOC_NOWAIT: spinlocks may be held). */
int radix_insert(struct radix *r, uint64_t index, void *item);
void *radix_remove(struct radix *r, uint64_t index); /* what was there */
/* The first element at or after *(index), which becomes its index. */
void *radix_next(const struct radix *r, uint64_t *index);
