/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * stop.h - ending machines.
 */
#pragma once

#include "machine/state.h"

/* Press the power button of each of (names), and end those that are there after
 * (seconds) more.  0, or -1, reported, when one is not known or stays. */
int stop_machines(const struct strvec *names, unsigned seconds);
