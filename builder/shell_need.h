/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * shell_need.h - does the release need /bin/sh?
 *
 * os_mon runs sh and df; os:cmd, System.shell and heart run sh.  Only modules
 * outside the run-time system's own applications count (see otp_apps.h): nearly
 * every release holds some that could run a shell but are never asked to.
 */
#pragma once

#include <stdbool.h>

#include "buf.h"
#include "tree.h"

struct shell_need {
    bool os_mon;
    bool heart;             /* vm.args asks for it */
    struct strvec callers;  /* "shop_app calls os:cmd" */
    struct strvec spawners; /* modules that may open_port({spawn, ...}) */
    struct strvec scripts;  /* "PATH is a script for INTERPRETER" */
};

/* Look through the modules of the applications in (lib), which may be NULL. */
int shell_need_scan(struct shell_need *s, const struct node *lib);
/* And then through the emulator's arguments in (vmargs), which may be NULL. */
int shell_need_vmargs(struct shell_need *s, const struct node *vmargs);
void shell_need_release(struct shell_need *s);
