/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/* supervise.h - runs the release and does process 1's duties meanwhile. */
#pragma once

#include "release.h"

/* Installs the signal handlers; a SIGTERM from here on is remembered until
 * supervise_run() acts on it.  0 or -1 with the reason in (e). */
int supervise_init(struct err *e);

/* Calls (ready) whenever (fd), if it is not -1, can be read, until the end of
 * file (poll(2)'s POLLHUP). */
void supervise_watch(int fd, void (*ready)(void));

/* Runs (path) with (argv) and (env) and waits for it; for helpers that end at
 * once.  Its exit status, 128+N for signal N, or -1 with the reason. */
int supervise_helper(const char *path, char *const argv[], char *const env[],
                     struct err *e);

/*
 * Starts (r) in a session of its own and returns its exit status (128+N for
 * signal N), or -1 with the reason in (e) when it could not be started.  Reaps
 * every orphan.  A SIGTERM is passed on; (grace) seconds later everything still
 * running is killed.  (tick) is called every (*tick_ms) milliseconds until it
 * sets that to 0.
 *
 * When the release ends and a heart of it lives on, that is to start it again,
 * and this waits for what heart does: on SIGUSR1, which heart's command is by
 * default, it starts (r) once more; an emulator that another command started
 * it watches like its own.
 *
 * The console is the controlling terminal of a release with a shell.  Of any
 * other it would only be the end when somebody types ^C: there it is process
 * 1's, which takes ^C for the wish to stop, and a second one for haste.
 */
int supervise_run(const struct release *r, unsigned grace,
                  void (*tick)(unsigned *tick_ms), unsigned tick_ms,
                  struct err *e);

/* Whether somebody has asked for the end of the machine. */
int supervise_stopping(void);

/* Kills what a release has left behind. */
void supervise_clear(void);

/* Waits (ms) milliseconds, less when the end is asked for; whether it was. */
int supervise_pause(unsigned ms);
