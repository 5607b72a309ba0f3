/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * initconf.h - /etc/unibeam/init.conf, written by `unibeam build`, read by
 * process 1.
 *
 * Text, one `key=value` a line, keys below, values to the end of the line,
 * '#' starts a comment line.  Paths are as seen inside the guest.  An unknown
 * key is an error (the file and the reader come from one build).
 *
 *   release=NAME          name of the release, e.g. hello_world
 *   version=VSN
 *   layout=relx|mix|gleam
 *   root=/app             ROOTDIR (RELEASE_ROOT)
 *   erts=/app/erts-13.1.5 its bin/ is BINDIR
 *   boot=/app/releases/VSN/start       boot file without ".boot"
 *   config=/app/releases/VSN/sys.config   without it: no -config
 *   vmargs=/app/releases/VSN/vm.args      without it: no -args_file
 *   cookie=TEXT           mix: content of releases/COOKIE
 *   runtime=/app/releases/VSN  mix: has runtime.exs, config needs a copy in a
 *                         writable directory (RELEASE_TMP)
 *   erl=WORDS             mix: arguments of the emulator, $RELEASE_MODE is
 *                         replaced in them; without it: -mode $RELEASE_MODE
 *   envsh=/app/releases/VSN/env.sh  mix: has commands, so run it first
 *   pre_start=HOOK ...    relx: scripts below root's bin/ to run first, each
 *                         with its arguments behind '|'
 *   pa=/app/NAME/ebin     gleam, repeated: directories of compiled modules
 *   restart=no|on-failure[:TIMES]|always
 *   env.NAME=VALUE        baked environment
 *   hostname=NAME
 *   grace=SECONDS
 *   console.shell=yes|no  start the release with its interactive shell
 */
#pragma once

#define INITCONF_PATH "/etc/unibeam/init.conf"
#define INITCONF_ROOT "/app"

/* Where a release finds programs, after those of its run-time system. */
#define INITCONF_DIRS "/usr/local/bin:/usr/bin:/bin:/sbin"
