/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * baked.h - the settings an image was built with.
 *
 * They are in two places: init.conf (abi/initconf.h) has what --env,
 * --hostname,
 * --grace, --restart and --console say, the boot partition the command line of
 * --append, which wins.
 */
#pragma once

#include "image/rootfs.h"

struct baked {
    struct strvec conf; /* the lines of init.conf */
    char *cmdline;
};

int baked_load(struct baked *b, struct rootfs *r);
void baked_release(struct baked *b);

/* The value of (key) in init.conf, or NULL. */
const char *baked_conf(const struct baked *b, const char *key);
/* The one that counts: of the command line, else of init.conf, else NULL; the
 * caller frees it. */
char *baked_value(const struct baked *b, const char *key);
/* The environment that counts, "NAME=VALUE", sorted. */
void baked_env(const struct baked *b, struct strvec *env);

/* Set (key) to (value), or with NULL take it away, in init.conf; the command
 * line says nothing about it any more. */
void baked_set(struct baked *b, const char *key, const char *value);
/* The text of init.conf. */
void baked_text(const struct baked *b, struct buf *out);
