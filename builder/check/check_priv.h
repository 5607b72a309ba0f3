/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * check_priv.h - the sides that a release is looked at from.
 */
#pragma once

#include "check/check.h"
#include "check/findings_print.h"

struct check {
    const struct check_options *o;
    const struct build_view *view;
    struct findings found;
    struct node *app; /* the release in the tree */
    unsigned otp;     /* the release of Erlang's; 0: there is no telling */
};

/* Each adds to c->found. */
void check_runtime(struct check *c);   /* the emulator and its version */
void check_libraries(struct check *c); /* versions, symbols, systems */
void check_modules(struct check *c);   /* compiled code */
void check_scripts(struct check *c);   /* executables that are text */
void check_apps(struct check *c);      /* applications with known needs */
void check_config(struct check *c);    /* sys.config, vm.args */
void check_sizes(struct check *c);     /* what is large */

/* Is there a program (name), a path or looked for as a shell in the image
 * would? */
bool check_has_program(const struct check *c, const char *name);
/* Is there /bin/sh? */
bool check_has_shell(const struct check *c);
/* Is (name) in the release? */
bool check_has_app(const struct check *c, const char *name);
