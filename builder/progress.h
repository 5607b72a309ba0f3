/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * progress.h - how far something long has come.
 *
 * human: a bar on stderr, where that is a terminal and once it has taken half a
 * second; numeric: percents on stdout, one a line, whenever they change, from 0
 * to 100; silent: nothing.
 */
#pragma once

#include <stdint.h>

enum progress_kind { PROGRESS_HUMAN, PROGRESS_NUMERIC, PROGRESS_SILENT };

/* The words for an option, NULL at the end. */
extern const char *const progress_words[];

/* The half second begins now. */
void progress_begin(void);
/* There are (total) bytes to do, of what is called (what). */
void progress_start(enum progress_kind kind, const char *what, uint64_t total);
/* So many more are done. */
void progress_add(uint64_t bytes);
/* It is over.  Without it a bar stays where it is. */
void progress_end(void);
