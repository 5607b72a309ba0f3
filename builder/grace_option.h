/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
#pragma once

/* Exits 2 when (value) of --grace is not a number of seconds that process 1
 * takes. */
void grace_option_check(const char *command, const char *value);
