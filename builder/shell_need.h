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
#include "finding.h"
#include "tree.h"

struct shell_script {
    char *path;
    char *interpreter; /* the program it names, "env NAME" as NAME */
};

struct shell_need {
    bool os_mon;
    bool heart;                  /* vm.args asks for it */
    struct strvec callers;       /* "shop_app calls os:cmd" */
    struct strvec spawners;      /* modules that may open_port({spawn, ...}) */
    struct shell_script *script; /* executables, by path */
    size_t nscripts;
};

/* Look through the modules of the applications in (lib), which may be NULL. */
int shell_need_scan(struct shell_need *s, const struct node *lib);
/* And then through the emulator's arguments in (vmargs), which may be NULL. */
int shell_need_vmargs(struct shell_need *s, const struct node *vmargs);
void shell_need_release(struct shell_need *s);

/* Say that (module) may need a shell, and that (script) lacks its
 * interpreter. */
void shell_need_spawner(struct findings *found, const char *module);
void shell_need_script(struct findings *found, const struct shell_script *s);
