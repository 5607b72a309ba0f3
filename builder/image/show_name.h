/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * show_name.h - names out of an image, which may hold any byte but NUL and
 * slash, for a terminal.
 */
#pragma once

#include "buf.h"

/* Append (name), with backslash sequences for what is not text: control
 * characters, C1's too (they drive terminals), what is not UTF-8, and the
 * backslash itself. */
void show_name(struct buf *out, const char *name);

/* The same for a text, in which a backslash is an ordinary character. */
void show_text(struct buf *out, const char *text);
