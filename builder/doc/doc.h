/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * doc.h - man pages and completions, made of the tables of the commands.
 *
 * A program for the build: mkdoc DIR writes all of them below DIR, as they are
 * installed below PREFIX/share.
 */
#pragma once

#include <stdio.h>

#include "cmd.h"

/* unibeam(1), unibeam-NAME(1) and unibeam.json(5). */
void man_main(FILE *to);
void man_command(FILE *to, const struct command *c);
void man_settings(FILE *to);
/* The beginning of a page up to the text of its synopsis. */
void man_begin(FILE *to, const char *name, int section, const char *summary);

/* Completions. */
void bash_completion(FILE *to);
void zsh_completion(FILE *to);
void fish_completion(FILE *to);

/* What the value of an option may be. */
enum value_kind { VALUE_NONE, VALUE_ANY, VALUE_WORDS, VALUE_FILE, VALUE_DIR };
enum value_kind value_kind(const struct opt *o);

/* The words that "auto|kvm|NAME|tap=NAME" offers: auto, kvm and tap=. */
void value_words(const char *value, struct strvec *words);

/* What the first operand of a command may be. */
enum operand_kind { OPERAND_NONE, OPERAND_PATH, OPERAND_MACHINE };
enum operand_kind operand_kind(const struct command *c);

/* The options of a command with those that are in no table (--help, --config);
 * headings are left out.  Ends with OPT_END; the caller frees it. */
struct opt *all_options(const struct command *c);

/* (text) up to its first ';', '.' or '(', for a line of a completion; the
 * caller frees it. */
char *short_help(const char *text);
