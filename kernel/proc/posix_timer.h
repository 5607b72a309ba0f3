/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * posix_timer.h - what the clock owes to posix_timer.c.
 */
#pragma once

/* The realtime clock was set: absolute timers on it move. Thread context. */
void posix_timers_clock_was_set(void);
