/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/* restart_option.h - --restart POLICY of two commands. */
#pragma once

/* Ends the program with a hint when (policy) is none. */
void restart_option_check(const char *command, const char *policy);
