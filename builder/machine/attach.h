/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * attach.h - the terminal as a machine's console.
 */
#pragma once

#include "machine/state.h"

/* Until Ctrl-A D is typed or the machine ends.  0, -1 reported. */
int attach_console(const struct machine *m);
