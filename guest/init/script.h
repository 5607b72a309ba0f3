/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * script.h - the parts of a start that only a shell can do: mix's env.sh and
 * relx's pre_start hooks.
 *
 * A shell sources them, as the release's start script would, and then becomes
 * "init start", which becomes the emulator. So everything that such a script
 * changes in its process stays: the environment, and also limits, the file
 * mode mask, the directory and ignored signals.
 */
#pragma once

#include "pool.h"

#define SCRIPT_INIT "/sbin/init"
#define SCRIPT_WORD "start" /* SCRIPT_INIT's first argument */

/* Text for "sh -c": sources env.sh. (vars), NAME=VALUE, are shell variables
 * that are not exported. */
char *script_env_sh(struct pool *p, const struct strlist *vars);

/* The same for the (hooks) of relx's script: words, arguments behind '|'. */
char *script_hooks(struct pool *p, const struct strlist *vars,
                   const char *hooks);
