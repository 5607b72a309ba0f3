/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * release.h - how a release is started.
 *
 * The release's own start script (relx's `bin/NAME foreground`, mix's
 * `bin/NAME start` and `bin/NAME eval`, Gleam's `entrypoint.sh run`) is a shell
 * script; an image needs no shell.  This does what those scripts do up to the
 * exec of erlexec.  The parts that their users write, env.sh and hooks, are
 * left to a shell (script.h).
 */
#pragma once

#include "conf.h"

struct release {
    char *path; /* erlexec, or the shell that will become it */
    const char *cwd;
    const char *bindir;
    struct strlist argv;
    struct strlist env;
    int needs_epmd;     /* starts distribution and relies on the port mapper */
    int heart;          /* it may be heart that asks for another start */
    int shell;          /* the console is for it: what is typed there, and ^C */
    int shell_off;      /* it was to have a shell, and its arguments say no */
    const char *config; /* a file to write anew before another start, or NULL */
    const char *config_text;
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

/*
 * What is left to do behind a script: composes the command for (c) in the
 * environment of this process; (vars), NAME=VALUE, come from the script.
 */
int release_resume(struct pool *p, const struct conf *c, const char *run_dir,
                   int tty, char **vars, struct release *r, struct err *e);
