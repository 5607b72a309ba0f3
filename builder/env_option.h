/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * env_option.h - the value of --env, which two commands have.
 */
#pragma once

#include "buf.h"

/* Check NAME=VALUE and add it to (env), in place of an earlier NAME.  Exits 2
 * for anything else; (command) is for the message. */
void env_option_add(struct strvec *env, const char *command, const char *value);
