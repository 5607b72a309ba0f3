/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * detach.h - going on in the background.
 */
#pragma once

#include "machine/keeper.h"

/* Become two.  In the one that was called it returns false when the machine has
 * started, or has not; (*status) is what to end with, and a reason has been
 * told.  In the other, which has a session of its own and no terminal, it
 * returns true; (k) tells the first how the start goes, and gets what is
 * written to stderr. */
bool detach(struct keeper *k, int *status);
