/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * console.h - the terminal at the other end of the console.
 *
 * A serial line knows nothing of the terminal's size. Who starts the machine
 * may tell it on the command line, and changes of it over a second line; when
 * nobody does, the terminal itself is asked, if a shell is to use it.
 */
#pragma once

#include "conf.h"

/* Settings and size, as (c) has it. (ask): a size that is not known is asked
 * for, which shows on what is no terminal. */
void console_begin(const struct conf *c, int ask);

/* What to wait for, or -1; then call console_resized(). */
int console_channel(void);
void console_resized(void);

/* The settings as they were left by console_begin(): the release may not have
 * had the time to restore them. */
void console_end(void);

/* The columns and rows in a cursor position report, ESC [ ROWS ; COLUMNS R,
 * somewhere in (text).  0, or -1 when there is none. */
int console_parse_report(struct termsize *size, const char *text);
