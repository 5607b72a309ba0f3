/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * heart.h - what of the release runs beside the process that was started.
 *
 * heart(1), which `-heart` in vm.args asks for, outlives the emulator when that
 * crashes or hangs, and then runs HEART_COMMAND. It is nobody's business here
 * how heart was asked for: it is there, or it is not.
 */
#pragma once

#include <stdint.h>
#include <sys/types.h>

/* HEART_COMMAND of a release that has none: process 1 starts it again. */
#define HEART_DEFAULT_COMMAND "kill -USR1 1"

/* Whether a heart of the run-time system in (bindir) runs. */
int heart_runs(const char *bindir);

/* An emulator of the run-time system in (bindir) whose process was started at
 * (since), in uptime_ms(), or later; or 0.  Older ones are something else: a
 * program of the release's own that lives on. */
pid_t heart_find_node(const char *bindir, uint64_t since);
