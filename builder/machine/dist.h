/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * dist.h - a machine whose Erlang node can be reached: run --dist.
 *
 * The node gets a name, a port that is its own on 127.0.0.1, and no epmd.  Its
 * cookie is the one the release has, else a new one.  Names and ports go first
 * into the emulator's arguments (ERL_AFLAGS): of two it takes the first.
 */
#pragma once

#include "disk_image.h"
#include "machine/record.h"

#define DIST_COOKIE "cookie" /* the file in the machine's directory */

struct dist {
    char *node;
    char *cookie;
    char *words; /* for the kernel; nobody else may see them */
    unsigned port;
    bool elixir;
};

/* For a machine called (name) from (img), which gets (env) and, for the
 * emulator, (args) from the command line.  0, -1 reported. */
int dist_make(struct dist *d, const struct image *img, const char *name,
              const struct strvec *env, const struct strvec *args);
/* Write the cookie down. */
int dist_keep(const struct dist *d, const struct machine *m);
void dist_release(struct dist *d);
