/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * build.h - from a release to an image.
 */
#pragma once

#include <stdbool.h>

#include "boot_files.h"
#include "buf.h"
#include "elf_closure.h"
#include "finding.h"
#include "osv/option.h"
#include "progress.h"
#include "release.h"
#include "shell_need.h"

enum shell_wish { SHELL_AUTO, SHELL_YES, SHELL_NO };

struct build_options {
    const char *release;
    const char *output;  /* NULL: NAME.img in the working directory */
    const char *sysroot; /* NULL: the host */
    const char *erts;
    const char *hostname; /* NULL: made from the release's name */
    const char *append;   /* NULL: nothing */
    const char *grace;
    bool console;
    const char *restart;
    const char *busybox;
    struct boot_paths boot;
    struct strvec env;    /* checked: "NAME=VALUE" */
    struct strvec files;  /* checked: "SRC:DST" */
    struct strvec mounts; /* checked: "SOURCE:PATH[:SIZE]" */
    enum shell_wish shell;
    bool allow_missing;
    bool quiet;
    bool verbose;
    struct osv_options osv;
    enum progress_kind progress;
};

/* 0, or -1 after a report. */
int build_image(const struct build_options *o);

/* What an image would be made of. */
struct build_view {
    const struct release *release;
    const struct sysroot *sysroot;
    const struct tree *tree;
    const struct closure *closure;
    const struct shell_need *need;
    const char *shell_reason; /* NULL: no shell */
};

/* Gather all that would go into an image, but for unibeam's own files, and show
 * it to (look).  What is wrong with it goes to (found).  0, or -1 after a
 * report where that cannot be done. */
int build_examine(const struct build_options *o, struct findings *found,
                  void (*look)(const struct build_view *view, void *ctx),
                  void *ctx);
