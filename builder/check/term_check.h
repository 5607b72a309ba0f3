/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * term_check.h - is a file of Erlang terms well-formed, as far as brackets,
 * commas, quotes and full stops go?
 */
#pragma once

#include "buf.h"

/*
 * (text) has to be one list and a full stop, as sys.config; ${NAME} may stand
 * for anything.  NULL when it is, or when there is no telling; else what is
 * wrong, in (*line).  Adds its strings to (strings).
 */
const char *term_check(const char *text, struct strvec *strings,
                       unsigned *line);
