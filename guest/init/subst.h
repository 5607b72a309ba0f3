/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/* subst.h - ${NAME} in vm.args.src and sys.config.src. */
#pragma once

#include "pool.h"

/*
 * (text) with every ${NAME} and ${NAME:-DEFAULT} replaced from (env), as
 * relx's start script does it: an unset or empty variable becomes DEFAULT, or
 * nothing; "${" without "}" in its line stays.  Unlike the script, a value is
 * not looked through again, so a value that mentions itself cannot loop.
 */
char *subst_env(struct pool *p, const char *text, const struct strlist *env);
