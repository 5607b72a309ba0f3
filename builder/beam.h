/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * beam.h - what a compiled module calls, read from its import table.
 *
 * A .beam file is an IFF file ("FOR1" size "BEAM", then chunks; OTP's
 * erts/emulator/beam/beam_file.c), possibly gzip-compressed as a whole.
 * Imports name a function by indices into the atom table.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct beam_info {
    char module[256];     /* cut short when longer */
    const char *shell_by; /* the imported function that runs /bin/sh, or NULL */
    bool opens_ports;     /* imports erlang:open_port/2 */
    bool says_spawn; /* ... and has the atom 'spawn' for its first argument */
};

/* 0, or -1 and (*why) for a file that is no module or is damaged. */
int beam_parse(const void *data, size_t len, struct beam_info *info,
               const char **why);
