/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * many.h - commands that take several machines.
 */
#pragma once

#include "machine/state.h"

/* The names in (operands), or with (all) those of the machines that run, or
 * that have ended.  Exits 2 when there is neither or both. */
int many_names(const char *command, const struct strvec *operands, bool all,
               bool running, struct strvec *names);
