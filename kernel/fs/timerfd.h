/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * timerfd.h - what the clock owes to timerfd.c.
 */
#pragma once

/* The realtime clock was set: timers on it move, and those made with
 * TFD_TIMER_CANCEL_ON_SET are cancelled. Thread context. */
void timerfd_clock_was_set(void);
