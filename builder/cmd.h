/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * cmd.h - the subcommands.
 */
#pragma once

struct command {
    const char *name;
    const char *summary; /* one line */
    const char *help;    /* all of `unibeam help NAME` */
    /* (argv)[0] is the command's name.  Returns the exit status. */
    int (*run)(int argc, char **argv);
};

extern const struct command cmd_build;
extern const struct command cmd_run;

/* Report a bad option found by getopt_long() and exit 2. */
_Noreturn void cmd_bad_option(const struct command *c, int result, char **argv);
/* Print (c)'s help. */
void cmd_help(const struct command *c);
