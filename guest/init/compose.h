/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * compose.h - composing a release's command, shared by what does so for each
 * layout. Not for other parts of process 1.
 */
#pragma once

#include "release.h"

struct compose {
    struct pool *p;
    const struct conf *c;
    const char *run_dir;
    int tty;
    struct release *r;
    struct err *e;
    struct strlist vars; /* NAME=VALUE of the script, not exported */
};

/* --- arguments --- */

void arg(struct compose *x, const char *s);
void arg2(struct compose *x, const char *flag, const char *value);
void boot_var(struct compose *x, const char *name, const char *value);

/* Appends the words of (s), cut at blanks as an unquoted shell variable is. */
void arg_words(struct compose *x, const char *s);

/* --- variables --- */

void export_var(struct compose *x, const char *name, const char *value);
void script_var(struct compose *x, const char *name, const char *value);

/* Value of (name), empty counting as unset, as in ${NAME:-...}. */
const char *getvar(const struct compose *x, const char *name);

/* NAME="${NAME:-value}"; returns the result. */
const char *default_var(struct compose *x, const char *name, const char *value);

/* --- the rest --- */

int readable(struct compose *x, const char *path);

/* Makes (text) the command, of a shell that is to be called (name). */
void run_script(struct compose *x, char *name, const char *command, char *text);

/* --- the layouts --- */

int compose_relx(struct compose *x);
void relx_hooks(struct compose *x); /* run before the command composed */

int compose_mix(struct compose *x);
void mix_begin(struct compose *x);  /* what comes before env.sh */
void mix_env_sh(struct compose *x); /* run before the rest */

int compose_gleam(struct compose *x);
