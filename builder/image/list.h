/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * list.h - what `unibeam ls` prints.
 */
#pragma once

#include <stdbool.h>

#include "image/rootfs.h"

struct list_options {
    bool all_about; /* -l */
    bool recursive; /* -R */
    bool json;
    bool to_terminal; /* names are made fit for one */
};

/* List the (n) paths.  Reports and returns -1 when one cannot be listed; the
 * others are. */
int image_list(struct rootfs *r, char *const *paths, size_t n,
               const struct list_options *o);
