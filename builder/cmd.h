/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * cmd.h - the subcommands.
 */
#pragma once

#include <stdbool.h>

#include "opt.h"

#define COMMAND_STATUS "0, 1 for an error, 2 for wrong usage"

struct command {
    const char *name;
    const char *summary;  /* one line */
    const char *operands; /* as in the usage line, before or without options */
    const char *about;    /* what it does, before the options; see opt_wrap() */
    const struct opt *options;
    const char *notes;  /* after them, or NULL */
    const char *status; /* which exit statuses it has; NULL: COMMAND_STATUS */
    bool settings;      /* reads unibeam.json */
    const char *like; /* ... there also what stands for this command; or NULL */
    /* (argv)[0] is the command's name.  Returns the exit status. */
    int (*run)(const struct command *c, int argc, char **argv);
};

/* All of them, in the order of the usage text; NULL at the end. */
extern const struct command *const commands[];

extern const struct command cmd_build;
extern const struct command cmd_check;
extern const struct command cmd_run;
extern const struct command cmd_inspect;
extern const struct command cmd_ls;
extern const struct command cmd_cat;
extern const struct command cmd_cp;
extern const struct command cmd_set;
extern const struct command cmd_ps;
extern const struct command cmd_logs;
extern const struct command cmd_console;
extern const struct command cmd_stop;
extern const struct command cmd_rm;
extern const struct command cmd_ping;
extern const struct command cmd_rpc;
extern const struct command cmd_eval;
extern const struct command cmd_remote;
extern const struct command cmd_convert;
