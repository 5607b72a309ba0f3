/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * remote.h - a shell in a node.
 */
#pragma once

#include "machine/node.h"

/* Become the host's erl or iex (or program, if not NULL) with a shell in the
 * node.  Returns, -1 reported, only when that fails. */
int remote_shell(const struct target *t, const char *program);
