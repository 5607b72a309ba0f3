/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * build.h - from a release to an image.
 */
#pragma once

#include <stdbool.h>

#include "boot_files.h"
#include "buf.h"
#include "osv/option.h"

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
    struct strvec env; /* checked: "NAME=VALUE" */
    enum shell_wish shell;
    bool allow_missing;
    bool quiet;
    struct osv_options osv;
};

/* 0, or -1 after a report. */
int build_image(const struct build_options *o);
