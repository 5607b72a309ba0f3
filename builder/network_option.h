/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * network_option.h - the values of the options about the guest's network.
 */
#pragma once

#include "network.h"

/* Take the (value) of --(option), which must last, into (n).  Exits 2 for one
 * that is wrong. */
void network_option(struct network *n, const char *option, const char *value);
/* The same for another (command) than run. */
void network_option_of(const char *command, struct network *n,
                       const char *option, const char *value);
