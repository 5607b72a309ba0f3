/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
#pragma once

/* Exits 2 when (value) of --hostname is not a name a machine can have. */
void hostname_option_check(const char *command, const char *value);
