/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * opt.h - the options of the subcommands, each said once.
 *
 * A command has a table of options.  From it come what the command line takes,
 * --help, the man page, the completions of the shells, the option's twin in the
 * environment and its key in unibeam.json:
 *
 *   --add-host NAME:ADDR       UNIBEAM_ADD_HOST       "add-host": ["a:1.2.3.4"]
 *
 * Later ones win: unibeam.json, the environment, the command line; values of
 * an option that may be repeated add up.  Twins hold the value; of an option
 * that may be repeated, values one a line; of an option without value yes or no
 * (1, true, on; 0, false, off, or nothing).
 */
#pragma once

#include <stdbool.h>
#include <stdio.h>

#include "buf.h"

enum opt_flags {
    OPT_MANY = 1,     /* may be repeated */
    OPT_CLI_ONLY = 2, /* has no twin and no key */
};

struct command;

/* A table ends with OPT_END; an entry without a name is a heading, (help). */
struct opt {
    const char *name; /* the long one, without dashes */
    char letter;      /* or '\0' */
    /* What help calls the value; NULL: it takes none.  FILE, DIR, IMAGE and SRC
     * at its beginning say that it is a path (completed as one; in unibeam.json
     * below that file's directory), "a|b|c" that it is one of these words. */
    const char *value;
    const char *help; /* what it does: sentences, wrapped when printed */
    int id;           /* for opt_take */
    unsigned flags;
};

/* What the options do that are in no table: -c, --config FILE of commands that
 * have settings, and -h, --help. */
#define OPT_CONFIG_HELP                                                        \
    "options from FILE instead of unibeam.json beside what is named above or " \
    "in the working directory"
#define OPT_HELP_HELP "this text"

#define OPT_HEADING(text)                                                      \
    {                                                                          \
        .help = (text)                                                         \
    }
#define OPT_END                                                                \
    {                                                                          \
        0                                                                      \
    }

/* Take a value (NULL: the option has none) into (ctx).  It exits by
 * usage_error() when the value is wrong.  The value lasts. */
typedef void opt_take(void *ctx, int id, const char *value);

/* Tell of all commands, NULL at the end: a key of unibeam.json may be one of
 * any. */
void opt_init(const struct command *const *commands);

/* Give every option of (c) to (take): of unibeam.json when (c) has settings, of
 * the environment, of (argv).  What is no option goes to (operands); what
 * follows "--" to (rest), or when that is NULL to (operands) too.  Prints the
 * help and exits 0 for --help; exits 2 for what is wrong. */
void opt_parse(const struct command *c, int argc, char **argv, opt_take *take,
               void *ctx, struct strvec *operands, struct strvec *rest);

/* Print what `unibeam help NAME` does. */
void opt_help(const struct command *c, FILE *to);

/* (text) stays allocated until the program ends, as the strings of the command
 * line do: opt_take may keep what it gets.  Returns it. */
const char *opt_keep(char *text);

/* The long name of the option with this (id). */
const char *opt_name(const struct opt *table, int id);
/* The option of this long (name), or NULL. */
const struct opt *opt_find(const struct opt *table, const char *name);
/* "UNIBEAM_ADD_HOST" for add-host; the caller frees it. */
char *opt_twin(const struct opt *o);
/* Whether the option's value is a path. */
bool opt_is_path(const struct opt *o);

/* The index of (value) in (words), NULL at the end; exits 2 when it is none of
 * them. */
int opt_choose(const char *command, const char *option, const char *value,
               const char *const *words);

/* Print (text) in paragraphs: words wrapped at column 79, each line after
 * (indent) blanks; lines of it that begin with a blank stay as they are. */
void opt_wrap(FILE *to, const char *text, int indent);
