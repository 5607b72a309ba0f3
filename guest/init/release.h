/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * release.h - how a release is started.
 *
 * The release's own start script (relx's `bin/NAME foreground`, mix's
 * `bin/NAME start`) is a shell script; an image needs no shell.  This does
 * what those scripts do up to the exec of erlexec, for the cases that matter
 * in a machine that runs one release.
 */
#pragma once

#include "conf.h"

struct release {
    char *path; /* erlexec */
    const char *cwd;
    const char *bindir;
    struct strlist argv;
    struct strlist env;
    int needs_epmd; /* starts distribution and relies on the port mapper */
    int shell;      /* reads the console: an interrupt there is for it */
};

/*
 * Composes the command for (c) into (r).  Files the release needs in another
 * form (substituted .src files, a sys.config that Elixir's configuration
 * providers rewrite) are written below (run_dir), which exists.  (tty): the
 * console is a terminal.  0, or -1 with the reason in (e) when something the
 * release cannot start without is missing.
 */
int release_compose(struct pool *p, const struct conf *c, const char *run_dir,
                    int tty, struct release *r, struct err *e);
