/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * settings.h - unibeam.json: options that a project always wants.
 *
 *   {
 *     "sysroot": "sysroot",
 *     "build": {"shell": true, "env": {"PORT": "8080"}},
 *     "run": {"memory": "512M", "publish": ["8080:8080"]}
 *   }
 *
 * Keys are the long names of options.  Those in an object with a command's name
 * are for that command; those outside are for every command that has them, and
 * come before.  Values: a string or a whole number; true or false for an option
 * without value; for one that may be repeated also an array, or an object where
 * it takes NAME=VALUE, NAME:VALUE or SRC:DST.  Paths are relative to the file's
 * directory.
 */
#pragma once

#include "cmd.h"

/* The file that counts for (operand), a release or an image: beside it, else in
 * the working directory.  NULL when there is none; the caller frees it. */
char *settings_find(const char *operand);

/* Give what the file (path) says for (c) to (take).  Exits 2 when it says
 * anything that is not known or not right: (all) are the commands whose options
 * are known. */
void settings_apply(const char *path, const struct command *const *all,
                    const struct command *c, opt_take *take, void *ctx);
